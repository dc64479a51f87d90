import { describe, expect, it } from 'vitest';
import type { Threshold } from '../../../probes/probe.ts';
import { Matcher } from '../../../probes/signal/matcher.ts';
import { signalSpec } from '../../../probes/signal/spec.ts';
import { TickMemory } from '../../../probes/signal/tick-memory.ts';

const HALF_A_SECOND: Threshold = { ms: 500, strict: false };
const context = { stepMs: 60_000, clockBoundMs: () => null, thresholds: () => [HALF_A_SECOND] };

function listening(part: Record<string, unknown> = {}) {
  const spec = signalSpec.parse({ id: 'p', kind: 'signal', service: 's', url: 'ws://127.0.0.1:1/', ...part });
  const matcher = new Matcher(spec, context, 0, 0);
  const say = (atMs: number, message: unknown) => matcher.take(JSON.stringify(message), atMs, atMs);
  return {
    matcher,
    say,
    /** Made at `madeMs` by the exchange, received at `atMs`. */
    tick: (atMs: number, n: number, madeMs = atMs) =>
      say(atMs, { type: 'tick', event_id: `t${n}`, symbol: 'A', seq: n, timestamp: madeMs * 1000 }),
    signal: (atMs: number, n: number, tickMs: number, madeMs = atMs) =>
      say(atMs, {
        type: 'signal',
        event_id: `s${n}`,
        symbol: 'A',
        timestamp: madeMs * 1000,
        tick_event_id: `t${n}`,
        tick_seq: n,
        tick_timestamp: tickMs * 1000,
      }),
    report: (atMs: number) => {
      const { readings, counts, values } = matcher.drain(atMs, atMs);
      return { counts, values, events: readings.map(({ atMs: of, valid, within }) => [of, valid, within['le:500']]) };
    },
  };
}

describe('a matcher', () => {
  it('counts a signal from the exchange time of its tick to its receipt', () => {
    const { tick, signal, report } = listening();
    tick(5000, 1, 4900);
    signal(5400, 1, 4900, 5100);
    tick(6000, 2, 5900);
    signal(6401, 2, 5900, 6000);
    const { counts, values, events } = report(7000);
    expect(events).toEqual([[0, 2, 1]]);
    expect(counts).toMatchObject({ ticks: 2, signals: 2, matched: 2, unmatched: 0, early: 0, mismatched: 0 });
    // 200 and 100 ms by the platform's stamps, 400 and 401 ms from receipt to receipt; 1 % is the sketch's.
    expect(values['generatedP99Ms']).toBeCloseTo(200, -1);
    expect(values['generatedP50Ms']).toBeCloseTo(100, -1);
    expect(values['receivedP50Ms']).toBeCloseTo(400, -1);
  });

  it('waits for a tick that its signal has overtaken', () => {
    const { tick, signal, report } = listening();
    tick(0, 1);
    signal(5000, 2, 4800);
    expect(report(5100).counts).toMatchObject({ signals: 1, matched: 0, unmatched: 0 });
    tick(5200, 2, 4800);
    expect(report(5300)).toMatchObject({ counts: { matched: 1, unmatched: 0 }, events: [[0, 1, 1]] });
  });

  it('counts a signal without a tick as too late, never as missing', () => {
    const { tick, signal, report } = listening();
    tick(0, 1);
    signal(20_000, 7, 19_990);
    signal(20_010, 8, 19_990);
    expect(report(21_000).counts).toMatchObject({ signals: 2, unmatched: 0 });
    expect(report(22_500)).toMatchObject({ counts: { unmatched: 2, matched: 0 }, events: [[0, 2, 0]] });
    // A signal that comes long after its tick has been forgotten is one of them.
    tick(100_000, 9);
    tick(120_000, 10);
    signal(160_000, 1, 5000);
    expect(report(162_500)).toMatchObject({ counts: { unmatched: 1 }, events: [[120_000, 1, 0]] });
  });

  it('cannot tell of signals whose tick went by before it listened', () => {
    const { matcher, tick, signal, report } = listening();
    signal(10, 1, 5);
    tick(1000, 2);
    signal(1100, 1, 900);
    expect(report(4000)).toMatchObject({ counts: { early: 2, unmatched: 0 }, events: [[0, 0, 0]] });
    matcher.interrupted(20_000);
    tick(30_000, 5);
    signal(30_100, 4, 25_000);
    expect(report(33_000).counts).toMatchObject({ early: 1, unmatched: 0 });
  });

  it('says when a signal names another time for its tick than the tick itself', () => {
    const { tick, signal, report } = listening();
    tick(5000, 1, 4000);
    signal(5100, 1, 5000);
    // The tick's own time counts.
    expect(report(6000)).toMatchObject({ counts: { matched: 1, mismatched: 1 }, events: [[0, 1, 0]] });
  });

  it('takes a tick that was sent twice for as old as the first', () => {
    const { tick, signal, report } = listening();
    tick(1000, 1);
    tick(3000, 1);
    signal(3100, 1, 1000);
    expect(report(4000)).toMatchObject({ counts: { matched: 1 }, events: [[0, 1, 0]] });
  });

  it('never counts a signal from before its tick as fresh', () => {
    const { tick, signal, report } = listening();
    tick(1000, 1, 1500);
    signal(1200, 1, 1500);
    expect(report(2000)).toMatchObject({ counts: { matched: 1, anomalies: 1 }, events: [[0, 0, 0]] });
  });

  it('matches by number or by time where there are no ids', () => {
    const ticks = { time: 'T', unit: 'ms', symbol: 's', sequence: 'n', data: { field: 'k', equals: 'tick' } };
    const signals = { unit: 'ms', symbol: 's', data: { field: 'k', equals: 'signal' } };
    const byNumber = listening({ ticks, signals: { ...signals, tick: { sequence: 'of' } } });
    const byTime = listening({ ticks, signals: { ...signals, tick: { time: 'at' } } });
    for (const { say, report } of [byNumber, byTime]) {
      say(1000, [
        { k: 'tick', s: 'A', n: 1, T: 990 },
        { k: 'tick', s: 'B', n: 1, T: 100 },
      ]);
      say(1100, { k: 'signal', s: 'A', of: 1, at: 990 });
      expect(report(1200)).toMatchObject({ counts: { matched: 1, mismatched: 0 }, events: [[0, 1, 1]] });
    }
  });

  it('counts what it cannot read', () => {
    const { matcher, say, report } = listening();
    matcher.take('{"type":', 1, 1);
    matcher.takeUnreadable();
    say(1, 7);
    say(1, { type: 'tick', event_id: 't1', timestamp: 'soon' });
    say(1, { type: 'heartbeat', timestamp: 1 });
    expect(report(2).counts).toMatchObject({ malformed: 4, ticks: 0, signals: 0 });
  });
});

describe('a memory of ticks', () => {
  it('keeps each at least as long as was asked for, and not for ever', () => {
    const memory = new TickMemory(1000);
    for (let atMs = 0; atMs <= 5000; atMs += 100) {
      memory.put(`t${atMs}`, atMs, atMs);
      for (let ageMs = 0; ageMs <= Math.min(atMs, 1000); ageMs += 100) {
        expect(memory.get(`t${atMs - ageMs}`)).toEqual({ timeMs: atMs - ageMs, heardMs: atMs - ageMs });
      }
    }
    expect(memory.get('t1000')).toBeUndefined();
  });
});

it('signals whose age is nearer to a limit than the bound of the clock are borderline, unmatched ones never', () => {
  const spec = signalSpec.parse({ id: 'p', kind: 'signal', service: 's', url: 'ws://127.0.0.1:1/' });
  const matcher = new Matcher(spec, { ...context, clockBoundMs: () => 2 }, 0, 0);
  const say = (atMs: number, message: unknown) => matcher.take(JSON.stringify(message), atMs, atMs);
  for (const [n, ageMs] of [498, 499, 501, 502].entries()) {
    say(20_000, { type: 'tick', event_id: `t${n}`, symbol: 'A', timestamp: 20_000_000 });
    say(20_000 + ageMs, { type: 'signal', event_id: `s${n}`, symbol: 'A', tick_event_id: `t${n}` });
  }
  say(21_000, { type: 'signal', event_id: 's9', symbol: 'A', tick_event_id: 't9', tick_timestamp: 30_000_000 });
  expect(matcher.drain(30_000, 30_000).readings).toMatchObject([
    { valid: 5, within: { 'le:500': 2 }, borderline: { 'le:500': 2 } },
  ]);
});
