/** Whether InfluxDB keeps up with the ledger, for metrics, status and alerts. */
import type { ExportStanding, InfluxExporter, Lag } from '../store/influx/exporter.ts';
import { span } from '../reports/figures.ts';
import type { Condition } from './alerts/alert.ts';
import type { Configuration } from './config/configuration.ts';

export interface LagWatch {
  /** From when on there is something to watch. */
  watch(exporter: Pick<InfluxExporter, 'lag' | 'standing'> | null): void;
  /** As of the last look; null: nothing is exported, or nobody has looked yet. */
  standing(): (ExportStanding & { readonly lag: Lag }) | null;
  /** The clock that ages are told by. */
  nowMs(): number;
  /** Counted now; null: nothing is exported. */
  look(): Promise<Lag | null>;
  /** As of the last look, and has somebody look again: asked every ten seconds. */
  conditions(): readonly Condition[];
}

export function createLagWatch(
  { influx, location }: Pick<Configuration, 'influx' | 'location'>,
  wallMs: () => number,
): LagWatch {
  let exporter: Pick<InfluxExporter, 'lag' | 'standing'> | null = null;
  let last: Lag | null = null;

  async function look(): Promise<Lag | null> {
    if (exporter === null) return null;
    last = await exporter.lag();
    return last;
  }

  return {
    watch(found) {
      exporter = found;
    },
    standing: () => (exporter === null || last === null ? null : { ...exporter.standing(), lag: last }),
    nowMs: wallMs,
    look,
    conditions() {
      // A ledger that cannot be read is somebody else's alert; what was known last stands.
      void look().catch(() => undefined);
      if (influx === null || exporter === null || last === null || last.oldestMs === null) return [];
      const ageMs = wallMs() - last.oldestMs;
      return ageMs <= influx.lagAlert ? [] : [behind(location, last, ageMs, exporter.standing().held)];
    },
  };
}

function behind(location: string, lag: Lag, ageMs: number, held: string | null): Condition {
  const why = held === null ? 'it is catching up' : held;
  return {
    key: `influx-lag/${location}`,
    rule: 'influx-lag',
    severity: 'SEV-3',
    as: 'ticket',
    service: null,
    objective: null,
    says: `prober at ${location}: InfluxDB lacks ${lag.total} rows, the oldest for ${span(ageMs)}: ${why}; nothing is lost`,
    lastBadAtMs: null,
  };
}
