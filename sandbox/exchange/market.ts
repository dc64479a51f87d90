import type { Random } from '../random.ts';

/** Name, first price and decimals of the price. The list's order is the tape's order. */
const LISTED: readonly (readonly [string, number, number])[] = [
  ['BTCUSD', 50_000, 2],
  ['ETHUSD', 3_000, 2],
  ['SOLUSD', 150, 3],
  ['XRPUSD', 0.6, 5],
  ['ADAUSD', 0.45, 5],
  ['DOGEUSD', 0.12, 6],
  ['AVAXUSD', 35, 3],
  ['DOTUSD', 7, 4],
  ['LINKUSD', 14, 3],
  ['LTCUSD', 85, 2],
  ['BCHUSD', 400, 2],
  ['UNIUSD', 9, 4],
  ['ATOMUSD', 8, 4],
  ['XLMUSD', 0.11, 6],
  ['ETCUSD', 26, 3],
  ['FILUSD', 5, 4],
  ['NEARUSD', 6, 4],
  ['APTUSD', 9, 4],
  ['ARBUSD', 1, 5],
  ['OPUSD', 2, 5],
];

export interface Quote {
  readonly bid: number;
  readonly ask: number;
  readonly last: number;
  readonly volume: number;
}

/** Largest step of one tick, and the pull back to the first price: a walk that neither explodes nor reaches zero. */
const STEP = 0.000_2;
const PULL = 0.001;
const HALF_SPREAD = 0.000_1;

/** One instrument's price: a seeded, mean-reverting random walk. */
export class Instrument {
  readonly symbol: string;
  readonly #basePrice: number;
  readonly #decimals: number;
  readonly #random: Random;
  #price: number;
  quote: Quote;

  constructor(symbol: string, basePrice: number, decimals: number, random: Random) {
    this.symbol = symbol;
    this.#basePrice = basePrice;
    this.#decimals = decimals;
    this.#random = random;
    this.#price = basePrice;
    this.quote = this.#quote(0.01);
  }

  /** Moves the price by one step. */
  step(): Quote {
    const pull = (PULL * (this.#basePrice - this.#price)) / this.#basePrice;
    this.#price *= 1 + pull + (this.#random() * 2 - 1) * STEP;
    this.quote = this.#quote(Math.ceil(this.#random() * 500) / 100);
    return this.quote;
  }

  #quote(volume: number): Quote {
    return {
      bid: this.#round(this.#price * (1 - HALF_SPREAD)),
      ask: this.#round(this.#price * (1 + HALF_SPREAD)),
      last: this.#round(this.#price),
      volume,
    };
  }

  #round(price: number): number {
    const scale = 10 ** this.#decimals;
    return Math.round(price * scale) / scale;
  }
}

/** The first `count` symbols: the listed ones by name, then SYM021, SYM022, … */
export function symbolNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => LISTED[i]?.[0] ?? `SYM${String(i + 1).padStart(3, '0')}`);
}

/** One instrument for each of `symbolNames(count)`; those that are not listed by name move around 100. */
export function createInstruments(count: number, random: Random): readonly Instrument[] {
  return symbolNames(count).map((symbol, i) => {
    const [, price, decimals] = LISTED[i] ?? [symbol, 100, 2];
    return new Instrument(symbol, price, decimals, random);
  });
}
