/** `GET /metrics`: what Prometheus may know of this process. Labels are bounded by the configuration. */
import { Registry } from 'prom-client';
import type { Result } from '../../store/result.ts';
import type { Configuration } from '../config/configuration.ts';
import { countResults } from './counted.ts';
import { showStanding, type LagGauges, type Watched } from './standing.ts';

export interface Metrics {
  /** Results that have become durable. */
  readonly hear: (results: readonly Result[]) => void;
  watch(runner: Watched, lag: LagGauges): void;
  readonly contentType: string;
  text(): Promise<string>;
}

export function createMetrics(configuration: Configuration): Metrics {
  const registry = new Registry();
  const hear = countResults(configuration, registry);
  return {
    hear,
    watch: (runner, lag) => showStanding(configuration, runner, lag, registry),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
