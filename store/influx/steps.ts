/** Tallies as they were shipped, back as tallies: exact, whatever InfluxDB's integers and JSON's numbers lose. */
import type { Weighing } from '../../slo/objective.ts';
import { addTallies, isEmpty, type Tally } from '../../slo/tally.ts';
import { isSized } from '../../slo/weighted.ts';
import { InfluxError } from './influx-error.ts';
import { tagOf } from './line.ts';
import { from, tagged, within } from './places.ts';
import type { Cell, InfluxQuery, Series } from './query.ts';
import { COUNTS, MOST_SUMMED, WEIGHT_FIELDS, WEIGHTS, WIDE } from './schema.ts';

/** What was counted in one step, or a group of steps, of one location. */
export interface Step {
  readonly atMs: number;
  readonly split: string;
  readonly location: string;
  readonly tally: Tally;
}

export interface StepQuery {
  readonly objective: string;
  readonly weighing: Weighing;
  readonly fromMs: number;
  readonly toMs: number;
}

const DIGITS = {
  goodWeight: 'good_millionths_ms',
  badWeight: 'bad_millionths_ms',
  squaredWeight: 'squared_millionths2',
} as const;

/** Every step that counted something, ascending by time. */
export async function* steps(
  query: InfluxQuery,
  locations: readonly string[] | null,
  asked: StepQuery,
): AsyncIterable<Step> {
  const { weighing } = asked;
  const weights = isSized(weighing) ? Object.values(DIGITS) : [...Object.values(WEIGHT_FIELDS[weighing]), 'wide'];
  const names = [...COUNTS, ...weights, 'exact_split', 'split', 'location'].map((name) => `"${name}"`);
  const influxql = `SELECT ${names.join(', ')} FROM pulsedrill_tally WHERE ${whereOf(asked, locations)}`;
  for await (const series of query.ask(influxql)) {
    const cellOf = reader(series);
    for (const row of series.values) {
      const cell = (name: string): Cell => cellOf(row, name);
      const tally = { ...countsOf(cell), ...weightsOf(cell, asked, query.place) };
      if (isEmpty(tally)) continue;
      const exact = cell('exact_split');
      const split: unknown = typeof exact === 'string' ? JSON.parse(exact) : cell('split');
      yield { atMs: timeOf(row), split: textOf(split), location: textOf(cell('location')), tally };
    }
  }
}

/**
 * Sums of `groupMs`, counted from `fromMs`, which InfluxDB adds up where a double holds them, and this end where it does
 * not. Ascending by time within a split and location.
 */
export async function* sums(
  query: InfluxQuery,
  locations: readonly string[] | null,
  asked: StepQuery & { readonly groupMs: number; readonly stepMs: number },
): AsyncIterable<Step> {
  const { weighing, groupMs, stepMs, fromMs } = asked;
  if (isSized(weighing) || groupMs <= stepMs || groupMs > MOST_SUMMED * stepMs || !Number.isInteger(groupMs)) {
    for await (const step of steps(query, locations, asked)) {
      yield { ...step, atMs: fromMs + Math.floor((step.atMs - fromMs) / groupMs) * groupMs };
    }
    return;
  }
  const fields = [...COUNTS, ...Object.values(WEIGHT_FIELDS[weighing])];
  const columns = [...fields.map((name) => `sum("${name}") AS "${name}"`), 'count("wide") AS "wide"'];
  columns.push('last("exact_split") AS "exact_split"');
  const offsetMs = ((Math.floor(fromMs) % groupMs) + groupMs) % groupMs;
  const influxql =
    `SELECT ${columns.join(', ')} FROM pulsedrill_tally WHERE ${whereOf(asked, locations)} ` +
    `GROUP BY time(${groupMs}ms, ${offsetMs}ms), "split", "location" fill(none)`;
  for await (const series of query.ask(influxql)) {
    const cellOf = reader(series);
    for (const row of series.values) {
      const cell = (name: string): Cell => cellOf(row, name);
      const atMs = timeOf(row);
      const location = series.tags['location'] ?? '';
      if (Number(cell('wide') ?? 0) > 0) {
        const group = { ...asked, fromMs: Math.max(fromMs, atMs), toMs: Math.min(asked.toMs, atMs + groupMs) };
        const tag = series.tags['split'] ?? '';
        for await (const step of steps(query, [location], group)) {
          if (tagOf(step.split) === tag) yield { ...step, atMs };
        }
        continue;
      }
      const tally = { ...countsOf(cell), ...weightsOf(cell, asked, query.place) };
      if (isEmpty(tally)) continue;
      const exact = cell('exact_split');
      const split: unknown = typeof exact === 'string' ? JSON.parse(exact) : series.tags['split'];
      yield { atMs, split: textOf(split), location, tally };
    }
  }
}

/** The same of all locations together, by moment and split. @param group what moments are gathered into */
export async function byMoment(
  found: AsyncIterable<Step>,
  bySplit: boolean,
  group: { readonly fromMs: number; readonly groupMs: number } | null,
): Promise<ReadonlyMap<string, Summed>> {
  const groups = new Map<string, Summed>();
  for await (const { atMs: momentMs, split: own, tally } of found) {
    const atMs =
      group === null ? momentMs : group.fromMs + Math.floor((momentMs - group.fromMs) / group.groupMs) * group.groupMs;
    const split = bySplit ? own : '';
    const key = `${atMs} ${split}`;
    const earlier = groups.get(key);
    groups.set(key, { atMs, split, tally: earlier === undefined ? tally : addTallies(earlier.tally, tally) });
  }
  return groups;
}

export interface Summed {
  readonly atMs: number;
  readonly split: string;
  readonly tally: Tally;
}

function whereOf({ objective, fromMs, toMs }: StepQuery, locations: readonly string[] | null): string {
  return [tagged('objective', objective), within(fromMs, toMs), from(locations)].join(' AND ');
}

type CellOf = (name: string) => Cell;

function reader({ columns }: Series): (row: readonly Cell[], name: string) => Cell {
  const places = new Map(columns.map((name, index) => [name, index]));
  return (row, name) => row[places.get(name) ?? -1] ?? null;
}

function countsOf(cell: CellOf): Pick<Tally, (typeof COUNTS)[number]> {
  const [good = 0, bad = 0, excluded = 0, faults = 0, borderline = 0, bounded = 0] = COUNTS.map((name) =>
    Number(cell(name) ?? 0),
  );
  return { good, bad, excluded, faults, borderline, bounded };
}

/** @throws InfluxError where an objective was counted by other weights than it is asked for */
function weightsOf(
  cell: CellOf,
  { weighing, objective }: StepQuery,
  place: string,
): Pick<Tally, (typeof WEIGHTS)[number]> {
  const missing = (name: string): InfluxError =>
    new InfluxError(place, `${objective} was shipped without ${name}, so by another weighing than ${weighing}`);
  if (isSized(weighing)) {
    const digits = (name: string): bigint => {
      const text = cell(name);
      if (typeof text !== 'string') throw missing(name);
      return BigInt(text);
    };
    const { goodWeight, badWeight, squaredWeight } = DIGITS;
    return {
      goodWeight: digits(goodWeight),
      badWeight: digits(badWeight),
      squaredWeight: digits(squaredWeight),
      excludedWeight: 0n,
      faultWeight: 0n,
    };
  }
  const fields = WEIGHT_FIELDS[weighing];
  const numbers = WEIGHTS.map((weight) => {
    const number = cell(fields[weight]);
    if (typeof number !== 'number') throw missing(fields[weight]);
    return number;
  });
  const [goodWeight = 0n, badWeight = 0n, excludedWeight = 0n, faultWeight = 0n, squaredWeight = 0n] =
    wideOf(cell('wide'), numbers) ?? numbers.map(BigInt);
  return { goodWeight, badWeight, excludedWeight, faultWeight, squaredWeight };
}

/** All the digits, where they are of this state of the row. */
function wideOf(wide: Cell, numbers: readonly number[]): readonly bigint[] | null {
  if (typeof wide !== 'string' || numbers.every((number) => number < WIDE)) return null;
  const weights = wide.split(' ').map(BigInt);
  const isSame = weights.length === numbers.length && weights.every((weight, at) => agrees(weight, numbers[at] ?? 0));
  return isSame ? weights : null;
}

const MOST = 2n ** 63n - 1n;

function agrees(weight: bigint, number: number): boolean {
  return Number(weight > MOST ? MOST : weight) === number;
}

function timeOf(row: readonly Cell[]): number {
  return Date.parse(String(row[0]));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
