/**
 * What makes an altered result visible: h(n) = SHA-256(h(n−1) ‖ canonical bytes of result n), in the order in which they
 * were stored. docs/ledger.md says it so that somebody else can recompute it.
 */
import { hash } from 'node:crypto';
import { integer, number } from './rows.ts';
import type { Cell, Row } from './rows.ts';

/** The head before the first result: 32 zero bytes, in hexadecimal as every head. */
export const FIRST_HEAD = '0'.repeat(64);
const HEAD_BYTES = 32;

/** A result as it stands in its row; its nanoseconds are text. */
export interface Link {
  readonly seq: number;
  readonly scheduledMs: number;
  readonly cells: readonly Cell[];
}

/** The format of the canonical bytes, their first cell: another one would get another number. */
const FORMAT = 1;

/** The cells that are chained, in this order, after the format. */
const CHAINED = [
  'seq',
  'run_id',
  'probe',
  'kind',
  'service',
  'location',
  'endpoint',
  'venue',
  'ts_ns',
  'scheduled_ms',
  'started_ms',
  'lateness_ms',
  'duration_ms',
  'cadence',
  'weight_ms',
  'outcome',
  'reason',
  'detail',
  'dns_ms',
  'connect_ms',
  'tls_ms',
  'sent_ms',
  'first_byte_ms',
  'transfer_ms',
  'readings',
  'values',
  'trail',
  'loop_delay_ms',
  'gameday',
  'recorded_ms',
] as const;

const OF_SERIES: ReadonlySet<string> = new Set(['probe', 'kind', 'service', 'location', 'endpoint', 'venue']);
/** Beyond what a double holds after somebody altered it, and never before: rounded then, as every number is. */
const INTEGERS: ReadonlySet<string> = new Set(['seq', 'weight_ms', 'recorded_ms']);

/** For rows as arrays: the cells of a {@link Link}, without an object or a bigint on the way. */
export const SELECT_CHAINED = `SELECT ${CHAINED.map(selected).join(', ')}
  FROM results r JOIN series s ON s.id = r.series`;

function selected(column: (typeof CHAINED)[number]): string {
  const cell = `${OF_SERIES.has(column) ? 's' : 'r'}."${column}"`;
  if (column === 'ts_ns') return `CAST(${cell} AS TEXT)`;
  return INTEGERS.has(column) ? `CAST(${cell} AS REAL)` : cell;
}

/** The link of a stored row, which holds its series as well. */
export function linkOf(row: Row): Link {
  const cells = CHAINED.map((column) => {
    // Nanoseconds are beyond what a number holds; every other integer is not.
    if (column === 'ts_ns') return String(integer(row, column));
    const cell = row[column] ?? null;
    return typeof cell === 'bigint' ? Number(cell) : cell;
  });
  return { seq: number(row, 'seq'), scheduledMs: number(row, 'scheduled_ms'), cells };
}

/** The same text for a result that is about to be stored as for the row that is read back. */
function canonical(cell: Cell): Cell {
  if (typeof cell === 'string') return cell.toWellFormed();
  return cell === Infinity || cell === -Infinity ? String(cell) : cell;
}

const BEGINNING = `[${FORMAT},`;

/** A JSON array without spaces; numbers as ECMAScript writes them (RFC 8785). To be encoded as UTF-8. */
export function canonicalText(link: Pick<Link, 'cells'>): string {
  return `${BEGINNING}${listText(link).slice(1)}`;
}

/** The same without its first cell. */
function listText({ cells }: Pick<Link, 'cells'>): string {
  const text = JSON.stringify(cells);
  // Seldom is anything in them that JSON would write in another way than the row that is read back.
  const isPlain = !text.includes('\\ud') && !cells.includes(Infinity) && !cells.includes(-Infinity);
  return isPlain ? text : JSON.stringify(cells.map(canonical));
}

let scratch = Buffer.alloc(16_384);

/** @param head lower-case hexadecimal, as the answer */
export function nextHead(head: string, link: Pick<Link, 'cells'>): string {
  const list = listText(link);
  // No character of a string takes more than three bytes of UTF-8 a unit.
  const most = HEAD_BYTES + BEGINNING.length + list.length * 3;
  if (scratch.length < most) scratch = Buffer.alloc(most);
  scratch.write(head, 'hex');
  // The list's own bracket is overwritten: a text of both would be built only to be copied.
  const from = HEAD_BYTES + BEGINNING.length - 1;
  const end = from + scratch.write(list, from, 'utf8');
  scratch.write(BEGINNING, HEAD_BYTES, 'latin1');
  return hash('sha256', scratch.subarray(0, end), 'hex');
}
