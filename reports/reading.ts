/**
 * What a report says of the results of a range: from the roll-ups of whole hours and days where the store keeps them, from
 * the results themselves where it does not. Both ways give the same figures.
 */
import type { Status } from '../slo/status.ts';
import type { TimeBase } from '../slo/time-base.ts';
import { rowOf } from '../store/measures/packed-row.ts';
import type { PartRow } from '../store/measures/text.ts';
import type { Result } from '../store/result.ts';
import type { Stretch } from '../store/rules.ts';
import type { MeasuredStretch, StoreReader } from '../store/store.ts';
import { causeFinder, type CauseFinder, type Miss } from './causes.ts';
import { gatherer, type GatherOptions, type Gatherer, type Measurements } from './measurements.ts';
import { orderGatherer, type VenueOrders } from './orders.ts';

type Reader = Pick<StoreReader, 'results' | 'measures'>;

export interface Read {
  readonly measurements: Measurements;
  readonly orders: readonly VenueOrders[];
  readonly misses: readonly Miss[];
}

export interface ReadOptions extends Omit<GatherOptions, 'stepMs'> {
  readonly statuses: readonly Status[];
  readonly base: TimeBase;
}

export async function readMeasures(reader: Reader, options: ReadOptions): Promise<Read> {
  const { statuses, base, fromMs, toMs, wanted, most } = options;
  const gathering = gatherer({ fromMs, toMs, stepMs: base.minuteMs, wanted, most });
  const orders = orderGatherer();
  const causes = causeFinder(statuses, base);
  const later: Later[] = [];
  await walk(
    reader,
    { fromMs, toMs, cellMs: gathering.bucketMs },
    {
      result(result) {
        gathering.add(result);
        orders.add(result);
        causes.add(result);
      },
      stretch(stretch, rows) {
        const { span, fromMs, toMs } = stretch;
        const gap = { fromMs, toMs };
        for (const { measure, orders: own } of rows) {
          gathering.take(measure, gap);
          for (const venue of own.values()) orders.take(venue);
        }
        const only = causes.take(stretch, rows);
        if (only.length > 0) later.push({ span, fromMs, toMs, only: new Set(only) });
      },
    },
  );
  for (const each of later) await findWithin(reader, causes, each, base);
  await complete(reader, gathering);
  return { measurements: gathering.finish(), orders: orders.finish(), misses: causes.finish() };
}

interface Visitor {
  result(result: Result): void;
  stretch(stretch: MeasuredStretch, rows: readonly PartRow[]): void;
}

/** In order of time: stretches that were added up before, and between them the results. */
async function walk(reader: Reader, range: Stretch & { readonly cellMs: number }, visitor: Visitor): Promise<void> {
  const between = async (fromMs: number, toMs: number): Promise<void> => {
    if (fromMs >= toMs) return;
    for await (const result of reader.results({ fromMs, toMs })) visitor.result(result);
  };
  let atMs = range.fromMs;
  for await (const stretch of reader.measures?.(range) ?? []) {
    await between(atMs, stretch.fromMs);
    visitor.stretch(
      stretch,
      stretch.rows.map(({ probe, body }) => rowOf(probe, body)),
    );
    atMs = stretch.toMs;
  }
  await between(atMs, range.toMs);
}

/** A stretch of which some objectives' causes are to be found in smaller ones. */
interface Later extends Pick<MeasuredStretch, 'span' | 'fromMs' | 'toMs'> {
  readonly only: ReadonlySet<string>;
}

/** A day by its hours, an hour by its results. */
async function findWithin(
  reader: Reader,
  causes: CauseFinder,
  { span, fromMs, toMs, only }: Later,
  base: TimeBase,
): Promise<void> {
  const later: Later[] = [];
  const byResults: Reader = { results: (query) => reader.results(query) };
  await walk(
    span === 'day' ? reader : byResults,
    { fromMs, toMs, cellMs: base.hourMs },
    {
      result: (result) => causes.add(result, only),
      stretch(hour, rows) {
        const still = causes.take(hour, rows, only);
        if (still.length > 0) later.push({ span: 'hour', fromMs: hour.fromMs, toMs: hour.toMs, only: new Set(still) });
      },
    },
  );
  for (const each of later) await findWithin(reader, causes, each, base);
}

async function complete(reader: Reader, gathering: Gatherer): Promise<void> {
  for (const { probe, fromMs, toMs } of gathering.missing()) {
    const results: Result[] = [];
    for await (const result of reader.results({ fromMs, toMs, probe })) results.push(result);
    gathering.complete(results, { fromMs, toMs });
  }
}
