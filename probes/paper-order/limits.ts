/** Caps on size and rate. They have no switch: whoever wants larger orders writes larger limits. */
import type { PaperOrderSpec } from './spec.ts';

export interface Bounds {
  readonly maxQuantity: string;
  readonly maxNotional: string;
  readonly maxPerMinute: number;
}

const MINUTE_MS = 60_000;

/** Decimals as whole numbers of 10⁻ˢᶜᵃˡᵉ: exact, whatever their length. */
interface Exact {
  readonly digits: bigint;
  readonly scale: number;
}

function exact(text: string): Exact {
  const [whole = '', fraction = ''] = text.split('.');
  return { digits: BigInt(whole + fraction), scale: fraction.length };
}

function times(a: Exact, b: Exact): Exact {
  return { digits: a.digits * b.digits, scale: a.scale + b.scale };
}

function isAbove(a: Exact, b: Exact): boolean {
  return a.digits * 10n ** BigInt(b.scale) > b.digits * 10n ** BigInt(a.scale);
}

/** a − b of decimal texts as a sign: above, at, or below zero. */
export function compareDecimals(a: string, b: string): -1 | 0 | 1 {
  if (isAbove(exact(a), exact(b))) return 1;
  return isAbove(exact(b), exact(a)) ? -1 : 0;
}

/** The sum of two decimal texts without a sign, without trailing zeros. */
export function addDecimals(a: string, b: string): string {
  const [left, right] = [exact(a), exact(b)];
  const scale = Math.max(left.scale, right.scale);
  const digits = left.digits * 10n ** BigInt(scale - left.scale) + right.digits * 10n ** BigInt(scale - right.scale);
  const text = String(digits).padStart(scale + 1, '0');
  if (scale === 0) return text;
  return `${text.slice(0, -scale)}.${text.slice(-scale)}`.replace(/\.?0+$/, '');
}

type Sized = Pick<PaperOrderSpec['order'], 'quantity' | 'price' | 'reference_price'>;

/** A cap that an order breaks, and the key of the order that breaks it. */
interface Breach {
  readonly key: keyof Sized;
  readonly cap: 'maxQuantity' | 'maxNotional';
  readonly expected: string;
  readonly found: string;
}

/** The price is the order's own, or the reference for the want of one; the larger where there are both. */
export function sizeBreaches(order: Sized, bounds: Pick<Bounds, Breach['cap']>): readonly Breach[] {
  const quantity = exact(order.quantity);
  const breaches: Breach[] = [];
  if (isAbove(quantity, exact(bounds.maxQuantity))) {
    const expected = `a quantity of at most ${bounds.maxQuantity}`;
    breaches.push({ key: 'quantity', cap: 'maxQuantity', expected, found: order.quantity });
  }
  for (const key of ['price', 'reference_price'] as const) {
    const price = order[key];
    if (price === undefined || !isAbove(times(quantity, exact(price)), exact(bounds.maxNotional))) continue;
    const expected = `a notional of at most ${bounds.maxNotional}`;
    breaches.push({ key, cap: 'maxNotional', expected, found: `${order.quantity} at ${price}` });
  }
  return breaches;
}

/** Why this order may not leave by its size, or null. */
export function sizeProblem(order: Sized, bounds: Bounds): string | null {
  const [breach] = sizeBreaches(order, bounds);
  if (breach !== undefined) return `expected ${breach.expected}, got ${breach.found}`;
  if (order.price !== undefined || order.reference_price !== undefined) return null;
  return 'expected a price or a reference price to value the order at, got none';
}

/** Orders of the last minute, on the monotonic clock. */
export class RateCap {
  private readonly maxPerMinute: number;
  private sentMs: number[] = [];

  constructor(maxPerMinute: number) {
    this.maxPerMinute = maxPerMinute;
  }

  /** Why `count` more orders may not leave now, or null. */
  problem(count: number, nowMs: number): string | null {
    this.sentMs = this.sentMs.filter((ms) => nowMs - ms < MINUTE_MS);
    if (this.sentMs.length + count <= this.maxPerMinute) return null;
    return `expected at most ${this.maxPerMinute} orders a minute, ${this.sentMs.length} have left and ${count} would follow`;
  }

  /** To be called before the order leaves. */
  note(nowMs: number): void {
    this.sentMs.push(nowMs);
  }
}
