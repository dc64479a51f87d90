/** Rows of measures as they were written up to schema 7: all of it JSON. Only the migration to bytes reads them. */
import type { DatabaseSync } from 'node:sqlite';
import { push } from '../packed.ts';
import { newCell, type Cell } from './cell.ts';
import { newMeasure, type Measure } from './measure.ts';
import { packRow } from './packed-row.ts';
import { partOf, type RowText } from './text.ts';

/** `values`: least, most, below the bins, and the bins: how far each is from the one before, and how many it has. */
interface CellText {
  readonly at: number;
  readonly events: number;
  readonly never: number;
  readonly p99: number | null;
  readonly max: number | null;
  readonly values: readonly [min: number | null, max: number | null, low: number, ...bins: number[]];
}

type WholeText = RowText & { readonly series: Readonly<Record<string, { readonly cells: readonly CellText[] }>> };

/** The same row as bytes. */
export function packedText(probe: string, body: string): Uint8Array {
  const text: WholeText = JSON.parse(body);
  const { measure, ...rest } = partOf(probe, text, () => []);
  const series: Measure['series'] = new Map();
  for (const [indicator, own] of measure.series) {
    series.set(indicator, { ...own, cells: new Map((text.series[indicator]?.cells ?? []).map(cellOf)) });
  }
  return packRow({ ...rest, measure: { ...newMeasure(measure, measure.firstMs), ...measure, series } });
}

function cellOf({ at, events, never, p99, max, values }: CellText): [number, Cell] {
  const [least, most, low, ...steps] = values;
  const bytes: number[] = [];
  push(bytes, low);
  push(bytes, steps.length / 2);
  // The first bin may be below zero.
  for (const [index, step] of steps.entries()) push(bytes, index > 0 ? step : step < 0 ? -2 * step - 1 : 2 * step);
  const cell = newCell();
  cell.values.mergePacked(Uint8Array.from(bytes), least, most);
  return [at, Object.assign(cell, { events, never, worstP99Ms: p99, maxMs: max })];
}

/** Rows in one read: some megabytes. */
const PAGE = 500;

/** Moves all rows from `measures_as_text` to `measures`. */
export function packMeasures(db: DatabaseSync): void {
  const read = db.prepare('SELECT id, span, at_ms, probe, body FROM measures_as_text WHERE id > ? ORDER BY id LIMIT ?');
  const write = db.prepare('INSERT INTO measures VALUES (?, ?, ?, ?, ?)');
  for (let after = -1; ;) {
    const rows = read.all(after, PAGE);
    for (const { id, span, at_ms: atMs, probe, body } of rows) {
      write.run(Number(id), String(span), Number(atMs), String(probe), packedText(String(probe), String(body)));
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = Number(last['id']);
  }
}
