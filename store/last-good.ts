import { DatabaseSync } from 'node:sqlite';
import { whyNotWhole } from './check.ts';
import { LedgerError } from './ledger-error.ts';
import { SegmentTable } from './segment-table.ts';
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
    using db = new DatabaseSync(path, { readOnly: true });
    const table = new SegmentTable(db);
    const kept = table.select({}).filter(({ expiredMs }) => expiredMs === null);
    const whole = kept.slice(-MOST_SEGMENTS).findLast((segment) => whyNotWhole(table, segment) === null);
    if (whole === undefined) return 'no whole segment was found near its end';
    const until = new Date(whole.lastScheduledMs).toISOString();
    return `the last segment that is whole is ${whole.number} of ${kept.at(-1)?.number ?? 0}, with results up to ${until}`;
  } catch {
    return 'nothing of its chain can be read';
  }
}
