/** What was agreed to be left out, and the figures with and without it. */
import { isRetroactive, type Exclusion } from '../../slo/exclusion.ts';
import type { Status } from '../../slo/status.ts';
import { span, utcMinute } from '../figures.ts';
import { table, text } from '../markdown.ts';
import { attained } from '../objective-text.ts';

export function exclusionTable(exclusions: readonly Exclusion[]): string {
  return table(
    [
      { name: 'From – to (UTC)' },
      { name: 'Of' },
      { name: 'Reason' },
      { name: 'Said by, agreed by' },
      { name: 'Written down' },
    ],
    exclusions.map((each) => [
      `${utcMinute(each.fromMs)} – ${utcMinute(each.toMs)} (${span(each.toMs - each.fromMs)})`,
      text([...each.services, ...each.objectives].join(', ')),
      text(each.reason),
      `${text(each.author)}, ${text(each.approver)}`,
      `${utcMinute(each.createdMs)}${isRetroactive(each) ? ', **after it had begun**' : ''}${withdrawnText(each)}`,
    ]),
    'Nothing was agreed to be left out.',
  );
}

function withdrawnText({ withdrawn }: Exclusion): string {
  if (withdrawn === null) return '';
  return `; **withdrawn** ${utcMinute(withdrawn.atMs)} by ${text(withdrawn.author)}: ${text(withdrawn.reason)}`;
}

export function withoutTable(statuses: readonly Status[], without: readonly Status[]): string {
  return table(
    [{ name: 'Commitment' }, { name: 'With everything' }, { name: 'Without what was agreed to be left out' }],
    without.flatMap((status) => {
      const whole = statuses.find(({ objective }) => objective.id === status.objective.id);
      if (whole === undefined) return [];
      return [
        [
          text(status.objective.title),
          `${attained(whole)}, ${held(whole)}`,
          status.attainment === null ? 'nothing is left to judge by' : `${attained(status)}, ${held(status)}`,
        ],
      ];
    }),
    '',
  );
}

function held({ met }: Pick<Status, 'met'>): string {
  if (met === null) return '**not known**';
  return met ? 'kept' : '**missed**';
}
