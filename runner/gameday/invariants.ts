/** What a trading platform must keep whatever happens to it, as it is looked at after an exercise. Pure. */
import type { JSONValue } from 'json-p3';
import { select } from '../../probes/jsonpath.ts';
import { orderState, isOpen } from '../../probes/paper-order/state.ts';
import type { Result } from '../../store/result.ts';
import type { OrderRecord } from '../../store/store.ts';
import type { Configuration } from '../config/configuration.ts';

export interface Invariant {
  readonly name: string;
  /** Null: not checked, because of what the detail says. */
  readonly ok: boolean | null;
  readonly detail: string;
}

/** Wall-clock moments, ms. */
export interface InvariantQuestion {
  readonly component: string;
  readonly fromMs: number;
  /** When the steady state had come back, else the last lift: from then on sequences must be whole again. */
  readonly soundMs: number;
  readonly toMs: number;
  /** What was held before anything was broken; default: nothing. */
  readonly before?: Held;
  /** How long what is wrong may take to come right, ms. */
  readonly patienceMs?: number;
}

/** Symbol → how much of it is held; nothing is left out. */
export type Held = Readonly<Record<string, number>>;
/** Or why that is not known. */
export type Holding = { readonly ok: true; readonly held: Held } | { readonly ok: false; readonly why: string };

export type Trading = NonNullable<Configuration['gamedays']['trading']>;

/** An order as the venue lists it. */
export interface Listed {
  readonly clientOrderId: string;
  readonly orderId: string;
  readonly isOpen: boolean;
  readonly status: string;
}

const kept = (name: string, detail: string): Invariant => ({ name, ok: true, detail });
const broken = (name: string, detail: string): Invariant => ({ name, ok: false, detail });
export const unchecked = (name: string, why: string): Invariant => ({
  name,
  ok: null,
  detail: `not checked because ${why}`,
});

export const NO_DUPLICATES = 'no duplicate orders';
export const NO_LOST = 'no lost orders';
export const NONE_OPEN = 'no order left open';
export const FLAT = 'flat position';
export const CONTINUOUS = 'sequence continuous';

/** What the ledger says of an order that the venue never had. */
const NEVER = /^never (?:sent|placed|arrived)/;
const SHOWN = 3;

/**
 * Our own orders against the venue's list. One that the venue acknowledged, or of which it said how it ended, must be in it;
 * none may be in it twice, and none may still be open.
 * @param acknowledged ids of the runs whose order was acknowledged
 */
export function judgeOrders(
  own: readonly OrderRecord[],
  listed: readonly Listed[],
  acknowledged: ReadonlySet<string>,
): readonly Invariant[] {
  const byId = Map.groupBy(listed, ({ clientOrderId }) => clientOrderId);
  const found = (order: OrderRecord): readonly Listed[] => byId.get(order.clientOrderId) ?? [];
  const twice = own.filter((order) => new Set(found(order).map(({ orderId }) => orderId)).size > 1);
  const reached = own.filter(({ how, runId, clientOrderId }) =>
    how === null ? acknowledged.has(runId) && !clientOrderId.endsWith('.flat') : !NEVER.test(how),
  );
  const lost = reached.filter((order) => found(order).length === 0);
  const open = own.filter((order) => found(order).some((each) => each.isOpen));
  const of = `of ${own.length} ${own.length === 1 ? 'order' : 'orders'} of the exercise`;
  return [
    twice.length === 0
      ? kept(NO_DUPLICATES, `none ${of} is listed twice`)
      : broken(NO_DUPLICATES, `${twice.length} ${of} listed more than once: ${idsOf(twice)}`),
    lost.length === 0
      ? kept(NO_LOST, `the venue lists all ${reached.length} that reached it, ${of}`)
      : broken(NO_LOST, `${lost.length} ${of} reached the venue and are not listed: ${idsOf(lost)}`),
    open.length === 0 ? kept(NONE_OPEN, `none ${of}`) : broken(NONE_OPEN, `${open.length} ${of}: ${idsOf(open)}`),
  ];
}

function idsOf(orders: readonly OrderRecord[]): string {
  const shown = orders.slice(0, SHOWN).map(({ clientOrderId }) => clientOrderId);
  return [...shown, ...(orders.length > SHOWN ? [`and ${orders.length - SHOWN} more`] : [])].join(', ');
}

/** Null: the answer is no list of orders. */
export function readOrders(json: JSONValue, orders: NonNullable<Trading['orders']>): readonly Listed[] | null {
  const found: Listed[] = [];
  for (const row of select(orders.path, json)) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return null;
    const [client, id, status] = [row[orders.clientOrderId], row[orders.orderId], row[orders.status]];
    // Orders of others may have no id of the client's.
    if (client === null || client === undefined) continue;
    const state = orderState({ order_id: id, status });
    if (typeof client !== 'string' || state === null) return null;
    found.push({ clientOrderId: client, orderId: state.orderId, isOpen: isOpen(state), status: state.status });
  }
  return found;
}

/** @param symbols that the probes trade; what others hold is theirs */
export function readPositions(
  json: JSONValue,
  positions: NonNullable<Trading['positions']>,
  symbols: ReadonlySet<string>,
): Holding {
  const held: Record<string, number> = {};
  for (const row of select(positions.path, json)) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      return { ok: false, why: `${positions.path} is no list of positions` };
    }
    const [symbol, quantity] = [row[positions.symbol], row[positions.quantity]];
    if (typeof symbol !== 'string' || !symbols.has(symbol)) continue;
    const size = typeof quantity === 'number' || typeof quantity === 'string' ? Number(quantity) : Number.NaN;
    if (!Number.isFinite(size)) return { ok: false, why: `the venue does not say how much ${symbol} is held` };
    if (size !== 0) held[symbol] = Number(((held[symbol] ?? 0) + size).toFixed(DIGITS));
  }
  return { ok: true, held };
}

/** Sums of what venues count in doubles differ in what nobody trades. */
const DIGITS = 12;

export function heldText(held: Held): string {
  return Object.entries(held)
    .flatMap(([symbol, size]) => (size === 0 ? [] : [`${size} ${symbol}`]))
    .join(' and ');
}

/** Of several looks, what was least: an order under way is no position that stays. */
export function leastHeld(one: Held, other: Held): Held {
  const least = Object.entries(one).flatMap(([symbol, size]) => {
    const again = other[symbol] ?? 0;
    const smaller = Math.abs(again) < Math.abs(size) ? again : size;
    return smaller === 0 ? [] : [[symbol, smaller] as const];
  });
  return Object.fromEntries(least);
}

/** An exercise answers for what it added; what was held before it began was left by somebody else. */
export function judgePositions(
  { held }: { readonly held: Held },
  symbols: Iterable<string>,
  before: Held = {},
): Invariant {
  const now = heldText(held);
  if (now === '') return kept(FLAT, `nothing of ${[...symbols].join(', ')} is held`);
  const earlier = heldText(before);
  const isMore = Object.entries(held).some(([symbol, size]) => {
    const was = before[symbol] ?? 0;
    return Math.sign(size) !== Math.sign(was) || Math.abs(size) > Math.abs(was);
  });
  if (!isMore) return kept(FLAT, `nothing was added to what was held before: ${earlier}`);
  const remains = `${now} ${now.includes(' and ') ? 'remain' : 'remains'}`;
  return broken(FLAT, earlier === '' ? remains : `${remains}; held before: ${earlier}`);
}

/** Of the runs since the platform was sound again: no number missing, none twice, none out of order. */
export function judgeSequence(results: readonly Result[]): Invariant {
  const counted = results.filter(({ values }) => typeof values['missed'] === 'number');
  if (counted.length === 0) return unchecked(CONTINUOUS, 'no run since then followed sequence numbers');
  const sum = (key: string): number => counted.reduce((total, { values }) => total + (values[key] ?? 0), 0);
  const wrong = (['missed', 'duplicates', 'reorders'] as const).flatMap((key) =>
    sum(key) === 0 ? [] : [`${sum(key)} ${WORDS[key]}`],
  );
  const runs = `in ${counted.length} ${counted.length === 1 ? 'run' : 'runs'} since the recovery`;
  return wrong.length === 0
    ? kept(CONTINUOUS, `no number missing, twice or out of order ${runs}`)
    : broken(CONTINUOUS, `${wrong.join(', ')} ${runs}`);
}

const WORDS = { missed: 'missing', duplicates: 'twice', reorders: 'out of order' } as const;
