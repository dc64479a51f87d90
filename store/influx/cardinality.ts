/** How many series a configuration can make in InfluxDB, at most: what docs/influxdb.md promises, as a number. */
import type { Objective } from '../../slo/objective.ts';
import type { MeasurementName } from './schema.ts';

/** More kinds of event than this there will not be. */
export const MOST_KINDS = 64;
/** Values of a split that telemetry may bring for one objective. */
export const MOST_SPLITS = 100;

export interface Plan {
  readonly probes: readonly {
    readonly id: string;
    readonly service: string;
    readonly endpoint: string | null;
    readonly venue: string | null;
  }[];
  readonly objectives: readonly Pick<Objective, 'id' | 'service' | 'split' | 'probes' | 'sli'>[];
  /** Further services that are declared. */
  readonly services: Iterable<string>;
}

/** Of one location. */
export function seriesBound(plan: Plan): Readonly<Record<MeasurementName | 'total', number>> {
  const { probes, objectives } = plan;
  const services = new Set([...plan.services, ...[...probes, ...objectives].map(({ service }) => service)]);
  const fed = objectives.filter(({ sli }) => sli.type === 'telemetry').length;
  const bound = {
    pulsedrill_run: probes.length + fed,
    pulsedrill_tally: objectives.reduce((sum, objective) => sum + splitsOf(objective, probes), 0),
    pulsedrill_budget: objectives.length,
    pulsedrill_event: MOST_KINDS * (services.size + 1),
  };
  return { ...bound, total: Object.values(bound).reduce((sum, series) => sum + series, 0) };
}

function splitsOf({ split, sli, probes }: Plan['objectives'][number], planned: Plan['probes']): number {
  if (split === null) return 1;
  if (sli.type === 'telemetry') return MOST_SPLITS;
  if (split === 'location') return 1;
  const values = planned.filter(({ id }) => probes.includes(id)).map((probe) => probe[split] ?? '');
  return Math.max(1, new Set(values).size);
}
