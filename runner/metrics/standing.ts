/** Gauges of how things stand at the moment of the question: nothing is computed for them but what is in memory. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { LOOKBACKS, type Colour } from '../../slo/objective.ts';
import { governing } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Lag } from '../../store/influx/lag.ts';
import { OUTBOX_STREAMS } from '../../store/outbox.ts';
import type { LagWatch } from '../lag-watch.ts';
import type { Runner } from '../runner.ts';

export type Watched = Pick<Runner, 'statuses' | 'judgedAgeMs' | 'health' | 'overload' | 'colour'> & {
  readonly engine: Pick<Runner['engine'], 'intervalMs'>;
  readonly delivery: Pick<Runner['delivery'], 'waiting'>;
};

const COLOURS: readonly Colour[] = ['green', 'yellow', 'red', 'unknown'];

export type LagGauges = Pick<LagWatch, 'look' | 'standing' | 'nowMs'>;

type Labels = Readonly<Record<string, string>>;

export function showStanding(
  { services, probes, location }: Configuration,
  runner: Watched,
  lag: LagGauges,
  registry: Registry,
): void {
  const gauge = gaugesOf(registry);
  const each = (of: (status: Status) => number | null): readonly Sample[] =>
    runner.statuses().map((status) => ({ labels: named(status), value: of(status) }));
  const OWN = ['objective', 'service'] as const;

  gauge('objective_target_ratio', 'Share that has to be good', OWN, () =>
    each(({ objective }) => Number(objective.target)),
  );
  gauge('attainment_ratio', 'Good over valid by weight in the window', OWN, () => each((status) => status.attainment));
  gauge('budget_consumed_ratio', 'Share of the error budget consumed; 1 is all of it', OWN, () =>
    each((status) => status.consumed),
  );
  gauge('window_valid_events', 'Raw valid events in the window', OWN, () => each((status) => status.validEvents));
  gauge('window_bad_events', 'Raw bad events in the window', OWN, () => each((status) => status.tally.bad));
  gauge('enough_events', '1 if the window has its minimum of events', OWN, () =>
    each((status) => (status.enoughEvents ? 1 : 0)),
  );
  gauge('burn_rate', 'Burn rate over a lookback; 1 spends the budget in the window', [...OWN, 'lookback'], () =>
    runner
      .statuses()
      .flatMap((status) =>
        LOOKBACKS.map((lookback) => ({ labels: { ...named(status), lookback }, value: status.burn[lookback] })),
      ),
  );
  gauge(
    'exhaustion_hours',
    'Policy hours until the budget is exhausted; none: never at this burn',
    [...OWN, 'projection'],
    () =>
      runner.statuses().flatMap((status) => [
        { labels: { ...named(status), projection: 'rolloff' }, value: status.exhaustion.rolloffHours },
        { labels: { ...named(status), projection: 'naive' }, value: status.exhaustion.naiveHours },
      ]),
  );
  gauge('objective_colour', '1 for the colour that the objective has', [...OWN, 'colour'], () =>
    runner.statuses().flatMap((status) => stateSet(named(status), status.colour)),
  );
  gauge('service_colour', '1 for the colour that the service has', ['service', 'colour'], () =>
    [
      ...new Set([...Object.keys(services), ...governing(runner.statuses()).map(({ objective }) => objective.service)]),
    ].flatMap((service) => stateSet({ service }, runner.colour(service))),
  );
  gauge('probe_interval_seconds', 'Interval at which a probe runs now', ['probe', 'service'], () =>
    probes.map(({ id, service }) => {
      const ms = runner.engine.intervalMs(id);
      return { labels: { probe: id, service }, value: ms === null ? null : ms / 1000 };
    }),
  );
  gauge('judged_age_seconds', 'Age of the figures of the objectives', [], () => {
    const ms = runner.judgedAgeMs();
    return [{ labels: {}, value: ms === null ? null : ms / 1000 }];
  });
  gauge('healthy', '1 while the prober itself is well', [], () => [
    { labels: {}, value: runner.health().reasons.length === 0 ? 1 : 0 },
  ]);
  gauge('overloaded', '1 while the plan asks for more than the process can do', [], () => [
    { labels: {}, value: runner.overload() === null ? 0 : 1 },
  ]);
  gauge('results_waiting', 'Results that are not in the ledger yet', [], () => [
    { labels: {}, value: runner.delivery.waiting },
  ]);
  showLag(lag, location, registry);
}

function showLag(watch: LagGauges, location: string, registry: Registry): void {
  let looking: Promise<Lag | null> | null = null;
  /** All metrics of one answer are of one look. */
  const look = (): Promise<Lag | null> => {
    looking ??= watch.look().finally(() => {
      looking = null;
    });
    return looking;
  };
  const gauge = gaugesOf(registry);
  gauge('influx_rows_waiting', 'Rows of the ledger that InfluxDB does not have yet', ['stream'], async () => {
    const found = await look();
    return OUTBOX_STREAMS.map((stream) => ({ labels: { stream }, value: found?.[stream] ?? null }));
  });
  gauge(
    'influx_lag_seconds',
    'Age of the oldest run, event or budget that InfluxDB does not have yet; 0: it has all',
    ['location'],
    async () => {
      const found = await look();
      if (found === null) return [];
      const ms = found.oldestMs === null ? 0 : Math.max(0, watch.nowMs() - found.oldestMs);
      return [{ labels: { location }, value: ms / 1000 }];
    },
  );
  gauge('influx_held', '1 while InfluxDB takes nothing', ['location'], async () => {
    await look();
    const standing = watch.standing();
    return standing === null ? [] : [{ labels: { location }, value: standing.held === null ? 0 : 1 }];
  });
  const lines = new Counter({
    registers: [registry],
    name: 'pulsedrill_influx_lines_total',
    help: 'Lines that InfluxDB took, and that it will never take, since the start of the process',
    labelNames: ['outcome'] as const,
    async collect() {
      await look();
      lines.reset();
      const standing = watch.standing();
      if (standing === null) return;
      lines.inc({ outcome: 'taken' }, standing.shipped);
      lines.inc({ outcome: 'rejected' }, standing.rejected);
    },
  });
}

/** Makes gauges that are asked when somebody asks for the metrics. */
function gaugesOf(registry: Registry) {
  return (name: string, help: string, labelNames: readonly string[], read: () => Samples | Promise<Samples>): void => {
    const made: Gauge = new Gauge({
      name: `pulsedrill_${name}`,
      help,
      labelNames,
      registers: [registry],
      // What is not known has no sample: 0 would be a figure.
      async collect() {
        const samples = await read();
        made.reset();
        for (const { labels, value } of samples) if (value !== null) made.set(labels, value);
      },
    });
  };
}

type Samples = readonly Sample[];

interface Sample {
  readonly labels: Labels;
  readonly value: number | null;
}

function named({ objective }: Status): { readonly objective: string; readonly service: string } {
  return { objective: objective.id, service: objective.service };
}

function stateSet(labels: Labels, colour: Colour): readonly Sample[] {
  return COLOURS.map((each) => ({ labels: { ...labels, colour: each }, value: each === colour ? 1 : 0 }));
}
