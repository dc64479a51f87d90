/**
 * A row of measures as bytes: 1 (this format), the length of a JSON text and the text, and then the cells of each series in
 * the order of the text. Most of a row are the bins of its cells, and most rows are only merged into others: so bins are
 * LEB128, as in `../packed.ts`, and are taken from where they lie.
 */
import { push, Reader } from '../packed.ts';
import { parsed } from '../rows.ts';
import type { Cell, PackedCell } from './cell.ts';
import { partOf, textOf, type MeasureRow, type PartRow, type RowText } from './text.ts';

const FORMAT = 1;
const HAS_P99 = 1;
const HAS_MAX = 2;
const HAS_VALUES = 4;
const DOUBLE = 8;

export function packRow(row: MeasureRow): Uint8Array {
  const head = Buffer.from(JSON.stringify(textOf(row)));
  const before: number[] = [FORMAT];
  push(before, head.length);
  const cells: number[] = [];
  for (const series of row.measure.series.values()) {
    push(cells, series.cells.size);
    for (const [atMs, cell] of series.cells) packCell(cells, atMs, cell);
  }
  return Buffer.concat([Uint8Array.from(before), head, Uint8Array.from(cells)]);
}

function packCell(bytes: number[], atMs: number, { values, events, never, worstP99Ms, maxMs }: Cell): void {
  const { min, max } = values;
  const flags = (worstP99Ms === null ? 0 : HAS_P99) + (maxMs === null ? 0 : HAS_MAX) + (min === null ? 0 : HAS_VALUES);
  bytes.push(flags);
  for (const value of [atMs, worstP99Ms, maxMs, min, max]) if (value !== null) bytes.push(...doubleBytes(value));
  push(bytes, events);
  push(bytes, never);
  const bins: number[] = [];
  values.pack(bins);
  push(bytes, bins.length);
  for (const byte of bins) bytes.push(byte);
}

function doubleBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(DOUBLE);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

/** @throws RangeError for bytes of another format */
export function rowOf(probe: string, body: Uint8Array): PartRow {
  if (body[0] !== FORMAT) throw new RangeError(`measures of ${probe} are of a format that is not known: ${body[0]}`);
  const reader = new Reader(body);
  reader.at = 1;
  const length = reader.number();
  const from = reader.at;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const text = parsed<RowText>(bytes.toString('utf8', from, from + length), 'body');
  return partOf(probe, text, () => cellsOf(body, from + length));
}

function cellsOf(body: Uint8Array, from: number): readonly ReadonlyMap<number, PackedCell>[] {
  const reader = new Reader(body);
  reader.at = from;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const double = (isThere: boolean): number | null => {
    if (!isThere) return null;
    reader.at += DOUBLE;
    return view.getFloat64(reader.at - DOUBLE, true);
  };
  const series: Map<number, PackedCell>[] = [];
  while (!reader.isAtEnd) {
    const cells = new Map<number, PackedCell>();
    for (let left = reader.number(); left > 0; left -= 1) {
      const flags = body[reader.at++] ?? 0;
      const atMs = double(true) ?? 0;
      const worstP99Ms = double((flags & HAS_P99) !== 0);
      const maxMs = double((flags & HAS_MAX) !== 0);
      const [min, max] = [double((flags & HAS_VALUES) !== 0), double((flags & HAS_VALUES) !== 0)];
      const events = reader.number();
      const never = reader.number();
      const length = reader.number();
      const packed = body.subarray(reader.at, reader.at + length);
      reader.at += length;
      cells.set(atMs, { packed, min, max, events, never, worstP99Ms, maxMs });
    }
    series.push(cells);
  }
  return series;
}
