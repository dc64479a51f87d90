import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Calendar, calendar } from '../../../probes/market-data/calendar.ts';
import { Tape, type TapeOptions } from '../../../probes/market-data/tape.ts';
import type { CountReading, Indicator, Threshold } from '../../../probes/probe.ts';

const THREE_SECONDS: Threshold = { ms: 3000, strict: false };
const context = { stepMs: 60_000, clockBoundMs: () => null, thresholds: () => [THREE_SECONDS] };
const map = { time: 't', unit: 'ms', symbol: 's', sequence: 'n' } as const;

function tapeAt(wallMs: number, weigh: 'each' | 'shared' = 'each', stepMs = 60_000) {
  const tape = new Tape({ map, symbols: undefined, weigh }, { ...context, stepMs }, wallMs);
  let n = 0;
  return {
    tape,
    tick: (atMs: number, ageMs: number) => tape.take(JSON.stringify({ t: atMs - ageMs, s: 'A', n: ++n }), atMs),
    of: (readings: readonly CountReading[], indicator: Indicator) =>
      readings
        .filter((reading) => reading.indicator === indicator)
        .map(({ atMs, valid, within }) => [atMs, valid, within['le:3000']]),
  };
}

describe('a tape', () => {
  it('counts ticks in the step in which they were received', () => {
    const { tape, tick, of } = tapeAt(0);
    tick(1000, 5);
    tick(59_999, 3001);
    tick(60_000, 3000);
    const { readings, ticks } = tape.drain(60_000);
    expect(ticks).toBe(3);
    expect(of(readings, 'tick-age')).toEqual([
      [0, 2, 1],
      [60_000, 1, 1],
    ]);
  });

  it('samples the age of the newest data each second, also while nothing comes', () => {
    const { tape, tick, of } = tapeAt(0);
    tick(500, 0);
    const { readings } = tape.drain(10_500);
    // Instants 1 s … 10 s; the data is older than 3 s from 4 s on.
    expect(of(readings, 'newest-age')).toEqual([[0, 10, 3]]);
    expect(readings.find((reading) => reading.indicator === 'newest-age')?.eachMs).toBe(1000);
    tick(11_200, 100);
    expect(of(tape.drain(12_000).readings, 'newest-age')).toEqual([[0, 2, 1]]);
  });

  it('counts what is borderline, ticks and instants, by the bound at the beginning of each step', () => {
    let boundMs: number | null = 50;
    const tape = new Tape({ map, weigh: 'each' }, { ...context, clockBoundMs: () => boundMs }, 0);
    const tick = (atMs: number, ageMs: number) => tape.take(JSON.stringify({ t: atMs - ageMs, s: 'A' }), atMs);
    tick(1000, 2951);
    tick(1000, 1980);
    boundMs = null;
    tick(2000, 2950);
    tick(59_970, 0);
    tick(60_000, 3000);
    boundMs = 1;
    // At 2 s the newest data is 2,980 ms old, at 3 s 3,950 ms.
    expect(
      tape.drain(120_000).readings.map(({ indicator, atMs, borderline }) => [indicator, atMs, borderline]),
    ).toEqual([
      ['tick-age', 0, { 'le:3000': 1 }],
      ['tick-age', 60_000, null],
      ['newest-age', 0, { 'le:3000': 1 }],
      ['newest-age', 60_000, null],
      ['newest-age', 120_000, { 'le:3000': 0 }],
    ]);
  });

  it('takes the new bound for every symbol, those that were silent in the step before included', () => {
    let boundMs: number | null = null;
    const tape = new Tape({ map, weigh: 'each' }, { ...context, clockBoundMs: () => boundMs }, 0);
    const tick = (atMs: number, s: string) => tape.take(JSON.stringify({ t: atMs - 2999, s }), atMs);
    for (const s of ['A', 'B']) tick(1000, s);
    boundMs = 0.5;
    for (const s of ['A', 'C']) tick(60_000, s);
    boundMs = 2;
    for (const s of ['A', 'B', 'D']) tick(120_000, s);
    const { readings, values } = tape.drain(120_001);
    const ticks = readings.filter(({ indicator }) => indicator === 'tick-age');
    expect(ticks.map(({ valid, borderline }) => [valid, borderline])).toEqual([
      [2, null],
      [2, { 'le:3000': 0 }],
      [3, { 'le:3000': 3 }],
    ]);
    expect(values).toMatchObject({ 'ticks:A': 3, 'le:3000:A': 3, 'ticks:B': 2, 'le:3000:B': 2 });
  });

  it('takes data that never came for no borderline case: no other clock says how old it is', () => {
    const tape = new Tape({ map, weigh: 'each' }, { ...context, clockBoundMs: () => 1500 }, 0);
    const newest = tape.drain(5000).readings.find(({ indicator }) => indicator === 'newest-age');
    expect(newest).toMatchObject({ valid: 2, within: { 'le:3000': 0 }, borderline: { 'le:3000': 0 }, maxMs: 5000 });
  });

  it('samples sixty times a step when time is scaled', () => {
    const { tape, tick, of } = tapeAt(0, 'each', 1200);
    tick(0, 0);
    expect(of(tape.drain(2400).readings, 'newest-age')).toEqual([
      [0, 59, 59],
      [1200, 60, 60],
      [2400, 1, 1],
    ]);
  });

  it('never samples more often than every 20 ms, however time is scaled', () => {
    const { tape, tick, of } = tapeAt(0, 'each', 100);
    tick(0, 0);
    expect(of(tape.drain(200).readings, 'newest-age')).toEqual([
      [0, 4, 4],
      [100, 5, 5],
      [200, 1, 1],
    ]);
  });

  it('counts missing data only once no threshold could be met', () => {
    const { tape, of } = tapeAt(0);
    expect(of(tape.drain(5000).readings, 'newest-age')).toEqual([[0, 2, 0]]);
  });

  it('keeps the newest data across reports, and takes an older tick for no news', () => {
    const { tape, tick, of } = tapeAt(0);
    tick(100, 0);
    tape.drain(500);
    tick(900, 5000);
    expect(tape.view(1000, 3000)).toMatchObject({ state: 'fresh', ageMs: 900 });
    expect(of(tape.drain(1000).readings, 'newest-age')).toEqual([[0, 1, 1]]);
  });

  it('calls a tick from ahead of our clock an anomaly, never a zero', () => {
    const { tape, tick, of } = tapeAt(0);
    tick(1500, -2);
    tick(1600, -1);
    const report = tape.drain(1700);
    expect(report.values).toMatchObject({ ticks: 2, anomalies: 1 });
    expect(of(report.readings, 'tick-age')).toEqual([[0, 1, 1]]);
  });

  it('goes on when the wall clock jumps back', () => {
    const { tape, tick, of } = tapeAt(600_000);
    tick(600_500, 0);
    tick(300_500, 0);
    const { readings } = tape.drain(301_500);
    expect(of(readings, 'tick-age')).toEqual([
      [600_000, 1, 1],
      [300_000, 1, 1],
    ]);
  });

  it('looks at a short session once, at its end', () => {
    const { tape, tick, of } = tapeAt(100, 'shared');
    tick(200, 10);
    const { readings } = tape.drain(400);
    expect(of(readings, 'newest-age')).toEqual([[0, 1, 1]]);
    expect(readings.map(({ weigh, eachMs }) => [weigh, eachMs])).toEqual([
      ['shared', undefined],
      ['shared', undefined],
    ]);
  });

  it('says of a session without data that it could not tell, until no threshold could be met', () => {
    const silentFor = (ms: number) => {
      const { tape, of } = tapeAt(100, 'shared');
      return of(tape.drain(100 + ms).readings, 'newest-age');
    };
    expect(silentFor(700)).toEqual([[0, 0, 0]]);
    expect(silentFor(3000)).toEqual([[0, 0, 0]]);
    expect(silentFor(3001)).toEqual([]);
  });

  it('reads lists of ticks, and counts what it cannot read', () => {
    const { tape } = tapeAt(0);
    tape.take(JSON.stringify([{ t: 1, s: 'A', n: 1 }, { t: 2, s: 'A', n: 4 }, 5]), 10);
    tape.take('{"t":', 10);
    tape.takeUnreadable();
    expect(tape.drain(20).values).toMatchObject({ messages: 5, ticks: 2, malformed: 3, missed: 2 });
  });
});

/** A tape of some symbols, with everything about a tick in one line. */
function symbolTape(options: Partial<TapeOptions> = {}, stepMs = 60_000) {
  const mapping = { ...map, bid: 'b', ask: 'a', heartbeat: { field: 'h' }, quiet: { sequence: 'h' } } as const;
  const tape = new Tape({ map: mapping, weigh: 'each', ...options }, { ...context, stepMs }, 0);
  const numbers = new Map<string, number>();
  return {
    tape,
    tick: (atMs: number, s: string, part: Record<string, unknown> = {}) => {
      const n = (numbers.get(s) ?? 0) + 1;
      numbers.set(s, n);
      tape.take(JSON.stringify({ t: atMs, s, n, ...part }), atMs);
    },
    heartbeat: (atMs: number, s: string, h: number, t = atMs) => tape.take(JSON.stringify({ s, h, t }), atMs),
    /** Of the newest data: valid and within, in all steps together. */
    newest: (atMs: number) => {
      const readings = tape.drain(atMs).readings.filter(({ indicator }) => indicator === 'newest-age');
      const sum = (of: (reading: CountReading) => number) => readings.reduce((total, each) => total + of(each), 0);
      return [sum(({ valid }) => valid), sum(({ within }) => within['le:3000'] ?? 0)];
    },
  };
}

describe('a tape of several symbols', () => {
  it('counts each symbol apart, and all together', () => {
    const { tape, tick } = symbolTape();
    tick(1000, 'A', { t: 900 });
    tick(2000, 'B', { t: -2000 });
    tick(3000, 'A', { n: 4 });
    const { readings, values } = tape.drain(5000);
    expect(readings[0]).toMatchObject({ indicator: 'tick-age', valid: 3, within: { 'le:3000': 2 }, maxMs: 4000 });
    expect(values).toMatchObject({
      ticks: 3,
      missed: 2,
      'ticks:A': 2,
      'le:3000:A': 2,
      'missed:A': 2,
      'newestAgeMs:A': 2000,
      'ticks:B': 1,
      'le:3000:B': 0,
      'maxMs:B': 4000,
      'newestAgeMs:B': 7000,
    });
    expect(values).not.toHaveProperty('missed:B');
    expect(tape.drain(6000).values).toMatchObject({ ticks: 0, missed: 0, 'ticks:A': 0 });
  });

  it('adds up, over symbols and steps, to what one counter would have counted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('A', 'B', 'C'), fc.integer({ min: 0, max: 9000 })), { maxLength: 100 }),
        (ticks) => {
          const { tape, tick } = symbolTape({}, 1000);
          for (const [index, [symbol, ageMs]] of ticks.entries()) {
            tick(index * 50, symbol, { t: index * 50 - ageMs });
          }
          const readings = tape.drain(ticks.length * 50).readings.filter(({ indicator }) => indicator === 'tick-age');
          expect(readings.reduce((sum, { valid }) => sum + valid, 0)).toBe(ticks.length);
          expect(readings.reduce((sum, { within }) => sum + (within['le:3000'] ?? 0), 0)).toBe(
            ticks.filter(([, ageMs]) => ageMs <= 3000).length,
          );
          const sketched = readings.flatMap(({ sketch }) => sketch?.bins ?? []);
          expect(sketched.reduce((sum, [, count]) => sum + count, 0)).toBe(ticks.length);
        },
      ),
    );
  });

  it('counts locked and crossed books', () => {
    const { tape, tick } = symbolTape();
    tick(1, 'A', { b: 1, a: 2 });
    tick(2, 'A', { b: 2, a: 2 });
    tick(3, 'B', { b: '2.5', a: '2' });
    tick(4, 'B', { b: '9' });
    expect(tape.drain(5)).toMatchObject({
      crossed: 2,
      values: { locked: 1, crossed: 1, 'locked:A': 1, 'crossed:B': 1 },
    });
  });

  it('says how long each was silent, the stretch that has not ended included', () => {
    const { tape, tick } = symbolTape();
    tick(100, 'A');
    tick(1100, 'B');
    tick(3100, 'A');
    tick(3200, 'B');
    expect(tape.drain(9000).values).toMatchObject({ silenceMs: 5800, 'silenceMs:A': 5900, 'silenceMs:B': 5800 });
    tick(9100, 'A');
    expect(tape.drain(9200).values).toMatchObject({ silenceMs: 5900, 'silenceMs:A': 6000, 'silenceMs:B': 6000 });
  });

  it('names at most twenty, the ill ones first, and follows the numbers of all', () => {
    const { tape, tick } = symbolTape();
    for (let symbol = 0; symbol < 300; symbol++) tick(10, `S${symbol}`);
    for (let symbol = 0; symbol < 300; symbol++) tick(20, `S${symbol}`, symbol === 287 ? { n: 5 } : {});
    const { readings, values } = tape.drain(30);
    expect(Object.keys(values).filter((name) => name.startsWith('newestAgeMs:'))).toHaveLength(20);
    expect(values).toMatchObject({ ticks: 600, missed: 3, 'missed:S287': 3 });
    expect(readings[0]).toMatchObject({ valid: 600 });
  });

  it('looks at each of the symbols that were asked for, and at no other', () => {
    const { tape, tick, newest } = symbolTape({ symbols: ['A', 'B'] });
    for (let second = 0; second < 10; second++) {
      tick(second * 1000, 'A');
      tick(second * 1000, 'X');
    }
    // From the fourth second on, B has been missing for longer than any threshold.
    expect(newest(9500)).toEqual([9 + 6, 9]);
    expect(tape.view(9500, 3000)).toMatchObject({ state: 'old', name: 'B', ageMs: null });
    tick(9600, 'B');
    const report = tape.drain(10_500);
    expect(report.ticks).toBe(1);
    expect(report.readings.find(({ indicator }) => indicator === 'newest-age')).toMatchObject({
      valid: 2,
      within: { 'le:3000': 2 },
      // Together the symbols stand for one second.
      eachMs: 500,
    });
    expect(tape.view(10_500, 3000)).toMatchObject({ state: 'fresh' });
  });

  it('takes a symbol that has not ticked yet for old only once it is overdue', () => {
    const { tape, tick } = symbolTape({ symbols: ['A', 'B'] });
    tick(100, 'A');
    expect(tape.view(200, 3000)).toMatchObject({ state: 'excused', name: 'B', ageMs: null });
    // Nothing is counted, which is no bad event: there is a reading, and it is empty.
    const { readings } = tape.drain(200);
    expect(readings.find(({ indicator }) => indicator === 'newest-age')).toMatchObject({ valid: 0 });
    tick(2900, 'A');
    expect(tape.view(3000, 3000).state).toBe('excused');
    expect(tape.view(3001, 3000)).toMatchObject({ state: 'old', name: 'B' });
  });

  it('excuses no symbol of a session, which begins anew each time', () => {
    const { tape, tick } = symbolTape({ symbols: ['A', 'B'], weigh: 'shared' });
    tick(100, 'A');
    expect(tape.view(200, 3000)).toMatchObject({ state: 'old', name: 'B', ageMs: null });
  });

  it('takes up numbers anew after the line was lost, and says how long that took', () => {
    const { tape, tick } = symbolTape();
    tick(10, 'A');
    tape.interrupted(100);
    tape.interrupted(200);
    expect(tape.drain(300).resubscribeMs).toBeNull();
    tick(450, 'A', { n: 50 });
    expect(tape.drain(500)).toMatchObject({ resubscribeMs: 350, missed: 0 });
    expect(tape.drain(600).resubscribeMs).toBeNull();
  });
});

describe('silence', () => {
  it('says nothing while heartbeats prove that no number is missing', () => {
    const { tape, tick, heartbeat, newest } = symbolTape();
    tick(0, 'A', { n: 7 });
    for (let second = 1; second <= 20; second++) heartbeat(second * 1000 - 500, 'A', 7);
    // Good while the data is fresh; then neither good nor bad.
    expect(newest(20_000)).toEqual([3, 3]);
    expect(tape.view(20_000, 3000)).toMatchObject({ state: 'excused', ageMs: 20_000 });
    // The heartbeats stop: from 3 s after the last proof on, nobody knows.
    expect(newest(25_000)).toEqual([3, 0]);
    expect(tape.view(25_000, 3000).state).toBe('old');
  });

  it('is bad while a heartbeat says that a number is missing, or comes late itself', () => {
    const missing = symbolTape();
    missing.tick(0, 'A', { n: 7 });
    for (let second = 1; second <= 10; second++) missing.heartbeat(second * 1000 - 500, 'A', 8);
    expect(missing.newest(10_000)).toEqual([10, 3]);
    const late = symbolTape();
    late.tick(0, 'A', { n: 7 });
    for (let second = 1; second <= 10; second++) late.heartbeat(second * 1000 - 500, 'A', 7, second * 1000 - 5000);
    expect(late.newest(10_000)).toEqual([10, 3]);
  });

  it('is bad of everything together until every symbol is proven to be quiet', () => {
    const { tick, heartbeat, newest } = symbolTape();
    tick(0, 'A', { n: 7 });
    tick(0, 'B', { n: 3 });
    for (let second = 1; second <= 10; second++) heartbeat(second * 1000 - 500, 'A', 7);
    expect(newest(10_000)).toEqual([10, 3]);
  });

  it('begins to count numbers at the first heartbeat: a market may be quiet from the start', () => {
    const { tape, tick, heartbeat, newest } = symbolTape({ symbols: ['A'] });
    for (let second = 1; second <= 10; second++) heartbeat(second * 1000 - 500, 'A', 41);
    expect(newest(10_000)).toEqual([0, 0]);
    tick(10_100, 'A', { n: 43 });
    expect(tape.drain(10_200)).toMatchObject({ missed: 1 });
  });

  it('says nothing outside the hours of the market, and in the first seconds of them', () => {
    const open = Date.parse('2026-11-23T14:30:00Z');
    const hours = { timezone: 'America/New_York', hours: [{ open: '09:30', close: '16:00' }] };
    const tape = new Tape(
      { map, weigh: 'each', calendar: new Calendar(calendar.parse(hours)) },
      context,
      open - 60_000,
    );
    const newest = (atMs: number) =>
      tape
        .drain(atMs)
        .readings.flatMap(({ indicator, valid, within }) =>
          indicator === 'newest-age' ? [[valid, within['le:3000']]] : [],
        );
    tape.take(JSON.stringify({ t: open - 64_000_000, s: 'A', n: 1 }), open - 59_500);
    // That it looked and could not tell keeps a failure of the line from counting as old data.
    expect(newest(open - 1)).toEqual([[0, 0]]);
    expect(tape.view(open - 1, 3000)).toMatchObject({ state: 'excused', excuse: 'the market is closed' });
    expect(tape.drain(open - 1).values).toMatchObject({ silenceMs: null });
    expect(newest(open + 2500)).toEqual([[0, 0]]);
    expect(tape.view(open + 2500, 3000)).toMatchObject({ state: 'excused', excuse: 'the market has just opened' });
    // Nothing came with the opening: bad from the fourth second on.
    expect(newest(open + 5500)).toEqual([[2, 0]]);
    expect(tape.view(open + 5500, 3000).state).toBe('old');
  });
});
