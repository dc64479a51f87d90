/** The figures of a status as every output shows them: JSON, tables, the demo's lines. */
import { count, percent, plural, shareText } from '../reports/figures.ts';
import { liveText } from '../reports/objective-text.ts';
import { ALERT_DEFAULTS } from '../slo/alerts.ts';
import { governing } from '../slo/policy.ts';
import type { TargetVersion } from '../slo/objective.ts';
import type { OwnFigure, Status } from '../slo/status.ts';
import { validWeight } from '../slo/tally.ts';
import { announcedVersions, versionAt } from '../slo/targets.ts';
import { versionFlags } from './target-text.ts';

/** The same numbers as the table, none of them rounded. Weights are decimal text. */
function statusJson(status: Status): Readonly<Record<string, unknown>> {
  const { objective, tally } = status;
  return {
    objective: objective.id,
    title: objective.title,
    commitment: objective.commitment,
    service: objective.service,
    target: objective.target,
    required: status.required,
    ...versionsJson(status),
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
    weights: {
      good: String(tally.goodWeight),
      valid: String(validWeight(tally)),
      excluded: String(tally.excludedWeight),
      faults: String(tally.faultWeight),
      weighing: objective.weighing,
    },
    borderline: status.borderline,
    coverage: status.coverage,
    excludedShare: status.excludedShare,
    excludedAsBad: status.excludedAsBad,
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
    own: ownJson(status.own),
    worstSplit: status.worstSplit?.split ?? null,
    splits: status.splits.map((split) => ({
      split: split.split,
      colour: split.colour,
      attainment: split.attainment,
      consumed: split.consumed,
      good: split.tally.good,
      valid: split.validEvents,
      enoughEvents: split.enoughEvents,
      live: split.live,
    })),
    assumptions: objective.assumptions,
  };
}

/** Over all splits together: shown beside the worst of them, and never judged by. */
function ownJson(own: OwnFigure | null): unknown {
  if (own === null) return null;
  const { attainment, consumed, tally, validEvents: valid, live } = own;
  return { attainment, consumed, good: tally.good, valid, live };
}

/** The version that holds, those that held within the window, and those that do not hold yet. */
function versionsJson({ objective, versions, atMs }: Status): Readonly<Record<string, unknown>> {
  const version = versionAt(objective, atMs);
  return {
    version: version === null ? null : versionJson(version),
    versions: versions.map(versionJson),
    announced: announcedVersions(objective, atMs).map(versionJson),
  };
}

function versionJson(each: TargetVersion): Readonly<Record<string, unknown>> {
  const { version, target, limit, fromMs, rfc, signOffs, lacks, claimedFromMs } = each;
  return {
    version,
    target,
    limit,
    from: isoOrNull(fromMs),
    rfc,
    signedOff: lacks.length === 0,
    signOffs,
    lacks,
    retroactiveFrom: isoOrNull(claimedFromMs ?? null),
  };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** As `budget --json` and `/status` list them: what stands beside a row is inside it, as `companions`. */
export function statusesJson(statuses: readonly Status[]): readonly Readonly<Record<string, unknown>>[] {
  return governing(statuses).map((status) => ({
    ...statusJson(status),
    companions: statuses
      .filter(({ objective }) => objective.beside?.id === status.objective.id)
      .map((each) => ({ ...statusJson(each), beside: each.objective.beside })),
  }));
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
    reviewText(status),
    excludedText(status),
    ...borderlineTexts(status),
    windowsText(status),
    status.alert ?? '',
    status.sev2Within24h ? 'exhausts within 24 h' : '',
    status.regression === true ? 'regression > 2 %' : '',
    ...versionFlags(status),
    status.objective.assumptions.length > 0 ? '†' : '',
  ].filter((flag) => flag !== '');
}

/** Where events are too few: in the window that gives the colour, in the live one, or in one of the splits. */
function reviewText({ colour, manualReview, enoughEvents, live, objective }: Status): string {
  if (!manualReview || colour === 'unknown') return '';
  const where = !enoughEvents
    ? ''
    : live !== null && live.valid < objective.minEvents
      ? ' in the live window'
      : ' in a split';
  return `review: under ${objective.minEvents} events${where}`;
}

/** Of the window or of the last hour: an outage of authentication is all 4xx, and would otherwise look like silence. */
function excludedText({ excludedShare, excludedShare1h, tally, validEvents }: Status): string {
  const { maxExcludedShare } = ALERT_DEFAULTS;
  if (excludedShare !== null && excludedShare > maxExcludedShare) {
    return `excluded ${shareText(tally.excluded, validEvents + tally.excluded)}`;
  }
  if (excludedShare1h === null || excludedShare1h <= maxExcludedShare) return '';
  return `excluded ${percent(excludedShare1h)} of the last hour's events`;
}

/** Ages near their limit, which another clock might have seen on its other side; and those of a clock nobody knows. */
function borderlineTexts({ borderline, validEvents }: Status): readonly string[] {
  if (borderline === null || validEvents === 0) return [];
  const { events, of } = borderline;
  if (events === null) return ['clock unverified'];
  const unverified = validEvents - of;
  return [
    events === 0 ? '' : `borderline ${shareText(events, of)}`,
    unverified === 0 ? '' : `clock unverified for ${count(unverified)} of ${plural(validEvents, 'event')}`,
  ];
}

/** Percentile rows: a slowdown of hours fits inside a month's budget, so what passed stands beside what is consumed. */
function windowsText({ live, windows, objective }: Status): string {
  const now = live === null ? [] : [`live window ${liveText(live, objective.target)}`];
  const passed =
    windows === null || windows.judged === 0 ? [] : [`windows passed: ${shareText(windows.passed, windows.judged)}`];
  return [...now, ...passed].join('; ');
}
