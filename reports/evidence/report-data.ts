/**
 * What a page says beyond its figures (charts, lists, incidents), as JSON from which the same page is rendered again. Where
 * a status stands, only its place in the list of statuses is written: whoever reads it back puts there what was computed.
 */
import type { Exclusion } from '../../slo/exclusion.ts';
import type { Period } from '../../slo/period.ts';
import type { Status } from '../../slo/status.ts';
import type { SlaReport } from '../sla/report.ts';
import type { Json } from './canonical.ts';

/** Statuses by what they are of: all that a reader of the bundle can compute for himself. */
export interface Computed {
  readonly statuses: readonly Status[];
  /** Without what was excluded. */
  readonly without: readonly Status[];
  /** Those that touch the window of an objective. */
  readonly exclusions: readonly Exclusion[];
  /** How much of each window was measured. */
  readonly periods: readonly Period[];
}

const MARK = '$';

export function encodeReport(report: SlaReport, { statuses, without }: Pick<Computed, 'statuses' | 'without'>): Json {
  const places = new Map<unknown, Json>([
    ...statuses.map((status, index) => [status, { [MARK]: 'status', index }] as const),
    ...without.map((status, index) => [status, { [MARK]: 'without', index }] as const),
  ]);
  const encode = (value: unknown): Json => {
    const place = places.get(value);
    if (place !== undefined) return place;
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'bigint') return { [MARK]: 'integer', text: String(value) };
    if (typeof value === 'number') {
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { [MARK]: 'number', text: numberText(value) };
    }
    if (Array.isArray(value)) return value.map(encode);
    if (typeof value !== 'object') throw new TypeError(`a report holds ${typeof value}`);
    if (value instanceof Map) return { [MARK]: 'map', entries: [...value].map((entry) => entry.map(encode)) };
    if (MARK in value) throw new TypeError('a report holds what stands for something else');
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, encode(item)]));
  };
  return encode(report);
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** @throws TypeError for what no report was ever encoded as */
export function decodeReport(data: unknown, { statuses, without, exclusions, periods }: Computed): SlaReport {
  const decode = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(decode);
    const cells = new Map<string, unknown>(Object.entries(value));
    const mark = cells.get(MARK);
    if (mark === undefined) return Object.fromEntries([...cells].map(([key, item]) => [key, decode(item)]));
    const [index, text, entries] = [cells.get('index'), cells.get('text'), cells.get('entries')];
    const found = mark === 'status' ? statuses : mark === 'without' ? without : [];
    const status = typeof index === 'number' ? found[index] : undefined;
    if (status !== undefined) return status;
    if (mark === 'integer' && typeof text === 'string' && /^-?\d{1,60}$/.test(text)) return BigInt(text);
    if (mark === 'number' && typeof text === 'string' && /^(?:NaN|-?Infinity|-0)$/.test(text)) return Number(text);
    if (mark === 'map' && Array.isArray(entries))
      return new Map(entries.filter(isPair).map(([key, item]) => [decode(key), decode(item)]));
    throw new TypeError(`data/report.json: ${JSON.stringify(value).slice(0, 80)} stands for nothing`);
  };
  // What comes out is rendered and compared byte for byte: a wrong shape shows there, or throws.
  const report: unknown = decode(data);
  // What was excluded is said by the events that the bundle carries, and what was measured by its tallies.
  const said = { ...asReport(report), exclusions, periods };
  return said;
}

function isPair(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

function asReport(value: unknown): SlaReport {
  if (!isReport(value)) throw new TypeError('data/report.json: not a report');
  return value;
}

function isReport(value: unknown): value is SlaReport {
  return (
    typeof value === 'object' &&
    value !== null &&
    'statuses' in value &&
    Array.isArray(value.statuses) &&
    'measurements' in value &&
    'environment' in value
  );
}
