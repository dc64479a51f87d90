/** Runs and events as they were shipped: each whole, as JSON in one field or several. */
import type { Result } from '../result.ts';
import type { EventQuery, LedgerEvent, ResultQuery } from '../store.ts';
import { from, tagged, within } from './places.ts';
import { literal, type Cell, type InfluxQuery, type Series } from './query.ts';

interface Kept<T> {
  readonly location: string;
  /** Its place in its ledger: what happened at one moment stays in the order in which it became durable. */
  readonly seq: number;
  readonly record: T;
}

/**
 * Ascending by scheduled time, then location, then the ledger's own order. Memory is bounded by the runs of one
 * millisecond, however many there are in all.
 */
export async function* results(
  query: InfluxQuery,
  locations: readonly string[] | null,
  asked: ResultQuery,
): AsyncIterable<Result> {
  const { fromMs, toMs, probe, probes, service, gameday, recordedBefore = Infinity } = asked;
  // There is no way to ask for one of nothing.
  if (probes?.length === 0) return;
  const where = [within(fromMs, toMs), from(locations)];
  if (probe !== undefined) where.push(tagged('probe', probe));
  if (probes !== undefined) where.push(`(${probes.map((each) => tagged('probe', each)).join(' OR ')})`);
  if (service !== undefined) where.push(tagged('service', service));
  if (gameday !== undefined) where.push(`gameday = ${literal(gameday)}`);
  const isMeant = ({ record }: Kept<Result>): boolean =>
    record.scheduledMs >= fromMs &&
    record.scheduledMs < toMs &&
    (record.recordedMs ?? 0) < recordedBefore &&
    (probe === undefined || record.probe === probe) &&
    (probes === undefined || probes.includes(record.probe)) &&
    (service === undefined || record.service === service) &&
    (gameday === undefined || record.gameday === gameday);
  let moment: Kept<Result>[] = [];
  let momentMs = Number.NEGATIVE_INFINITY;
  for await (const kept of records<Result>(query, 'pulsedrill_run', where)) {
    if (!isMeant(kept)) continue;
    const atMs = Math.floor(kept.record.scheduledMs);
    if (atMs !== momentMs) {
      yield* inOrder(moment, ({ scheduledMs }) => scheduledMs);
      moment = [];
      momentMs = atMs;
    }
    moment.push(kept);
  }
  yield* inOrder(moment, ({ scheduledMs }) => scheduledMs);
}

/** Ascending by time, then location, then the ledger's own order; each with its location. */
export async function events(
  query: InfluxQuery,
  locations: readonly string[] | null,
  { fromMs = -Infinity, toMs = Infinity, kind, service, recordedBefore = Infinity }: EventQuery,
): Promise<readonly LedgerEvent[]> {
  const where = [within(fromMs, toMs), from(locations)];
  if (kind !== undefined) where.push(tagged('kind', kind));
  if (service !== undefined) where.push(tagged('service', service));
  const found: Kept<LedgerEvent>[] = [];
  for await (const kept of records<LedgerEvent & { recordedMs?: number }>(query, 'pulsedrill_event', where)) {
    const { recordedMs = 0, ...event } = kept.record;
    if (event.atMs < fromMs || event.atMs >= toMs || recordedMs >= recordedBefore) continue;
    if (service !== undefined && event.service !== service) continue;
    found.push({ ...kept, record: { ...event, location: kept.location } });
  }
  return inOrder(found, ({ atMs }) => atMs);
}

function inOrder<T>(found: readonly Kept<T>[], timeOf: (record: T) => number): readonly T[] {
  return found
    .toSorted((a, b) => timeOf(a.record) - timeOf(b.record) || byText(a.location, b.location) || a.seq - b.seq)
    .map(({ record }) => record);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function* records<T>(query: InfluxQuery, measurement: string, where: readonly string[]): AsyncIterable<Kept<T>> {
  const parts = await partsOf(query, measurement);
  if (parts.length === 0) return;
  const fields = ['location', ...parts].map((name) => `"${name}"`).join(', ');
  for await (const series of query.ask(`SELECT ${fields} FROM ${measurement} WHERE ${where.join(' AND ')}`)) {
    yield* keptIn<T>(series);
  }
}

function* keptIn<T>({ columns, values }: Series): Iterable<Kept<T>> {
  const at = columns.indexOf('location');
  for (const row of values) {
    const text = row.filter((cell, index): cell is string => index > at && typeof cell === 'string').join('');
    if (text === '') continue;
    // What this program wrote from a record: not checked again, as in the ledger.
    const record: T & { seq?: number } = JSON.parse(text);
    const { seq = 0 } = record;
    delete record.seq;
    yield { location: textOf(row[at]), seq, record };
  }
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : '';
}

/** The fields that records of this database are in: as many as its longest one needs. */
async function partsOf(query: InfluxQuery, measurement: string): Promise<readonly string[]> {
  const numbers: number[] = [];
  for await (const { values } of query.ask(`SHOW FIELD KEYS FROM ${measurement}`)) {
    for (const row of values) {
      const number = row.map((cell) => /^record(?:_(\d+))?$/.exec(String(cell))).find((found) => found !== null);
      if (number !== undefined && number !== null) numbers.push(Number(number[1] ?? 1));
    }
  }
  return numbers.toSorted((a, b) => a - b).map((number) => (number === 1 ? 'record' : `record_${number}`));
}
