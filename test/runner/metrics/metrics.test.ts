import { spawnSync } from 'node:child_process';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLagWatch } from '../../../runner/lag-watch.ts';
import { createMetrics, type Metrics } from '../../../runner/metrics/metrics.ts';
import type { Watched } from '../../../runner/metrics/standing.ts';
import type { Status } from '../../../slo/status.ts';
import { judged, NOW, objective, runs } from '../../slo/fixtures.ts';
import { aResult } from '../../support/results.ts';
import { isMissing } from '../../support/servers.ts';
import { configured } from '../configured.ts';

const http = (id: string, endpoint: string) => ({
  id,
  kind: 'http',
  service: 'client-api',
  endpoint,
  url: `http://127.0.0.1:1${endpoint}`,
});
const own = { service: 'client-api', target: '0.999', window: '30d', probes: ['orders', 'positions'] };
const CONFIGURATION = configured({
  probes: [http('orders', '/orders'), http('positions', '/positions')],
  objectives: [
    { ...own, id: 'availability', sli: 'availability' },
    { ...own, id: 'latency', target: '0.95', sli: { indicator: 'latency', within: '250ms' }, split: 'endpoint' },
  ],
});

function runner(statuses: readonly Status[]): Watched {
  return {
    statuses: () => statuses,
    judgedAgeMs: () => 1500,
    health: () => ({ status: 'running', reasons: [] }),
    overload: () => null,
    colour: () => 'yellow',
    engine: { intervalMs: (id) => (id === 'orders' ? 15_000 : 60_000) },
    delivery: { waiting: 3 },
  };
}

const run = (n: number, probe: 'orders' | 'positions', bad = false) =>
  aResult(n, {
    probe,
    service: 'client-api',
    endpoint: `/${probe}`,
    weightMs: 15_000,
    outcome: bad ? 'bad' : 'good',
    readings: [{ type: 'duration', indicator: 'latency', ms: bad ? null : 20 }],
  });

let metrics: Metrics;
beforeEach(() => {
  metrics = createMetrics(CONFIGURATION);
});
const lines = async (start: string): Promise<readonly string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(start));

const noExport = createLagWatch({ influx: null, location: 'fra1' }, () => NOW);

describe('GET /metrics', () => {
  it('begins every series that a configuration lets it know of at zero, so that no first event is lost to a rate', async () => {
    expect(await lines('pulsedrill_event_weight_total{objective="latency"')).toEqual(
      ['/orders', '/positions'].flatMap((split) =>
        ['good', 'bad'].map(
          (outcome) =>
            `pulsedrill_event_weight_total{objective="latency",service="client-api",split="${split}",outcome="${outcome}"} 0`,
        ),
      ),
    );
  });

  it('counts what became durable, as the ledger judges it: raw, and in seconds stood for', async () => {
    metrics.hear([run(1, 'orders'), run(2, 'orders', true), run(3, 'positions')]);
    metrics.hear([aResult(4, { probe: 'orders', cadence: 'once', weightMs: 0 })]);
    const labels = (split: string, outcome: string): string =>
      `service="client-api",split="${split}",outcome="${outcome}"`;
    expect(await lines('pulsedrill_events_total')).toEqual(
      expect.arrayContaining([
        `pulsedrill_events_total{objective="availability",${labels('', 'good')}} 2`,
        `pulsedrill_events_total{objective="availability",${labels('', 'bad')}} 1`,
        `pulsedrill_events_total{objective="latency",${labels('/orders', 'bad')}} 1`,
        `pulsedrill_events_total{objective="latency",${labels('/positions', 'good')}} 1`,
      ]),
    );
    expect(await lines('pulsedrill_event_weight_total{objective="availability"')).toEqual([
      `pulsedrill_event_weight_total{objective="availability",${labels('', 'good')}} 30`,
      `pulsedrill_event_weight_total{objective="availability",${labels('', 'bad')}} 15`,
    ]);
    expect(await lines('pulsedrill_runs_total')).toEqual([
      'pulsedrill_runs_total{probe="orders",service="client-api",outcome="good"} 1',
      'pulsedrill_runs_total{probe="orders",service="client-api",outcome="bad"} 1',
      'pulsedrill_runs_total{probe="positions",service="client-api",outcome="good"} 1',
    ]);
  });

  it('shows how budgets stand, and gives no figure for what is not known', async () => {
    const known = judged([runs(NOW - 3_600_000, 99_950, 50)], { objective: objective({ id: 'availability' }) });
    const unknown = judged([], { objective: objective({ id: 'latency' }) });
    metrics.watch(runner([known, unknown]), noExport);
    expect(await lines('pulsedrill_budget_consumed_ratio')).toEqual([
      'pulsedrill_budget_consumed_ratio{objective="availability",service="client-api"} 0.5',
    ]);
    expect(await lines('pulsedrill_objective_target_ratio{objective="availability"')).toEqual([
      'pulsedrill_objective_target_ratio{objective="availability",service="client-api"} 0.999',
    ]);
    expect(await lines('pulsedrill_objective_colour{objective="latency"')).toContain(
      'pulsedrill_objective_colour{objective="latency",service="client-api",colour="unknown"} 1',
    );
    expect(await lines('pulsedrill_service_colour')).toContain(
      'pulsedrill_service_colour{service="client-api",colour="yellow"} 1',
    );
    expect(await lines('pulsedrill_burn_rate{')).toHaveLength(4);
    expect(await lines('pulsedrill_probe_interval_seconds{')).toEqual([
      'pulsedrill_probe_interval_seconds{probe="orders",service="client-api"} 15',
      'pulsedrill_probe_interval_seconds{probe="positions",service="client-api"} 60',
    ]);
    expect(await lines('pulsedrill_judged_age_seconds')).toEqual(['pulsedrill_judged_age_seconds 1.5']);
    expect(await lines('pulsedrill_results_waiting')).toEqual(['pulsedrill_results_waiting 3']);
  });

  it('says what InfluxDB does not have yet, and nothing where none is configured', async () => {
    const watch = createLagWatch({ influx: null, location: 'fra1' }, () => NOW);
    metrics.watch(runner([]), watch);
    expect(await lines('pulsedrill_influx')).toEqual([]);
    watch.watch({
      lag: () => Promise.resolve({ results: 7, events: 0, budgets: 1, tallies: 2, total: 10, oldestMs: NOW - 90_500 }),
      standing: () => ({ held: 'InfluxDB answered 503: busy', shipped: 12, rejected: 1 }),
    });
    expect(await lines('pulsedrill_influx')).toEqual([
      'pulsedrill_influx_rows_waiting{stream="results"} 7',
      'pulsedrill_influx_rows_waiting{stream="events"} 0',
      'pulsedrill_influx_rows_waiting{stream="budgets"} 1',
      'pulsedrill_influx_rows_waiting{stream="tallies"} 2',
      'pulsedrill_influx_lag_seconds{location="local"} 90.5',
      'pulsedrill_influx_held{location="local"} 1',
      'pulsedrill_influx_lines_total{outcome="taken"} 12',
      'pulsedrill_influx_lines_total{outcome="rejected"} 1',
    ]);
  });

  it.skipIf(isMissing('promtool', 'prometheus'))('passes the linter of Prometheus', async () => {
    metrics.hear([run(1, 'orders'), run(2, 'orders', true)]);
    metrics.watch(runner([judged([runs(NOW - 3_600_000, 99_950, 50)], { objective: objective() })]), noExport);
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: await metrics.text(), encoding: 'utf8' });
    expect([checked.status, checked.stdout, checked.stderr]).toEqual([0, '', '']);
  });
});
