/** Conditions of InfluxQL that a question consists of. */
import { literal } from './query.ts';
import { tagOf } from './line.ts';

/** InfluxDB's times are nanoseconds in 64 bits. */
const LEAST_MS = -9_223_372_036_854;
const MOST_MS = 9_223_372_036_854;

/** Half-open, of whole milliseconds around the stretch. */
export function within(fromMs: number, toMs: number): string {
  return `time >= ${bounded(Math.floor(fromMs))}ms AND time < ${bounded(Math.ceil(toMs))}ms`;
}

function bounded(ms: number): number {
  return Math.min(MOST_MS, Math.max(LEAST_MS, ms));
}

/** Points without a location are of before locations were told apart: whoever shipped them has shipped them again. */
export function from(locations: readonly string[] | null): string {
  if (locations === null) return `location != ''`;
  return `(${locations.map((location) => tagged('location', location)).join(' OR ')})`;
}

export function tagged(tag: string, value: string): string {
  return `"${tag}" = ${literal(tagOf(value))}`;
}
