/** The figures of a status as every output shows them: JSON, tables, the demo's lines. */
import type { Status } from '../slo/status.ts';
import { validWeight } from '../slo/tally.ts';

/** `--json` and `/status`: the same numbers as the table, none of them rounded. Weights are decimal text. */
export function statusJson(status: Status): Readonly<Record<string, unknown>> {
  const { objective, tally } = status;
  return {
    objective: objective.id,
    title: objective.title,
    commitment: objective.commitment,
    service: objective.service,
    target: objective.target,
    windowMs: objective.windowMs,
    at: new Date(status.atMs).toISOString(),
    colour: status.colour,
    unknownBecause: status.unknownBecause,
    met: status.met,
    attainment: status.attainment,
    consumed: status.consumed,
    events: {
      good: tally.good,
      bad: tally.bad,
      valid: status.validEvents,
      excluded: tally.excluded,
      faults: tally.faults,
    },
    weights: { good: String(tally.goodWeight), valid: String(validWeight(tally)), weighing: objective.weighing },
    coverage: status.coverage,
    excludedShare: status.excludedShare,
    effectiveEvents: status.effectiveEvents,
    wilson95: status.wilson,
    clopperPearson95: status.clopperPearson,
    verdict: status.statVerdict,
    burn: status.burn,
    burnNow: status.burnNow,
    exhaustionHours: status.exhaustion,
    alert: status.alert,
    sev2Within24h: status.sev2Within24h,
    flags: {
      manualReview: status.manualReview,
      enoughEvents: status.enoughEvents,
      minEvents: objective.minEvents,
      regression: status.regression,
    },
    live: status.live,
    windows: status.windows,
    worstSplit: status.worstSplit?.split ?? null,
    splits: status.splits.map((split) => ({
      split: split.split,
      colour: split.colour,
      attainment: split.attainment,
      consumed: split.consumed,
      good: split.tally.good,
      valid: split.validEvents,
    })),
    assumptions: objective.assumptions,
  };
}

/** Policy hours, in the unit a person would say. */
export function hoursText(hours: number | null): string {
  if (hours === null) return 'never';
  return hours >= 72 ? `${(hours / 24).toFixed(1)} d` : `${hours.toFixed(hours < 10 ? 1 : 0)} h`;
}

/** What to know before trusting the figure, in a few words each. */
export function flagsOf(status: Status): readonly string[] {
  return [
    status.colour === 'unknown' ? (status.unknownBecause ?? '') : '',
    status.manualReview && status.colour !== 'unknown' ? `review: under ${status.objective.minEvents} events` : '',
    status.alert ?? '',
    status.sev2Within24h ? 'exhausts within 24 h' : '',
    status.regression === true ? 'regression > 2 %' : '',
    status.worstSplit === null ? '' : `worst: ${status.worstSplit.split}`,
    status.objective.assumptions.length > 0 ? '†' : '',
  ].filter((flag) => flag !== '');
}
