/** The tables of the evidence. No percentage without its counts. */
import type { Interval, Status } from '../../slo/status.ts';
import { LOOKBACKS } from '../../slo/status.ts';
import { causeCounts, reasonText, type Miss } from '../causes.ts';
import {
  attainmentPercent,
  burnText,
  consumedPercent,
  count,
  hours,
  percent,
  percentOf,
  plural,
  shareText,
  targetPercent,
} from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import type { ProbeRuns } from '../measurements.ts';
import { attained, colourWord, limitText, policySpan, SURENESS, windowText } from '../objective-text.ts';
import type { SlaReport } from './report.ts';
import { sumRatio } from './run-tables.ts';

const COMMITMENT = { sla: 'SLA', slo: 'SLO', kpi: 'KPI' } as const;

export function objectiveTable({ statuses, scale }: Pick<SlaReport, 'statuses' | 'scale'>): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Target' },
      { name: 'Attained (good / valid)' },
      { name: '95 % interval' },
      { name: 'Held?' },
      { name: 'Budget consumed', align: 'right' },
      { name: 'Colour' },
      { name: 'Flags' },
    ],
    statuses
      .filter(isKnown)
      .map((status) => [
        named(status),
        `${target(status)} over ${windowText(status.objective, scale)}`,
        attained(status),
        [interval(status.wilson), ...(status.statVerdict === null ? [] : [SURENESS[status.statVerdict]])].join(', '),
        status.met === null ? '–' : status.met ? 'held' : '**MISSED**',
        consumedPercent(status.consumed),
        colourWord(status.colour),
        flags(status).join('; '),
      ]),
    statuses.length === 0 ? 'No objectives are configured.' : 'No objective could be judged.',
  );
}

function isKnown({ colour, attainment }: Status): boolean {
  return colour !== 'unknown' && attainment !== null;
}

function named({ objective }: Status): string {
  return `${COMMITMENT[objective.commitment]} ${code(objective.id)}`;
}

function target({ objective: { target, sli } }: Status): string {
  return `≥ ${targetPercent(target)}${sli.type === 'threshold' ? ` at ${text(limitText(sli))}` : ''}`;
}

function interval(bounds: Interval | null): string {
  return bounds === null ? '–' : `${percent(bounds.lower)} … ${percent(bounds.upper)}`;
}

/** Rows that were missed, each with the probes and reasons behind its bad events. */
export function causeTable(misses: readonly Miss[]): string {
  return table(
    [{ name: 'Missed' }, { name: 'Probe' }, { name: 'Reason' }, { name: 'Bad events' }],
    misses.flatMap(({ status, causes, unexplained }) => [
      ...causes.map((cause) => [
        named(status),
        code(cause.probe),
        text(reasonText(cause.reason)),
        causeCounts(cause, status),
      ]),
      ...(unexplained === 0 && causes.length > 0
        ? []
        : [
            [
              named(status),
              '–',
              'before the range of this report, or no longer on record',
              plural(unexplained, 'bad event'),
            ],
          ]),
    ]),
    '',
  );
}

// Above this share of excluded events silence may hide an outage: an authentication that fails is all 4xx.
const MUCH_EXCLUDED = 0.05;

export function flags(status: Status): readonly string[] {
  const { objective, tally, validEvents } = status;
  const isKnown = status.unknownBecause === null;
  const arrived = validEvents + tally.excluded;
  return [
    ...(status.worstSplit === null ? [] : [`figures of the worst split ${code(status.worstSplit.split)}`]),
    ...(isKnown && !status.enoughEvents
      ? [`**not enough events** (${count(validEvents)} of ${count(objective.minEvents)})`]
      : []),
    ...(status.manualReview ? ['manual review'] : []),
    ...(status.regression === true ? ['regression above 2 %'] : []),
    ...((status.excludedShare ?? 0) > MUCH_EXCLUDED
      ? [`excluded ${percentOf(tally.excluded, arrived)} (${count(tally.excluded)} / ${count(arrived)} events)`]
      : []),
    ...(status.alert === 'RED_LT_72H' ? ['Red, exhausted in under 72 h'] : []),
    ...(status.alert === 'YELLOW_LT_7D' ? ['Yellow, exhausted in under 7 d'] : []),
    ...(status.sev2Within24h ? ['exhausted in under 24 h'] : []),
    ...(objective.assumptions.length > 0 ? ['† unsigned assumption'] : []),
  ];
}

/** Rows that nothing could be said of, with the reason: here and in no other table. Empty when there are none. */
export function unknownTable(statuses: readonly Status[]): string {
  const unknown = statuses.filter((status) => !isKnown(status));
  if (unknown.length === 0) return '';
  return [
    '### Unknown: neither held nor missed',
    table(
      [{ name: 'Objective' }, { name: 'Target' }, { name: 'Unknown because' }, { name: 'Flags' }],
      unknown.map((status) => [
        named(status),
        target(status),
        text(status.unknownBecause ?? 'no valid event in the window'),
        flags(status).join('; '),
      ]),
      '',
    ),
  ].join('\n\n');
}

/** Percentile rows; empty when there are none. */
export function windowTable({ statuses, scale }: Pick<SlaReport, 'statuses' | 'scale'>): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Sliding window' },
      { name: 'Now (good / valid)' },
      { name: 'Verdict now' },
      { name: 'Windows passed / judged' },
      { name: 'Below the event minimum', align: 'right' },
    ],
    statuses
      .filter(({ live, windows }) => live !== null || windows !== null)
      .map(({ objective, live, windows }) => [
        code(objective.id),
        objective.slidingMs === null ? '–' : policySpan(objective.slidingMs, scale),
        live === null ? '–' : shareText(live.good, live.valid),
        live?.pass === true ? 'passes' : live?.pass === false ? '**fails**' : 'no data',
        windows === null ? '–' : shareText(windows.passed, windows.judged),
        windows === null ? '–' : plural(windows.flagged, 'window'),
      ]),
    '',
  );
}

export function splitTable(statuses: readonly Status[]): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Split' },
      { name: 'Attained (good / valid)' },
      { name: 'Budget consumed', align: 'right' },
      { name: 'Colour' },
      { name: 'Events' },
    ],
    statuses.flatMap(({ objective, splits }) =>
      splits.map((split) => [
        code(objective.id),
        code(split.split),
        `${attainmentPercent({ ...split, objective })} (${count(split.tally.good)} / ${count(split.validEvents)} events)`,
        consumedPercent(split.consumed),
        colourWord(split.colour),
        split.enoughEvents ? 'enough' : `**not enough** (${count(objective.minEvents)} asked)`,
      ]),
    ),
    '',
  );
}

export function confidenceTable({ statuses, measurements }: Pick<SlaReport, 'statuses' | 'measurements'>): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Effective events', align: 'right' },
      { name: 'Clopper–Pearson, 95 %' },
      { name: 'Excluded' },
      { name: 'Coverage (measured / due)' },
    ],
    statuses.filter(isKnown).map((status) => {
      const arrived = status.validEvents + status.tally.excluded;
      return [
        code(status.objective.id),
        status.effectiveEvents === null ? '–' : count(Math.floor(status.effectiveEvents)),
        interval(status.clopperPearson),
        status.excludedShare === null ? '–' : shareText(status.tally.excluded, arrived),
        coverage(status, measurements.runs),
      ];
    }),
    'No objective could be judged.',
  );
}

/** Of the window, where each event is a run; otherwise of the probes' runs in the range. */
function coverage({ coverage, tally, objective }: Status, runs: readonly ProbeRuns[]): string {
  if (coverage === null) {
    return sumRatio(runs.filter(({ probe }) => objective.probes.includes(probe)));
  }
  const measured = tally.good + tally.bad + tally.excluded;
  return `${shareText(measured, measured + tally.faults)} runs`;
}

export function burnTable(statuses: readonly Status[]): string {
  return table(
    [
      { name: 'Objective' },
      ...LOOKBACKS.map((name) => ({ name, align: 'right' as const })),
      { name: 'now', align: 'right' },
      { name: 'Exhausted in (roll-off)' },
      { name: 'Exhausted in (naive)' },
      { name: 'Burning' },
    ],
    statuses.filter(isKnown).map((status) => [
      code(status.objective.id),
      ...LOOKBACKS.map((lookback) => burnText(status.burn[lookback])),
      burnText(status.burnNow),
      exhaustion(status, status.exhaustion.rolloffHours),
      exhaustion(status, status.exhaustion.naiveHours),
      status.pairs
        .filter(({ burning }) => burning)
        .map(({ long, short, factor, severity }) => `${burnText(factor)} over ${long} and ${short} (${severity})`)
        .join('; '),
    ]),
    'No objective could be judged.',
  );
}

function exhaustion({ burnNow }: Status, left: number | null): string {
  if (left === 0) return '**exhausted**';
  if (left !== null) return hours(left);
  return burnNow === null ? '–' : 'never at this burn';
}
