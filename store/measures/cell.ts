/** What is drawn and counted of the events of one indicator in one stretch of time, whatever their number. */
import type { CountReading } from '../../probes/probe.ts';
import { Quantiles } from './quantiles.ts';

export interface Cell {
  readonly values: Quantiles;
  events: number;
  /** Events that never happened: +∞. */
  never: number;
  /** Of events that were only counted. */
  worstP99Ms: number | null;
  maxMs: number | null;
}

export function newCell(): Cell {
  return { values: new Quantiles(), events: 0, never: 0, worstP99Ms: null, maxMs: null };
}

/** One event; `ms` null: it never happened. */
export function addSingle(cell: Cell, ms: number | null): void {
  cell.events += 1;
  if (ms === null) {
    cell.never += 1;
    return;
  }
  cell.values.add(ms);
  cell.maxMs = largest(cell.maxMs, ms);
}

export function addCounted(cell: Cell, reading: CountReading): void {
  cell.events += reading.valid;
  if (reading.p50Ms !== null) cell.values.add(reading.p50Ms, reading.valid);
  cell.worstP99Ms = largest(cell.worstP99Ms, reading.p99Ms);
  cell.maxMs = largest(cell.maxMs, reading.maxMs);
}

export function addNever(cell: Cell, events: number): void {
  cell.events += events;
  cell.never += events;
}

/** What was added up before; `mergePacked` takes its values straight from their bytes. */
export interface PackedCell extends Omit<Cell, 'values'> {
  readonly packed: Uint8Array;
  readonly min: number | null;
  readonly max: number | null;
}

export function mergeCell(whole: Cell, part: Cell | PackedCell): void {
  if ('packed' in part) whole.values.mergePacked(part.packed, part.min, part.max);
  else whole.values.merge(part.values);
  whole.events += part.events;
  whole.never += part.never;
  whole.worstP99Ms = largest(whole.worstP99Ms, part.worstP99Ms);
  whole.maxMs = largest(whole.maxMs, part.maxMs);
}

/** The cell of a place in time, made where there is none. */
export function cellAt<K>(cells: Map<K, Cell>, place: K): Cell {
  let cell = cells.get(place);
  if (cell === undefined) cells.set(place, (cell = newCell()));
  return cell;
}

function largest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
