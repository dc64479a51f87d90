/** How much of a window was measured, in words: a promise over 90 days is not said to be kept by seven hours. */
import type { Objective } from '../slo/objective.ts';
import { isTooShort, type Period } from '../slo/period.ts';
import type { Status } from '../slo/status.ts';
import { percentOf, plural, utc, utcMinute } from './figures.ts';
import { table } from './markdown.ts';
import { policySpan } from './objective-text.ts';
import type { SlaReport } from './sla/report.ts';

type Measured = Pick<SlaReport, 'periods' | 'probes' | 'scale'>;

export function periodFor({ periods }: Pick<SlaReport, 'periods'>, { id }: Objective): Period | null {
  return periods.find(({ objective }) => objective === id) ?? null;
}

/** The window was measured for so short a time that its figure says nothing of the rest; null: long enough. */
export function shortPeriod(report: Measured, objective: Objective): Period | null {
  const period = periodFor(report, objective);
  return period !== null && period.sinceMs !== null && isTooShort(period, goesByCalendar(report, objective))
    ? period
    : null;
}

function goesByCalendar({ probes }: Measured, objective: Objective): boolean {
  const own = probes.filter(({ id }) => objective.probes.includes(id));
  return own.length > 0 && own.every(({ byCalendar }) => byCalendar === true);
}

/** "7 h of 90 d". */
export function measuredOf(period: Period, scale: number): string {
  return `${stepsText(period, period.steps - period.silent, scale)} of ${stepsText(period, period.steps, scale)}`;
}

function stepsText({ fromMs, toMs, steps }: Period, some: number, scale: number): string {
  return policySpan(((toMs - fromMs) / Math.max(1, steps)) * some, scale);
}

/** Whether there is nothing on record between the beginning of the window and its first measurement. */
function beganLate({ fromMs, toMs, steps, sinceMs, rhythm }: Period): boolean {
  return sinceMs !== null && (sinceMs - fromMs) * steps >= rhythm * (toMs - fromMs);
}

/** "measured since 2026-11-28 09:00 UTC, 7 h of 90 d (0.324 %)"; empty: all of it was. */
export function measuredText(period: Period | null, scale: number): string {
  if (period === null || period.silent === 0 || period.sinceMs === null) return '';
  const since = beganLate(period) ? `measured since ${utcMinute(period.sinceMs)}, ` : 'measured for ';
  return `${since}${measuredOf(period, scale)} (${percentOf(period.steps - period.silent, period.steps)})`;
}

/** @param name of a row @param head what is named */
export function periodTable(
  report: Measured,
  statuses: readonly Status[],
  { head, name }: { readonly head: string; readonly name: (status: Status) => string },
): string {
  const { scale } = report;
  return table(
    [
      { name: head },
      { name: 'Measured since' },
      { name: 'Measured, of the period' },
      { name: 'Without any measurement' },
      { name: 'Longest of these' },
    ],
    statuses.flatMap((status) => {
      const period = periodFor(report, status.objective);
      if (period === null) return [];
      const { steps, silent, stretches, longest, sinceMs, fromMs } = period;
      return [
        [
          name(status),
          sinceMs === null ? 'never' : beganLate(period) ? utcMinute(sinceMs) : `its beginning, ${utcMinute(fromMs)}`,
          `${percentOf(steps - silent, steps)} (${measuredOf(period, scale)})`,
          silent === 0
            ? 'none'
            : `${stepsText(period, silent, scale)}, in ${plural(stretches, 'stretch', 'stretches')}`,
          longest === null ? '–' : `${policySpan(longest.toMs - longest.fromMs, scale)} from ${utc(longest.fromMs)}`,
        ],
      ];
    }),
    '',
  );
}
