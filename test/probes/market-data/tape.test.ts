import { describe, expect, it } from 'vitest';
import { Tape } from '../../../probes/market-data/tape.ts';
import type { CountReading, Indicator, Threshold } from '../../../probes/probe.ts';

const THREE_SECONDS: Threshold = { ms: 3000, strict: false };
const context = { stepMs: 60_000, thresholds: () => [THREE_SECONDS] };
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
