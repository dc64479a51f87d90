/** The times at which the prober was asked for more than it could do, from the events that say so. */
import type { LedgerEvent } from '../../store/store.ts';
import { count, percent, plural, span, utc } from '../figures.ts';
import { table } from '../markdown.ts';

export interface Overloaded {
  readonly fromMs: number;
  /** Null when no end is on record: it lasts, or the process was killed. */
  readonly toMs: number | null;
  /** From its end, or where there is none from its beginning: figures by the names of the event's body. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** @param events of the kind `overload`, ascending by time, those before and after the range included */
export function overloadsOf(
  events: readonly LedgerEvent[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly Overloaded[] {
  const found: Overloaded[] = [];
  let open: Overloaded | null = null;
  for (const { subject, atMs, body } of events) {
    if (subject === 'began') {
      if (open !== null) found.push(open);
      open = { fromMs: atMs, toMs: null, body };
    } else {
      found.push({ fromMs: open?.fromMs ?? numberOf(body, 'sinceMs') ?? atMs, toMs: atMs, body });
      open = null;
    }
  }
  if (open !== null) found.push(open);
  return found.filter((each) => each.fromMs < toMs && (each.toMs ?? each.fromMs) >= fromMs);
}

/** Under the coverage of the prober, which it explains. */
export function overloadText({ overloads }: { readonly overloads: readonly Overloaded[] }): string {
  if (overloads.length === 0) return 'No overload of the prober is on record.';
  const known = overloads.flatMap(({ fromMs, toMs }) => (toMs === null ? [] : [toMs - fromMs]));
  const inAll = known.length === 0 ? '' : `, ${span(known.reduce((sum, ms) => sum + ms, 0))} in all`;
  const endless = overloads.length - known.length;
  const without = endless === 0 ? '' : ` (${endless} without an end on record)`;
  const rows = overloads.map(({ fromMs, toMs, body }) => [
    utc(fromMs),
    toMs === null ? 'no end on record' : span(toMs - fromMs),
    ...['runs', 'late', 'missed', 'overlapped', 'stalled'].map((name) => countOf(numberOf(body, name))),
    span(numberOf(body, 'worstMs')),
    percent(numberOf(body, 'busy')),
  ]);
  return [
    `**The prober was overloaded ${plural(overloads.length, 'time')}${inAll}${without}**: it was asked for more than it could do. Runs that it missed or spoiled are in no objective; those that only began late are, with what they found.`,
    table(
      [
        { name: 'From (UTC)' },
        { name: 'For' },
        { name: 'Runs', align: 'right' },
        { name: 'Began late', align: 'right' },
        { name: 'Missed', align: 'right' },
        { name: 'Overlapped', align: 'right' },
        { name: 'Spoiled', align: 'right' },
        { name: 'Latest', align: 'right' },
        { name: 'Event loop busy', align: 'right' },
      ],
      rows,
      '',
    ),
  ].join('\n\n');
}

function numberOf(body: LedgerEvent['body'], name: string): number | null {
  const value = body[name];
  return typeof value === 'number' ? value : null;
}

function countOf(value: number | null): string {
  return value === null ? '–' : count(value);
}
