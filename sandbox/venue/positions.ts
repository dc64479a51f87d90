export interface Position {
  readonly symbol: string;
  readonly quantity: number;
  readonly entry_price: number;
  readonly current_price: number;
  readonly unrealized_pnl: number;
}

interface Holding {
  readonly quantity: number;
  readonly entryPrice: number;
}

/** Quantities and prices are kept to eight decimals, so that selling what was bought leaves nothing, not 5e-17. */
export function round8(quantity: number): number {
  return Math.round(quantity * 1e8) / 1e8;
}

/** What the account holds, long (positive) or short, and what it is worth at the last price. */
export class Positions {
  readonly #holdings = new Map<string, Holding>();
  readonly #prices = new Map<string, number>();

  price(symbol: string, last: number): void {
    this.#prices.set(symbol, last);
  }

  fill(symbol: string, side: 'buy' | 'sell', quantity: number, price: number): void {
    const { quantity: held, entryPrice } = this.#holdings.get(symbol) ?? { quantity: 0, entryPrice: price };
    const signed = side === 'buy' ? quantity : -quantity;
    const left = round8(held + signed);
    const isAdding = held === 0 || Math.sign(held) === Math.sign(signed);
    const hasTurned = !isAdding && Math.sign(left) === Math.sign(signed);
    if (left === 0) this.#holdings.delete(symbol);
    else if (isAdding)
      this.#holdings.set(symbol, { quantity: left, entryPrice: round8((held * entryPrice + signed * price) / left) });
    else this.#holdings.set(symbol, { quantity: left, entryPrice: hasTurned ? price : entryPrice });
    if (!this.#prices.has(symbol)) this.#prices.set(symbol, price);
  }

  /** The symbols that are held; a flat one is not listed. */
  list(): readonly Position[] {
    return [...this.#holdings].map(([symbol, { quantity, entryPrice }]) => {
      const price = this.#prices.get(symbol) ?? entryPrice;
      return {
        symbol,
        quantity,
        entry_price: entryPrice,
        current_price: price,
        unrealized_pnl: Math.round(quantity * (price - entryPrice) * 1e6) / 1e6,
      };
    });
  }
}
