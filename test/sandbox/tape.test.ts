import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exchangeKnobsSchema } from '../../sandbox/exchange/knobs.ts';
import type { ExchangeKnobs, ExchangeKnobsInput } from '../../sandbox/exchange/knobs.ts';
import { createInstruments } from '../../sandbox/exchange/market.ts';
import { Tape } from '../../sandbox/exchange/tape.ts';
import { randomStream } from '../../sandbox/random.ts';
import { parseJson, steps } from './support.ts';
import type { Json } from './support.ts';

/** Wall clock and monotonic clock of these tests: 1 ms of one is 1,000 µs of the other. */
const EPOCH_US = 1_700_000_000_000_000;

function tapeOf(options: { symbols?: number; rate?: number; seed?: number; knobs?: ExchangeKnobsInput } = {}) {
  const { symbols = 4, rate = 200, seed = 1 } = options;
  let knobs: ExchangeKnobs = exchangeKnobsSchema.parse(options.knobs ?? {});
  const tape = new Tape({
    instruments: createInstruments(symbols, randomStream(seed, 'prices')),
    ticksPerSecond: rate,
    startMs: 0,
    knobs: () => knobs,
    faults: randomStream(seed, 'faults'),
    stalls: randomStream(seed, 'stalls'),
  });
  return {
    turn: (change: ExchangeKnobsInput) => (knobs = exchangeKnobsSchema.parse(change)),
    at: (ms: number): Json[] => tape.advance(ms, EPOCH_US + ms * 1000).map((line) => parseJson(line)),
    /** Everything that leaves from one moment to another, asked for each `everyMs`; `leftMs` is when. */
    between(fromMs: number, toMs: number, everyMs = 5): (Json & { leftMs: number; ageMs: number })[] {
      const out: (Json & { leftMs: number; ageMs: number })[] = [];
      for (let ms = fromMs; ms <= toMs; ms += everyMs) {
        for (const tick of this.at(ms))
          out.push({ ...tick, leftMs: ms, ageMs: ms - (Number(tick['ts']) - EPOCH_US) / 1000 });
      }
      return out;
    },
  };
}

describe('the tape', () => {
  test('makes exactly the ticks that are due, however irregularly it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        // Binary fractions, whose sums are exact: a tick is due at a moment or it is not.
        fc.array(
          fc.integer({ min: 1, max: 900 * 64 }).map((n) => n / 64),
          { minLength: 1, maxLength: 20 },
        ),
        (rate, pauses) => {
          const tape = tapeOf({ rate });
          let ms = 0;
          const ticks: Json[] = [];
          for (const pause of pauses) ticks.push(...tape.at((ms += pause)));
          expect(ticks.length).toBe(Math.floor((ms * rate) / 1000));
          expect([...steps(ticks)].every((step) => step === 1)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('stamps each tick with the time at which it was due, not with the time of its batch', () => {
    const ticks = tapeOf({ rate: 1000 }).at(5);
    expect(ticks.map((t) => Number(t['ts']) - EPOCH_US)).toEqual([1000, 2000, 3000, 4000, 5000]);
  });

  test('lets the symbols take turns, each numbered from 1', () => {
    const ticks = tapeOf({ symbols: 2, rate: 1000 }).at(4);
    expect(ticks.map((t) => [t['symbol'], t['seq']])).toEqual([
      ['BTCUSD', 1],
      ['ETHUSD', 1],
      ['BTCUSD', 2],
      ['ETHUSD', 2],
    ]);
  });

  test('makes up for one second at most after a stop of the whole process', () => {
    const tape = tapeOf({ rate: 100 });
    tape.at(10);
    const ticks = tape.at(60_010);
    expect(ticks.length).toBe(100);
    expect(tape.at(60_020).length).toBe(1);
    expect(steps(ticks)).toEqual(new Set([1]));
  });

  test('quotes a bid below the ask and prices that stay near where they began', () => {
    const ticks = tapeOf({ rate: 10_000, symbols: 1 }).between(0, 3_000);
    expect(ticks.every((t) => Number(t['bid']) < Number(t['ask']) && Number(t['volume']) > 0)).toBe(true);
    expect(ticks.every((t) => Math.abs(Number(t['last']) / 50_000 - 1) < 0.05)).toBe(true);
  });

  test('is the same tape for the same seed, and another for another', () => {
    const prices = (seed: number) =>
      tapeOf({ seed, knobs: { gapRatio: 0.1 } })
        .at(900)
        .map((t) => [t['seq'], t['last']]);
    expect(prices(1)).toEqual(prices(1));
    expect(prices(1)).not.toEqual(prices(2));
  });
});

describe('the knob', () => {
  test('gapRatio skips sequence numbers in that share', () => {
    const ticks = tapeOf({ rate: 5_000, knobs: { gapRatio: 0.2 } }).between(0, 2_000);
    expect(steps(ticks)).toEqual(new Set([1, 2]));
    const skipped = new Set(ticks.map((t) => t['symbol'])).size;
    expect(skipped).toBe(4);
    const highest = Math.max(...ticks.map((t) => Number(t['seq'])));
    expect(highest / (ticks.length / 4)).toBeGreaterThan(1.15);
    expect(highest / (ticks.length / 4)).toBeLessThan(1.25);
  });

  test('duplicateRatio repeats ticks, byte for byte', () => {
    const ticks = tapeOf({ rate: 5_000, symbols: 1, knobs: { duplicateRatio: 1 } }).at(2);
    expect(ticks.length).toBe(20);
    expect(ticks[0]).toEqual(ticks[1]);
    expect(steps(ticks)).toEqual(new Set([0, 1]));
  });

  test('freeze silences the tape, and nothing is missing afterwards', () => {
    const tape = tapeOf({ rate: 100 });
    const before = tape.between(0, 500);
    tape.turn({ freeze: true });
    expect(tape.between(505, 5_000)).toEqual([]);
    tape.turn({});
    const after = tape.between(5_005, 5_500);
    expect(after.length).toBeGreaterThan(40);
    expect(after.every((t) => t.ageMs <= 5)).toBe(true);
    expect(steps([...before, ...after])).toEqual(new Set([1]));
  });

  test('staleFeedMs delays every tick and keeps its timestamp; turned back, the rest follows at once and in order', () => {
    const tape = tapeOf({ rate: 100, knobs: { staleFeedMs: 700 } });
    const delayed = tape.between(0, 2_000);
    expect(delayed.length).toBeGreaterThan(120);
    expect(delayed.every((t) => t.ageMs >= 700 && t.ageMs <= 705)).toBe(true);
    tape.turn({});
    const rest = tape.between(2_005, 2_100);
    expect(rest.filter((t) => t.leftMs === 2_005).length).toBeGreaterThanOrEqual(70);
    expect(steps([...delayed, ...rest])).toEqual(new Set([1]));
  });

  test('symbolStall holds some symbols and lets the others flow; what was held comes at once, in order, with its own timestamps', () => {
    const tape = tapeOf({ rate: 400, symbols: 4, knobs: { symbolStall: { everyMs: 1_000, forMs: 600, symbols: 1 } } });
    const ticks = tape.between(0, 995);
    const late = ticks.filter((t) => t.ageMs > 10);
    const held = new Set(late.map((t) => t['symbol']));
    expect(held.size).toBe(1);
    // A held symbol's ticks of 600 ms, all leaving in the one batch after the stall.
    expect(new Set(late.map((t) => t.leftMs))).toEqual(new Set([600]));
    expect(late.length).toBeGreaterThanOrEqual(58);
    expect(Math.max(...late.map((t) => t.ageMs))).toBeGreaterThan(580);
    expect(steps(ticks)).toEqual(new Set([1]));
    const others = ticks.filter((t) => !held.has(t['symbol']));
    expect(others.every((t) => t.ageMs <= 5)).toBe(true);
  });

  test('symbolStall draws its symbols anew for each stall, by the seed', () => {
    const knobs = { symbolStall: { everyMs: 500, forMs: 400, symbols: 2 } };
    const drawn = (seed: number): string[] => {
      const tape = tapeOf({ rate: 1_000, symbols: 8, seed, knobs });
      return [0, 1, 2, 3, 4, 5].map((window) => {
        const ticks = tape.between(window * 500, window * 500 + 495);
        return [...new Set(ticks.filter((t) => t.ageMs > 20).map((t) => String(t['symbol'])))].toSorted().join();
      });
    };
    expect(drawn(1)).toEqual(drawn(1));
    expect(new Set(drawn(1)).size).toBeGreaterThan(1);
    expect(drawn(1).every((pair) => pair.split(',').length === 2)).toBe(true);
  });

  test('symbolStall, turned off in the middle of a stall, lets everything go', () => {
    const tape = tapeOf({
      rate: 100,
      symbols: 1,
      knobs: { symbolStall: { everyMs: 10_000, forMs: 9_000, symbols: 1 } },
    });
    expect(tape.between(0, 500)).toEqual([]);
    tape.turn({});
    expect(steps(tape.at(505))).toEqual(new Set([1]));
  });
});

test('any turning of knobs but gapRatio and duplicateRatio keeps every symbol contiguous', () => {
  const change = fc.record(
    {
      freeze: fc.boolean(),
      staleFeedMs: fc.integer({ min: 0, max: 300 }),
      symbolStall: fc.constantFrom(
        null,
        { everyMs: 200, forMs: 150, symbols: 2 },
        { everyMs: 90, forMs: 30, symbols: 9 },
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(change, fc.integer({ min: 1, max: 400 })), { maxLength: 12 }), (turns) => {
      const tape = tapeOf({ rate: 500 });
      const ticks: Json[] = [];
      let ms = 0;
      for (const [knobs, forMs] of turns) {
        tape.turn(knobs);
        ticks.push(...tape.between(ms + 1, ms + forMs, 3));
        ms += forMs;
      }
      expect([...steps(ticks)].every((step) => step === 1)).toBe(true);
      const first = new Map<unknown, unknown>();
      for (const tick of ticks) if (!first.has(tick['symbol'])) first.set(tick['symbol'], tick['seq']);
      expect([...first.values()].every((seq) => seq === 1)).toBe(true);
    }),
    { numRuns: 60 },
  );
});
