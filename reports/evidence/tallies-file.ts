/**
 * The minutes of one objective as lines of JSON, an hour and split each: `[start, split, steps]`, `steps` in base64 as the
 * ledger packs them (docs/ledger.md), which holds integers of any size exactly.
 */
import { joined, packStep, unpack, type PackedStep } from '../../store/packed.ts';
import type { RollupRow } from '../../store/store.ts';

export const STEPS_AN_HOUR = 60;
/** Of one figure: 2^140 is beyond anything that counts. */
const MOST_BYTES_A_FIGURE = 20;
const MOST_ROWS = 1_000_000;

export function talliesText(rows: readonly RollupRow[]): string {
  return rows
    .map(({ atMs, split, steps }) => `${JSON.stringify([atMs, split, Buffer.from(steps).toString('base64')])}\n`)
    .join('');
}

/** A row without the steps that a range does not hold; null where nothing is left. */
export function cutRow(row: RollupRow, stepMs: number, fromMs: number, toMs: number): RollupRow | null {
  if (row.atMs >= fromMs && row.atMs + STEPS_AN_HOUR * stepMs <= toMs) return row;
  const kept = unpack(row.steps, row.atMs, stepMs).filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  return kept.length === 0 ? null : { ...row, steps: packed(kept, row.atMs, stepMs) };
}

function packed(steps: readonly PackedStep[], fromMs: number, stepMs: number): Uint8Array {
  const indexOf = ({ atMs }: PackedStep): number => Math.round((atMs - fromMs) / stepMs);
  return joined(new Map(steps.map((step) => [indexOf(step), packStep(indexOf(step), step)])));
}

export type ReadTallies =
  | { readonly ok: true; readonly rows: readonly RollupRow[] }
  | { readonly ok: false; readonly problem: string };

/** Of a text that somebody else may have written: only what {@link talliesText} would write of what was read. */
export function readTallies(text: string, stepMs: number): ReadTallies {
  if (text !== '' && !text.endsWith('\n')) return { ok: false, problem: 'its last line has no end' };
  const rows: RollupRow[] = [];
  let line = 0;
  for (let from = 0; from < text.length;) {
    line += 1;
    const to = text.indexOf('\n', from);
    const row = line > MOST_ROWS ? null : rowOf(text.slice(from, to), stepMs);
    if (row === null) return { ok: false, problem: `line ${line} is no hour of tallies` };
    const last = rows.at(-1);
    if (last !== undefined && (row.atMs < last.atMs || (row.atMs === last.atMs && row.split <= last.split))) {
      return { ok: false, problem: `line ${line} is not in order of time and split` };
    }
    rows.push(row);
    from = to + 1;
  }
  return { ok: true, rows };
}

function rowOf(line: string, stepMs: number): RollupRow | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length !== 3) return null;
  const [atMs, split, base64]: readonly unknown[] = value;
  if (typeof atMs !== 'number' || typeof split !== 'string' || typeof base64 !== 'string') return null;
  if (!Number.isSafeInteger(atMs) || atMs % (STEPS_AN_HOUR * stepMs) !== 0) return null;
  const steps = new Uint8Array(Buffer.from(base64, 'base64'));
  const row = { atMs, split, steps };
  return isPacked(steps) && isAsPacked(row, stepMs) && talliesText([row]) === `${line}\n` ? row : null;
}

/** Looked at before anything is made of it, so that what it costs is bounded. */
function isPacked(bytes: Uint8Array): boolean {
  let at = 0;
  let last = -1;
  const skip = (most: number): number | null => {
    const from = at;
    let value = 0;
    while (at < bytes.length && at - from < most) {
      const byte = bytes[at] ?? 0;
      value += (byte & 0x7f) * 2 ** (7 * (at - from));
      at += 1;
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < bytes.length) {
    const index = skip(1);
    const mask = skip(2);
    if (index === null || index <= last || index >= STEPS_AN_HOUR || mask === null || mask >= 1 << 11) return false;
    for (let rest = mask; rest !== 0; rest >>= 1)
      if ((rest & 1) !== 0 && skip(MOST_BYTES_A_FIGURE) === null) return false;
    last = index;
  }
  return bytes.length > 0;
}

/** No other bytes say the same: a figure of 0 is left out, and a count is one that a number holds. */
function isAsPacked({ atMs, steps }: RollupRow, stepMs: number): boolean {
  const found = unpack(steps, atMs, stepMs);
  const counts = found.flatMap(({ good, bad, faults, excluded, borderline, bounded }) => [
    good,
    bad,
    faults,
    excluded,
    borderline,
    bounded,
  ]);
  return counts.every(Number.isSafeInteger) && Buffer.compare(packed(found, atMs, stepMs), steps) === 0;
}
