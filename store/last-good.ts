import { whyNotWhole } from './check.ts';
import { LedgerError } from './ledger-error.ts';
import { openRemains } from './remains.ts';
import { SegmentTable } from './segment-table.ts';
import type { Segment } from './store.ts';
import { DAMAGED } from './sqlite-error.ts';

/** How far back a whole segment is looked for, so that nobody waits long for a message. */
const MOST_SEGMENTS = 20;

/** Of a damaged ledger: the same error, with the last state that is known to be good. Any other comes back as it is. */
export function withLastGood(error: unknown): unknown {
  if (!(error instanceof LedgerError) || error.mend !== DAMAGED.mend) return error;
  return new LedgerError('corrupt', error.path, `${DAMAGED.what}; ${lastGood(error.path)}`, DAMAGED.mend, error);
}

function lastGood(path: string): string {
  try {
    using db = openRemains(path);
    const table = new SegmentTable(db);
    const kept = table.select({}).filter(({ expiredMs }) => expiredMs === null);
    const near = kept.slice(-MOST_SEGMENTS);
    const last = near.at(-1);
    if (last === undefined) return 'it has no segment of results';
    const firstBroken = near.findIndex((segment) => whyNotWhole(table, segment) !== null);
    if (firstBroken < 0)
      return `its ${near.length === kept.length ? '' : 'last '}${near.length} segments are whole, ${untilText(last)}`;
    const whole = near[firstBroken - 1];
    if (whole === undefined) return 'no whole segment was found near its end';
    return `the last segment that is whole before the damage is ${whole.number} of ${last.number}, ${untilText(whole)}`;
  } catch {
    return 'nothing of its chain can be read';
  }
}

function untilText({ lastScheduledMs }: Segment): string {
  return `with results up to ${new Date(lastScheduledMs).toISOString()}`;
}
