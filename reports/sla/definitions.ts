/** What the words of the page mean, so that it can be read on its own. */
import type { Status } from '../../slo/status.ts';
import { budgetPercent, count } from '../figures.ts';
import { code, list, table, text } from '../markdown.ts';
import { promise, windowText } from '../objective-text.ts';
import type { SlaReport } from './report.ts';

export function definitions({ statuses, scale }: SlaReport): string {
  const objectives = table(
    [
      { name: 'Objective' },
      { name: 'What' },
      { name: 'Promise' },
      { name: 'Window' },
      { name: 'Error budget', align: 'right' },
      { name: 'Owners' },
    ],
    statuses.map(({ objective }) => [
      code(objective.id),
      text(objective.title),
      text(promise(objective)),
      windowText(objective, scale),
      budgetPercent(objective.target),
      text(objective.owners.join(', ')),
    ]),
    '',
  );
  const words = list([
    '**Good, bad, valid**: a run or an event that kept or broke the promise; valid is both together. What never answered is valid and bad. Excluded events (HTTP 4xx, orders that the risk check refused) are neither.',
    '**Weighted by time**: each scheduled run stands for the interval at which it was scheduled, so that asking more often while a service is unwell does not spend its budget faster. Each tick of a continuous subscription counts once. Raw counts are printed beside every weighted share.',
    '**Error budget**: what the target leaves, 100 % − target, of valid events. **Budget consumed**: bad ÷ (valid × (1 − target)), not capped: above 100 % the objective is missed. **Colour**: Green below 25 %, Yellow from 25 % to 75 %, Red above 75 %; Unknown without valid events, never Green.',
    '**95 % interval**: Wilson’s, on effective (Kish) counts. **How sure**: by the two-sided 95 % Clopper–Pearson interval; *demonstrated* when all of it is at or above the target, *violated* when all of it is below, otherwise *inconclusive*. The contractual figure is the attained share; the interval says how much it is worth.',
    `**Not enough events**: fewer than the objective’s minimum of valid events (${minima(statuses)}) in its window. Figures are shown all the same, and a person is to review them.`,
    '**Borderline**: an event whose age was nearer to the limit than the largest error that the offset of the prober’s clock may have; it is counted as it fell, and by an exact clock might have fallen on the other side. **Clock unverified**: nothing vouched for the prober’s clock, so nobody knows how many were; such events count all the same.',
    '**p50, p95, p99, longest**: nearest rank; p50 and p95 in charts and summaries are within 0.5 %. Where events were only counted, the worst p99 of a reading is drawn. Verdicts come from exact counts, not from these.',
    '**Never happened**: an acknowledgement, a fill, a tick or an answer that a run waited for in vain. It counts as bad, and stands as a triangle at the upper edge of its chart.',
    'Percentages are never rounded onto 100 %. All times are UTC.',
  ]);
  return [objectives, words].filter((block) => block !== '').join('\n\n');
}

function minima(statuses: readonly Status[]): string {
  const minima = [...new Set(statuses.map(({ objective }) => objective.minEvents))].toSorted((a, b) => a - b);
  return minima.length === 0 ? '–' : minima.map(count).join(', ');
}

export function assumptions(statuses: readonly Status[]): string {
  const rows = statuses.flatMap(({ objective }) =>
    objective.assumptions.map((assumption) => `† ${code(objective.id)}: ${text(assumption)}`),
  );
  return rows.length === 0 ? 'None.' : list(rows);
}
