/** A row of measures as text: JSON, exact in every figure, numbers of any size as digits. */
import { rational } from '../../slo/decimal.ts';
import { newCell, type Cell } from './cell.ts';
import type { CauseSum, CauseSums } from './causes.ts';
import { newMeasure, type Lack, type Measure, type Series, type Single, type Singles } from './measure.ts';
import { newOrders, type Done, type Orders } from './orders.ts';

/** What is kept of one probe for an hour or a day. */
export interface MeasureRow {
  readonly measure: Measure;
  /** By venue. */
  readonly orders: Map<string, Orders>;
  /** By objective; of those that had bad events of this probe. */
  readonly causes: Map<string, CauseSums>;
}

type Counts = Readonly<Record<string, number>>;
type SingleText = readonly [atMs: number, ms: number | null, isBad: 0 | 1];
type DoneText = readonly [submitted: string, submittedBy: string, executed: string, executedBy: string];

/** `values`: least, most, below the bins, and the bins: how far each is from the one before, and how many it has. */
interface CellText {
  readonly at: number;
  readonly events: number;
  readonly never: number;
  readonly p99: number | null;
  readonly max: number | null;
  readonly values: readonly [min: number | null, max: number | null, low: number, ...bins: number[]];
}

interface OrdersText {
  readonly venue: string;
  readonly counts: readonly [orders: number, neverAcked: number, duplicates: number, notFlat: number, leftOpen: number];
  readonly quantities: Readonly<Record<string, DoneText>>;
  readonly notional: DoneText | null;
  readonly weighted: DoneText | null;
  readonly acked: Readonly<Record<string, readonly [within: number, of: number]>>;
  readonly rejected: Counts;
  readonly refused: Counts;
  readonly position: number | null;
}

interface CauseText {
  readonly reason: string | null;
  readonly runs: number;
  readonly first: number;
  readonly last: number;
  readonly parts: Readonly<Record<string, readonly [events: number, weight: string]>>;
}

interface RowText {
  readonly kind: string;
  readonly service: string;
  readonly counts: Measure['counts'];
  readonly reasons: Counts;
  readonly cadences: Counts;
  readonly times: readonly [firstMs: number, lastMs: number, silentFromMs: number, silentMs: number];
  readonly drawn: boolean;
  readonly series: Readonly<
    Record<
      string,
      { counted: boolean; because: Counts; each: readonly SingleText[] | null; cells: readonly CellText[] }
    >
  >;
  readonly lacks: readonly {
    readonly has: readonly string[];
    readonly reason: string;
    readonly each: readonly SingleText[] | null;
    readonly cells: readonly (readonly [atMs: number, runs: number])[];
  }[];
  readonly orders: readonly OrdersText[];
  readonly causes: Readonly<Record<string, readonly CauseText[]>>;
}

export function rowText({ measure, orders, causes }: MeasureRow): string {
  const { kind, service, counts, reasons, cadences, firstMs, lastMs, silence, isDrawn } = measure;
  const text: RowText = {
    kind,
    service,
    counts,
    reasons: Object.fromEntries(reasons),
    cadences: Object.fromEntries(cadences),
    times: [firstMs, lastMs, silence.fromMs, silence.ms],
    drawn: isDrawn,
    series: mapped(measure.series, ({ counted, neverBecause, each, cells }) => ({
      counted,
      because: Object.fromEntries(neverBecause),
      each: eachText(each),
      cells: [...cells].map(cellText),
    })),
    lacks: [...measure.lacks.values()].map(({ has, reason, each, cells }) => ({
      has,
      reason,
      each: eachText(each),
      cells: [...cells],
    })),
    orders: [...orders.values()].map(ordersText),
    causes: mapped(causes, (sums) => [...sums.values()].map(causeText)),
  };
  return JSON.stringify(text);
}

export function rowOf(probe: string, body: string): MeasureRow {
  const text: RowText = JSON.parse(body);
  const [firstMs, lastMs, fromMs, ms] = text.times;
  const measure: Measure = {
    ...newMeasure({ probe, kind: text.kind, service: text.service }, firstMs),
    counts: { ...text.counts },
    reasons: new Map(Object.entries(text.reasons)),
    cadences: new Map(Object.entries(text.cadences)),
    lastMs,
    silence: { fromMs, ms },
    isDrawn: text.drawn,
    series: new Map(
      Object.entries(text.series).map(([indicator, { counted, because, each, cells }]): [string, Series] => [
        indicator,
        { counted, neverBecause: new Map(Object.entries(because)), ...singles(each), cells: new Map(cells.map(cell)) },
      ]),
    ),
    lacks: new Map(
      text.lacks.map(({ has, reason, each, cells }, index): [string, Lack] => [
        String(index),
        { has, reason, ...singles(each), cells: new Map(cells) },
      ]),
    ),
  };
  return {
    measure,
    orders: new Map(text.orders.map((each) => [each.venue, ordersOf(each)])),
    causes: new Map(
      Object.entries(text.causes).map(([objective, sums]) => [
        objective,
        new Map(sums.map((sum, index) => [String(index), causeOf(sum)])),
      ]),
    ),
  };
}

function mapped<V, T>(map: ReadonlyMap<string, V>, to: (value: V) => T): Readonly<Record<string, T>> {
  return Object.fromEntries([...map].map(([key, value]) => [key, to(value)]));
}

function eachText(each: readonly Single[] | null): readonly SingleText[] | null {
  return each && each.map(({ atMs, ms, isBad }) => [atMs, ms, isBad ? 1 : 0]);
}

function singles(each: readonly SingleText[] | null): Singles {
  return { each: each && each.map(([atMs, ms, isBad]) => ({ atMs, ms, isBad: isBad === 1 })), gaps: [] };
}

function cellText([at, { events, never, worstP99Ms, maxMs, values }]: [number, Cell]): CellText {
  const bins: number[] = [];
  let before = 0;
  for (const [bin, samples] of [...values.parts.bins].toSorted(([a], [b]) => a - b)) {
    bins.push(bin - before, samples);
    before = bin;
  }
  return {
    at,
    events,
    never,
    p99: worstP99Ms,
    max: maxMs,
    values: [values.min, values.max, values.parts.low, ...bins],
  };
}

function cell({ at, events, never, p99, max, values }: CellText): [number, Cell] {
  const made = newCell();
  const [least, most, low, ...steps] = values;
  const bins = new Map<number, number>();
  let samples = low;
  for (let index = 0, bin = 0; index < steps.length; index += 2) {
    bin += steps[index] ?? 0;
    const count = steps[index + 1] ?? 0;
    bins.set(bin, count);
    samples += count;
  }
  made.values.merge({ parts: { bins, low }, samples, min: least, max: most });
  return [at, Object.assign(made, { events, never, worstP99Ms: p99, maxMs: max })];
}

function doneText(done: Done): DoneText {
  const { submitted, executed } = done;
  return [`${submitted.num}`, `${submitted.den}`, `${executed.num}`, `${executed.den}`];
}

function doneOf([submitted, submittedBy, executed, executedBy]: DoneText): Done {
  return {
    submitted: rational(BigInt(submitted), BigInt(submittedBy)),
    executed: rational(BigInt(executed), BigInt(executedBy)),
  };
}

function ordersText(own: Orders): OrdersText {
  return {
    venue: own.venue,
    counts: [own.orders, own.neverAcked, own.duplicates, own.notFlat, own.leftOpen],
    quantities: mapped(own.quantities, doneText),
    notional: own.notional && doneText(own.notional),
    weighted: own.weighted && doneText(own.weighted),
    acked: mapped(own.acked, ({ within, of }) => [within, of] as const),
    rejected: Object.fromEntries(own.rejected),
    refused: Object.fromEntries(own.refused),
    position: own.largestPosition,
  };
}

function ordersOf(text: OrdersText): Orders {
  const [orders, neverAcked, duplicates, notFlat, leftOpen] = text.counts;
  return {
    ...newOrders(text.venue),
    orders,
    neverAcked,
    duplicates,
    notFlat,
    leftOpen,
    quantities: new Map(Object.entries(text.quantities).map(([symbol, done]) => [symbol, doneOf(done)])),
    notional: text.notional && doneOf(text.notional),
    weighted: text.weighted && doneOf(text.weighted),
    acked: new Map(Object.entries(text.acked).map(([limit, [within, of]]) => [limit, { within, of }])),
    rejected: new Map(Object.entries(text.rejected)),
    refused: new Map(Object.entries(text.refused)),
    largestPosition: text.position,
  };
}

function causeText({ reason, runs, firstMs, lastMs, parts }: CauseSum): CauseText {
  return {
    reason,
    runs,
    first: firstMs,
    last: lastMs,
    parts: mapped(parts, ({ events, weight }) => [events, `${weight}`] as const),
  };
}

function causeOf({ reason, runs, first, last, parts }: CauseText): CauseSum {
  return {
    reason,
    runs,
    firstMs: first,
    lastMs: last,
    parts: new Map(
      Object.entries(parts).map(([split, [events, weight]]) => [split, { events, weight: BigInt(weight) }]),
    ),
  };
}
