/** `GET /metrics`: what Prometheus may know of this process. Labels are bounded by the configuration. */
import { Registry } from 'prom-client';
import type { InfluxExporter } from '../../store/influx/exporter.ts';
import type { Result } from '../../store/result.ts';
import type { Configuration } from '../config/configuration.ts';
import { countResults } from './counted.ts';
import { showStanding, type Watched } from './standing.ts';

export interface Metrics {
  /** Results that have become durable. */
  readonly hear: (results: readonly Result[]) => void;
  watch(runner: Watched): void;
  watchExporter(exporter: Pick<InfluxExporter, 'lag'> | null): void;
  readonly contentType: string;
  text(): Promise<string>;
}

export function createMetrics(configuration: Configuration): Metrics {
  const registry = new Registry();
  const hear = countResults(configuration, registry);
  let exporter: Pick<InfluxExporter, 'lag'> | null = null;
  return {
    hear,
    watch: (runner) => showStanding(configuration, runner, () => exporter?.lag() ?? null, registry),
    watchExporter(found) {
      exporter = found;
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
