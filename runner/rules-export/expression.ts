/** What the rules of one objective are computed from, as PromQL over a lookback. */
import type { Objective } from '../../slo/objective.ts';
import type { Configuration } from '../config/configuration.ts';

/** Each takes a length such as `5m`. */
export interface Expressions {
  /** `platform`: the source's own metrics; `pulsedrill`: those of `GET /metrics`. */
  readonly from: 'platform' | 'pulsedrill';
  /** The label that tells splits apart; null without any. */
  readonly splitLabel: string | null;
  /** Bad ÷ valid, by split where the objective has one. */
  readonly badRatio: (length: string) => string;
  /** Raw bad events. */
  readonly badEvents: (length: string) => string;
  readonly validEvents: (length: string) => string;
}

/** @param matchers further label matchers for pulsedrill's own series, such as `job="pulsedrill"`; may be empty */
export function expressionsOf(objective: Objective, configuration: Configuration, matchers: string): Expressions {
  return fromPlatform(objective, configuration) ?? fromPulsedrill(objective, matchers);
}

/** Only counts whose queries say `$range` can be asked over another length; a median is judged slice by slice. */
function fromPlatform({ id, telemetry, split }: Objective, { sources }: Configuration): Expressions | null {
  const source = sources.find(({ spec }) => spec.id === telemetry?.source);
  const bound = source?.bound.find(({ objective }) => objective === id);
  if (source?.spec.kind !== 'prometheus' || bound === undefined || !('good' in bound.ask)) return null;
  const { good, valid } = bound.ask;
  if (!good.includes('$range') || !valid.includes('$range')) return null;
  const over = (query: string, length: string): string => `(${query.trim().replaceAll('$range', length)})`;
  // More good than valid counts as all good: a job may end in the minute after its attempt.
  const bad = (length: string): string => `clamp_min(${over(valid, length)} - ${over(good, length)}, 0)`;
  return {
    from: 'platform',
    splitLabel: split,
    badRatio: (length) => `${bad(length)} / (${over(valid, length)} > 0)`,
    badEvents: bad,
    validEvents: (length) => over(valid, length),
  };
}

function fromPulsedrill({ id, split }: Objective, matchers: string): Expressions {
  const by = split === null ? 'sum' : 'sum by (split)';
  const series = (name: string, outcome: string): string =>
    `${name}{${[`objective="${id}"`, outcome, ...(matchers === '' ? [] : [matchers])].join(',')}}`;
  const over = (fn: string, name: string, outcome: string, length: string): string =>
    `${by} (${fn}(${series(name, outcome)}[${length}]))`;
  const VALID = 'outcome=~"good|bad"';
  const WEIGHT = 'pulsedrill_event_weight_total';
  const EVENTS = 'pulsedrill_events_total';
  return {
    from: 'pulsedrill',
    splitLabel: split === null ? null : 'split',
    badRatio: (length) =>
      `${over('rate', WEIGHT, 'outcome="bad"', length)} / (${over('rate', WEIGHT, VALID, length)} > 0)`,
    badEvents: (length) => over('increase', EVENTS, 'outcome="bad"', length),
    validEvents: (length) => over('increase', EVENTS, VALID, length),
  };
}
