/** The tables behind the verdicts: windows, splits, certainty, burn. */
import { isAge } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import { LOOKBACKS } from '../../slo/status.ts';
import { attainmentPercent, burnText, consumedPercent, count, hours, percent, plural, shareText } from '../figures.ts';
import { code, table } from '../markdown.ts';
import type { ProbeRuns } from '../measurements.ts';
import { attained, colourWord, percentileText, policySpan } from '../objective-text.ts';
import type { SlaReport } from './report.ts';
import { sumRatio } from './run-tables.ts';
import { interval, isKnown } from './tables.ts';

/** Percentile rows; empty when there are none. */
export function windowTable({ statuses, scale }: Pick<SlaReport, 'statuses' | 'scale'>): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Sliding window' },
      { name: 'Now (good / valid)' },
      { name: 'Verdict now' },
      { name: 'Percentile now (95 % interval)' },
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
        live === null || live.percentile === null ? '–' : percentileText(live.percentile, objective.target),
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
    statuses.flatMap(({ objective, splits, own }) => [
      ...splits.map((split) => [
        code(objective.id),
        code(split.split),
        `${attainmentPercent({ ...split, objective })} (${count(split.tally.good)} / ${plural(split.validEvents, 'event')})`,
        consumedPercent(split.consumed),
        colourWord(split.colour),
        split.enoughEvents ? 'enough' : `**not enough** (${count(objective.minEvents)} asked)`,
      ]),
      // Beside the worst of them, and never judged by.
      ...(own === null || splits.length < 2
        ? []
        : [
            [
              code(objective.id),
              'all together',
              `${attainmentPercent({ ...own, objective })} (${count(own.tally.good)} / ${plural(own.validEvents, 'event')})`,
              consumedPercent(own.consumed),
              '–',
              '–',
            ],
          ]),
    ]),
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

/** Of the window's time where events weigh by it, with the runs: those of the window where an event is a run, else the probes' in the range. Of telemetry, whose events are not runs, the minutes or slices that were asked for. */
function coverage({ coverage, tally, objective }: Status, runs: readonly ProbeRuns[]): string {
  if (objective.sli.type === 'telemetry') return `${shareText(tally.bounded, tally.bounded + tally.faults)} answers`;
  const measured = tally.good + tally.bad + tally.excluded;
  const counts =
    coverage === null || isAge(objective)
      ? sumRatio(runs.filter(({ probe }) => objective.probes.includes(probe)))
      : `${shareText(measured, measured + tally.faults)} runs`;
  return coverage === null || objective.weighing !== 'time' ? counts : `${percent(coverage)} of the time; ${counts}`;
}

/** Availability both ways: what the promise leaves out, and what it would be with that counted as bad. */
export function excludedTable(statuses: readonly Status[]): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Excluded' },
      { name: 'Attained, left out' },
      { name: 'Attained, counted as bad' },
      { name: 'Budget consumed, counted as bad', align: 'right' },
    ],
    statuses.filter(isKnown).flatMap((status) => {
      const { excludedAsBad: asBad, tally, validEvents } = status;
      if (asBad === null) return [];
      return [
        [
          code(status.objective.id),
          shareText(tally.excluded, validEvents + tally.excluded),
          attained(status),
          `${percent(asBad.attainment)} (${count(tally.good)} / ${count(validEvents + tally.excluded)})`,
          consumedPercent(asBad.consumed),
        ],
      ];
    }),
    '',
  );
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
