/** How promises and states are said to people. */
import type { Indicator } from '../probes/probe.ts';
import type { Colour, Objective } from '../slo/objective.ts';
import type { StatVerdict, Status } from '../slo/status.ts';
import { validWeight } from '../slo/tally.ts';
import { attainmentPercent, count, percentOf, span, targetPercent } from './figures.ts';

const INDICATORS = {
  latency: 'latency',
  'tick-age': 'age of each tick',
  'newest-age': 'age of the newest data',
  'signal-age': 'market tick to signal',
  ack: 'submit to acknowledgement',
  'order-fill': 'submit to final fill',
  'order-cancel': 'cancel to closed',
  'signal-ack': 'signal to acknowledgement',
  'signal-fill': 'signal to final fill',
} satisfies Readonly<Record<Indicator, string>>;

/** Followed by a limit. */
const PROMISED = new Map<string, string>(
  Object.entries({
    latency: 'requests answered in',
    'tick-age': 'ticks aged',
    'newest-age': 'moments with newest data aged',
    'signal-age': 'signals within',
    ack: 'orders acknowledged in',
    'order-fill': 'orders filled in',
    'order-cancel': 'orders cancelled in',
    'signal-ack': 'signals answered by an acknowledged order in',
    'signal-fill': 'signals answered by a filled order in',
  } satisfies Readonly<Record<Indicator, string>>),
);

const NAMES = new Map<string, string>(Object.entries(INDICATORS));

export function indicatorName(indicator: string): string {
  return NAMES.get(indicator) ?? indicator;
}

/** "≤ 250 ms", "< 1.5 s" would hide what was agreed: limits are printed in milliseconds, as they were set. */
export function limitText({ ms, strict }: { readonly ms: number; readonly strict: boolean }): string {
  return `${strict ? '<' : '≤'} ${count(ms)} ms`;
}

/** "at least 95 % of requests answered in ≤ 250 ms". */
export function promise({ target, sli, weighing }: Objective): string {
  const share = `at least ${targetPercent(target)}`;
  switch (sli.type) {
    case 'availability':
      return `${share} of requests succeed`;
    case 'threshold':
      return `${share} of ${PROMISED.get(sli.indicator) ?? `events with ${sli.indicator}`} ${limitText(sli)}`;
    case 'quantity':
      return `${share} of the submitted ${weighing === 'notional' ? 'notional' : 'quantity'} executed`;
    default:
      return `${share}: ${sli.what}`;
  }
}

export function colourWord(colour: Colour): string {
  return colour.toUpperCase();
}

/** Words for the statistical verdict that a reader without statistics can act on. */
export const SURENESS: Readonly<Record<StatVerdict, string>> = {
  DEMONSTRATED: 'demonstrated',
  VIOLATED: 'violated',
  INCONCLUSIVE: 'inconclusive',
};

const BY: Readonly<Record<Objective['weighing'], string>> = {
  time: 'by time',
  count: 'by count',
  fraction: 'by count',
  quantity: 'by quantity and time',
  notional: 'by notional and time',
};

/** "99.512 % by time; 1,195 / 1,201 events (99.500 %)": the contractual figure, then the raw counts it came from. */
export function attained(status: Status): string {
  const { tally, objective, validEvents } = status;
  if (status.attainment === null) return `– (${count(tally.good)} / ${count(validEvents)} events)`;
  const counts = `${count(tally.good)} / ${count(validEvents)} events`;
  const contractual = attainmentPercent(status);
  // Equal shares of weights and of counts: one figure says both.
  const alike = tally.goodWeight * BigInt(validEvents) === validWeight(tally) * BigInt(tally.good);
  if (alike) return `${contractual} (${counts})`;
  return `${contractual} ${BY[objective.weighing]} (${counts}, ${percentOf(tally.good, validEvents)} unweighted)`;
}

/** Policy time: what the clock showed, times the scale. */
export function policySpan(realMs: number, scale: number): string {
  return span(realMs * scale);
}

export function windowText({ windowMs, slidingMs }: Objective, scale: number): string {
  const sliding = slidingMs === null ? '' : `, live over ${policySpan(slidingMs, scale)}`;
  return `${policySpan(windowMs, scale)}${sliding}`;
}
