/** Counters of what every objective and probe has counted since the start, of results that are durable. */
import { Counter, type Registry } from 'prom-client';
import type { Objective } from '../../slo/objective.ts';
import { feedName } from '../../slo/objective.ts';
import { judge } from '../../store/judge.ts';
import type { Result } from '../../store/result.ts';
import type { Configuration } from '../config/configuration.ts';

/** Weights in units that people know: seconds stood for, events, or units (of a quantity, of money) times seconds. */
const UNIT: Readonly<Record<Objective['weighing'], number>> = {
  time: 1e6,
  count: 1,
  quantity: 1e9,
  notional: 1e9,
  fraction: 1e6,
};

const OUTCOMES = ['good', 'bad', 'excluded', 'fault'] as const;

/** @returns what takes results on */
export function countResults(configuration: Configuration, registry: Registry): (results: readonly Result[]) => void {
  const { objectives, base } = configuration;
  const events = new Counter({
    name: 'pulsedrill_events_total',
    help: 'Events of an objective by outcome, raw counts, since the start of the process',
    labelNames: ['objective', 'service', 'split', 'outcome'] as const,
    registers: [registry],
  });
  const weight = new Counter({
    name: 'pulsedrill_event_weight_total',
    help: 'What the good and bad events of an objective weigh: seconds stood for, or events, or quantity times seconds',
    labelNames: ['objective', 'service', 'split', 'outcome'] as const,
    registers: [registry],
  });
  const runs = new Counter({
    name: 'pulsedrill_runs_total',
    help: 'Runs of a probe by outcome, since the start of the process',
    labelNames: ['probe', 'service', 'outcome'] as const,
    registers: [registry],
  });
  const byProbe = new Map<string, Objective[]>();
  for (const objective of objectives) {
    for (const probe of [...objective.probes, feedName(objective.id)]) {
      byProbe.set(probe, [...(byProbe.get(probe) ?? []), objective]);
    }
    // A series that begins with its first event has lost it: rates are differences.
    for (const split of knownSplits(objective, configuration)) {
      const { id, service } = objective;
      for (const outcome of OUTCOMES) events.inc({ objective: id, service, split, outcome }, 0);
      for (const outcome of ['good', 'bad'] as const) weight.inc({ objective: id, service, split, outcome }, 0);
    }
  }
  const known = new Set(configuration.probes.map(({ id }) => id));
  return (results) => {
    for (const result of results) {
      const { probe, service, outcome } = result;
      if (known.has(probe) && result.cadence !== 'once') runs.inc({ probe, service, outcome });
      for (const objective of byProbe.get(probe) ?? []) {
        for (const { split, tally } of judge(objective, result, base.minuteMs)) {
          const labels = { objective: objective.id, service: objective.service, split };
          const raw = { good: tally.good, bad: tally.bad, excluded: tally.excluded, fault: tally.faults };
          for (const each of OUTCOMES) events.inc({ ...labels, outcome: each }, raw[each]);
          const unit = UNIT[objective.weighing];
          weight.inc({ ...labels, outcome: 'good' }, Number(tally.goodWeight) / unit);
          weight.inc({ ...labels, outcome: 'bad' }, Number(tally.badWeight) / unit);
        }
      }
    }
  };
}

/** Of telemetry only the answers know the splits. */
function knownSplits({ split, probes }: Objective, configuration: Configuration): ReadonlySet<string> {
  if (split === null) return new Set(['']);
  if (split === 'location') return new Set(probes.length === 0 ? [] : [configuration.location]);
  const feeding = configuration.probes.filter(({ id }) => probes.includes(id));
  return new Set(feeding.map((probe) => probe[split] ?? ''));
}
