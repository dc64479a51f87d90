import { startInfluxExport, type InfluxExporter } from '../store/influx/exporter.ts';
import type { LedgerStore } from '../store/open.ts';
import { systemClock } from './clock.ts';
import type { Configuration } from './config/configuration.ts';
import { seededRandom } from '../scenarios/random.ts';

/** Ships the ledger to the configured InfluxDB; null when none is configured. */
export function startExport(
  configuration: Configuration,
  store: LedgerStore,
  warn: (line: string) => void,
): InfluxExporter | null {
  if (configuration.influx === null) return null;
  return startInfluxExport({
    store,
    connection: configuration.influx,
    location: configuration.location,
    clock: systemClock,
    random: seededRandom(configuration.seed),
    onState(state) {
      if (state.state === 'shipping') warn('InfluxDB takes points again; nothing was lost');
      else if (state.state === 'held')
        warn(`InfluxDB does not take points: ${state.why}; ${state.lag.total} rows wait in the ledger`);
      else if (state.state === 'named')
        warn(
          `this ledger ships to InfluxDB as location ${state.location}, as it began to, and not as ${configuration.location}: name another file in store.ledger to ship under another location`,
        );
      else warn(`InfluxDB refuses a line for good: ${state.why}: ${state.line}`);
    },
  });
}
