/** The tables of the evidence. No percentage without its counts. */
import { governs } from '../../slo/objective.ts';
import type { Interval, Status } from '../../slo/status.ts';
import { versionAt } from '../../slo/targets.ts';
import { causeCounts, reasonText, type Cause, type Miss } from '../causes.ts';
import { consumedPercent, count, percent, percentOf, plural, targetPercent } from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import { measuredText, shortPeriod } from '../measured-period.ts';
import { attained, colourWord, limitText, SURENESS, windowText } from '../objective-text.ts';
import type { SlaReport } from './report.ts';

const COMMITMENT = { sla: 'SLA', slo: 'SLO', kpi: 'KPI' } as const;

export function objectiveTable(report: SlaReport): string {
  const { statuses, scale } = report;
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
        verdict(status, shortPeriod(report, status.objective) !== null),
        consumedPercent(status.consumed),
        colourWord(status.colour),
        [...shortFlag(report, status), ...flags(status)].join('; '),
      ]),
    statuses.length === 0 ? 'No objectives are configured.' : 'No objective could be judged.',
  );
}

export function isKnown({ colour, attainment }: Status): boolean {
  return colour !== 'unknown' && attainment !== null;
}

/** A companion stands under its row, and is missed by nobody. */
function named({ objective: { commitment, id, beside } }: Status): string {
  return beside === undefined ? `${COMMITMENT[commitment]} ${code(id)}` : `↳ ${text(beside.label)}: ${code(id)}`;
}

/** @param isShort so little of the window was measured that nothing is said of the rest */
function verdict({ met, objective }: Status, isShort: boolean): string {
  if (met === null) return '–';
  return met ? (isShort ? 'held **as far as measured**' : 'held') : governs(objective) ? '**MISSED**' : 'not held';
}

function target({ objective: { target, sli } }: Status): string {
  return `≥ ${targetPercent(target)}${sli.type === 'threshold' ? ` at ${text(limitText(sli))}` : ''}`;
}

export function interval(bounds: Interval | null): string {
  return bounds === null ? '–' : `${percent(bounds.lower)} … ${percent(bounds.upper)}`;
}

/** Of one row; who reads on asks the results themselves. */
const MOST_CAUSES = 20;

function moreCauses(status: Status, rest: readonly Cause[]): readonly (readonly string[])[] {
  if (rest.length === 0) return [];
  const probes = new Set(rest.map(({ probe }) => probe)).size;
  const badEvents = rest.reduce((sum, cause) => sum + cause.badEvents, 0);
  return [
    [
      named(status),
      plural(probes, 'probe'),
      `${plural(rest.length, 'lighter cause')}, in ${code(`pulsedrill export --objective ${status.objective.id}`)}`,
      plural(badEvents, 'bad event'),
    ],
  ];
}

/** Rows that were missed, each with the probes and reasons behind its bad events. */
export function causeTable(misses: readonly Miss[]): string {
  return table(
    [{ name: 'Missed' }, { name: 'Probe' }, { name: 'Reason' }, { name: 'Bad events' }],
    misses.flatMap(({ status, causes, unexplained }) => [
      ...causes
        .slice(0, MOST_CAUSES)
        .map((cause) => [named(status), code(cause.probe), text(reasonText(cause.reason)), causeCounts(cause, status)]),
      ...moreCauses(status, causes.slice(MOST_CAUSES)),
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

function shortFlag(report: SlaReport, { objective, manualReview }: Status): readonly string[] {
  const short = shortPeriod(report, objective);
  return short === null ? [] : [measuredText(short, report.scale), ...(manualReview ? [] : ['manual review'])];
}

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
      ? [`excluded ${percentOf(tally.excluded, arrived)} (${count(tally.excluded)} / ${plural(arrived, 'event')})`]
      : []),
    ...borderline(status),
    ...forecast(status),
    ...((versionAt(objective, status.atMs)?.lacks.length ?? 0) > 0 ? ['**not signed off**'] : []),
    ...(objective.assumptions.length > 0 ? ['† unsigned assumption'] : []),
  ];
}

/** Of ages: how many might fall on the other side of the limit by another clock, and of how many that is known at all. */
function borderline({ borderline: known, validEvents }: Status): readonly string[] {
  if (known === null || validEvents === 0) return [];
  const { events, of } = known;
  if (events === null) return ['clock unverified'];
  const unverified = validEvents - of;
  return [
    `borderline ${percentOf(events, of)} (${count(events)} / ${plural(of, 'event')})`,
    ...(unverified === 0 ? [] : [`clock unverified for ${count(unverified)} of ${plural(validEvents, 'event')}`]),
  ];
}

/** What is spent already is no forecast any more. */
function forecast({ met, alert, sev2Within24h }: Status): readonly string[] {
  if (met === false) return ['budget exhausted'];
  return [
    ...(alert === 'RED_LT_72H' ? ['Red, exhausted in under 72 h'] : []),
    ...(alert === 'YELLOW_LT_7D' ? ['Yellow, exhausted in under 7 d'] : []),
    ...(sev2Within24h ? ['exhausted in under 24 h'] : []),
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
