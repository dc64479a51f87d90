import { Counter, Grid, Total, type Shape } from './counter.ts';
import type { Watched } from './freshness.ts';
import { Instrument, type Ages, type InstrumentCounts } from './instrument.ts';

/** Symbols that are followed; a venue that invents symbols must not eat the memory. */
const MOST_SYMBOLS = 10_000;
/** Symbols whose ages are kept apart; those of the others are kept together. */
const MOST_AGED = 200;
/** Symbols that are named in a run's values: the ill ones first, then the oldest. */
const MOST_NAMED = 20;

type Sum = Omit<InstrumentCounts, 'silenceMs'> & { readonly silenceMs: number | null };

export interface InstrumentReport {
  readonly sum: Sum;
  /** `gaps:BTCUSD`, `p99Ms:BTCUSD`, … */
  readonly values: Readonly<Record<string, number | null>>;
}

/** All symbols of a feed. */
export class Instruments {
  private readonly bySymbol = new Map<string, Instrument>();
  private readonly shape: Shape;
  /** Of the running step. */
  private grid: Grid;
  /** Nobody but those that were asked for is let in. */
  private readonly closed: boolean;
  private readonly allAges: Ages[] = [];
  /** The ages of all beyond the first; the numbers of these are followed all the same. */
  private readonly sharedAges: Ages;
  /** Stands for all that are one too many. */
  private readonly surplus: Instrument;
  /** Everything together. */
  private readonly feed: { readonly name: null; newestMs: number; provenMs: number };
  private heardMs: number;
  private silenceMs = 0;

  constructor(
    shape: Shape,
    symbols: readonly string[] | undefined,
    monotonicMs: number,
    boundMs: number | null = null,
  ) {
    this.shape = shape;
    this.grid = new Grid(shape, boundMs);
    this.heardMs = monotonicMs;
    this.closed = symbols !== undefined;
    this.sharedAges = this.newAges();
    this.surplus = new Instrument('', this.sharedAges, monotonicMs, false);
    this.allAges.push(this.sharedAges);
    this.feed = { name: null, newestMs: -Infinity, provenMs: -Infinity };
    for (const symbol of symbols ?? []) this.add(symbol, monotonicMs);
  }

  /** Each symbol that was asked for; otherwise the feed as a whole. */
  get watched(): readonly Watched[] {
    return this.closed ? [...this.bySymbol.values()] : [this.feed];
  }

  get(symbol: string): Instrument | undefined {
    return this.bySymbol.get(symbol);
  }

  /** A symbol that comes for the first time; null when nobody asked for it. */
  meet(symbol: string, monotonicMs: number): Instrument | null {
    if (this.closed) return null;
    return this.bySymbol.size < MOST_SYMBOLS ? this.add(symbol, monotonicMs) : this.surplus;
  }

  renew(instrument: Instrument, timeMs: number): void {
    instrument.newestMs = timeMs;
    if (timeMs > this.feed.newestMs) this.feed.newestMs = timeMs;
  }

  hear(instrument: Instrument, monotonicMs: number): void {
    instrument.hear(monotonicMs);
    const silentMs = monotonicMs - this.heardMs;
    if (silentMs > this.silenceMs) this.silenceMs = silentMs;
    this.heardMs = monotonicMs;
  }

  interrupted(): void {
    for (const instrument of this.bySymbol.values()) instrument.interrupted();
  }

  /** Nothing of the symbol is missing; '': nothing of any. */
  prove(symbol: string, atMs: number): void {
    if (symbol === '') for (const instrument of this.bySymbol.values()) instrument.provenMs = atMs;
    else {
      const instrument = this.bySymbol.get(symbol);
      if (instrument !== undefined) instrument.provenMs = atMs;
    }
    if (symbol === '' && this.bySymbol.size === 0) this.feed.provenMs = atMs;
    else this.proveFeed();
  }

  /** A heartbeat said which number is the newest of its symbol. */
  confirm(symbol: string, sort: number, latest: number, atMs: number): void {
    const instrument = this.bySymbol.get(symbol) ?? this.meet(symbol, this.heardMs);
    if (instrument === null || !instrument.confirms(sort, latest)) return;
    instrument.provenMs = atMs;
    this.proveFeed();
  }

  /**
   * The ages of all since the step began.
   * @param boundMs of the clock, for the step that begins now
   */
  endStep(boundMs: number | null): Counter {
    const all = new Counter(this.grid);
    const isAsBefore = boundMs === this.grid.boundMs;
    if (!isAsBefore) this.grid = new Grid(this.shape, boundMs);
    for (const ages of this.allAges) {
      if (ages.step.valid > 0) {
        all.merge(ages.step);
        ages.total.add(ages.step);
      } else if (isAsBefore) continue;
      ages.step = new Counter(this.grid);
    }
    return all;
  }

  /** @param open whether silence means anything */
  drain(wallMs: number, monotonicMs: number, open: boolean): InstrumentReport {
    const sum = { gaps: 0, missed: 0, duplicates: 0, reorders: 0, crossed: 0, locked: 0 };
    const all = [...this.bySymbol.values()].map((instrument) => {
      const counts = instrument.drain(monotonicMs);
      for (const what of COUNTS) sum[what] += counts[what];
      return { instrument, counts, ill: COUNTS.reduce((ills, what) => ills + counts[what], 0) };
    });
    const named = all
      .filter(({ instrument }) => instrument.name !== '')
      .toSorted((a, b) => b.ill - a.ill || a.instrument.newestMs - b.instrument.newestMs)
      .slice(0, MOST_NAMED);
    const values: Record<string, number | null> = {};
    for (const { instrument, counts } of named) {
      const put = (what: string, value: number | null) => {
        values[`${what}:${instrument.name}`] = value;
      };
      for (const what of COUNTS) if (counts[what] > 0) put(what, counts[what]);
      put('newestAgeMs', instrument.newestMs === -Infinity ? null : wallMs - instrument.newestMs);
      if (open) put('silenceMs', counts.silenceMs);
      if (instrument.ages === this.sharedAges) continue;
      const { total } = instrument.ages;
      put('ticks', total.valid);
      if (total.valid === 0) continue;
      for (const [key, count] of Object.entries(total.within())) put(key, count);
      put('p50Ms', total.sketch.quantile(0.5));
      put('p99Ms', total.sketch.quantile(0.99));
      put('maxMs', total.sketch.maxMs);
    }
    for (const ages of this.allAges) if (ages.total.valid > 0) ages.total = new Total(this.shape);
    const silenceMs = Math.max(this.silenceMs, monotonicMs - this.heardMs);
    this.silenceMs = 0;
    return { sum: { ...sum, silenceMs: open ? silenceMs : null }, values };
  }

  /** The feed is as quiet as the symbol of which that was proven longest ago. */
  private proveFeed(): void {
    let provenMs = Infinity;
    for (const instrument of this.bySymbol.values()) provenMs = Math.min(provenMs, instrument.provenMs);
    this.feed.provenMs = provenMs;
  }

  private newAges(): Ages {
    return { step: new Counter(this.grid), total: new Total(this.shape) };
  }

  private add(symbol: string, monotonicMs: number): Instrument {
    const own = this.allAges.length <= MOST_AGED;
    const ages = own ? this.newAges() : this.sharedAges;
    if (own) this.allAges.push(ages);
    const instrument = new Instrument(symbol, ages, monotonicMs, true);
    this.bySymbol.set(symbol, instrument);
    return instrument;
  }
}

const COUNTS = ['gaps', 'missed', 'duplicates', 'reorders', 'crossed', 'locked'] as const;
