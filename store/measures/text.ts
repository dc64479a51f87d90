/** What of a row of measures is written as text: JSON, exact in every figure, numbers of any size as digits. */
import { rational } from '../../slo/decimal.ts';
import type { Cell, PackedCell } from './cell.ts';
import type { CauseSum, CauseSums } from './causes.ts';
import { newMeasure, type Lack, type Measure, type MeasurePart, type Single, type Singles } from './measure.ts';
import { newOrders, type Done, type Orders } from './orders.ts';

/** What is kept of one probe for an hour or a day. */
export interface MeasureRow {
  readonly measure: Measure;
  /** By venue. */
  readonly orders: Map<string, Orders>;
  /** By objective; of those that had bad events of this probe. */
  readonly causes: Map<string, CauseSums>;
}

/** The same as it is read: to be taken in by others. */
export interface PartRow extends Omit<MeasureRow, 'measure'> {
  readonly measure: MeasurePart;
}

type Counts = Readonly<Record<string, number>>;
type SingleText = readonly [atMs: number, ms: number | null, isBad: 0 | 1];
type DoneText = readonly [submitted: string, submittedBy: string, executed: string, executedBy: string];

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

export interface RowText {
  readonly kind: string;
  readonly service: string;
  readonly counts: Measure['counts'];
  readonly reasons: Counts;
  readonly cadences: Counts;
  readonly times: readonly [firstMs: number, lastMs: number, silentFromMs: number, silentMs: number];
  readonly drawn: boolean;
  /** Without their cells, which are bytes. */
  readonly series: Readonly<Record<string, { counted: boolean; because: Counts; each: readonly SingleText[] | null }>>;
  readonly lacks: readonly {
    readonly has: readonly string[];
    readonly reason: string;
    readonly each: readonly SingleText[] | null;
    readonly cells: readonly (readonly [atMs: number, runs: number])[];
  }[];
  readonly orders: readonly OrdersText[];
  readonly causes: Readonly<Record<string, readonly CauseText[]>>;
}

export function textOf({ measure, orders, causes }: MeasureRow): RowText {
  const { kind, service, counts, reasons, cadences, firstMs, lastMs, silence, isDrawn } = measure;
  return {
    kind,
    service,
    counts,
    reasons: Object.fromEntries(reasons),
    cadences: Object.fromEntries(cadences),
    times: [firstMs, lastMs, silence.fromMs, silence.ms],
    drawn: isDrawn,
    series: mapped(measure.series, ({ counted, neverBecause, each }) => ({
      counted,
      because: Object.fromEntries(neverBecause),
      each: eachText(each),
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
}

type Cells = ReadonlyMap<number, Cell | PackedCell>;

/** @param cellsOf of each series, in the order of the text: asked once, when somebody looks at them */
export function partOf(probe: string, text: RowText, cellsOf: () => readonly Cells[]): PartRow {
  const [firstMs, lastMs, fromMs, ms] = text.times;
  let series: MeasurePart['series'] | null = null;
  const measure: MeasurePart = {
    ...newMeasure({ probe, kind: text.kind, service: text.service }, firstMs),
    counts: { ...text.counts },
    reasons: new Map(Object.entries(text.reasons)),
    cadences: new Map(Object.entries(text.cadences)),
    lastMs,
    silence: { fromMs, ms },
    isDrawn: text.drawn,
    get series() {
      return (series ??= seriesOf(text, cellsOf()));
    },
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

function seriesOf(text: RowText, cells: readonly Cells[]): MeasurePart['series'] {
  return new Map(
    Object.entries(text.series).map(([indicator, { counted, because, each }], index) => [
      indicator,
      { counted, neverBecause: new Map(Object.entries(because)), ...singles(each), cells: cells[index] ?? new Map() },
    ]),
  );
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
