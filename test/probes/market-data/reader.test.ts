import { describe, expect, it } from 'vitest';
import { PRESETS } from '../../../probes/market-data/presets.ts';
import { Reader } from '../../../probes/market-data/reader.ts';
import { Sequences } from '../../../probes/market-data/sequence.ts';

const MOMENT_MS = Date.parse('2026-03-04T05:06:07.890Z');

describe('a reader', () => {
  it.each([
    ['s', MOMENT_MS / 1000],
    ['ms', MOMENT_MS],
    ['us', MOMENT_MS * 1000],
    ['ns', MOMENT_MS * 1e6],
    ['ms', String(MOMENT_MS)],
    ['iso', '2026-03-04T05:06:07.890Z'],
  ] as const)('reads a time in %s: %j', (unit, time) => {
    const reader = new Reader({ time: 'data.E', unit }, undefined);
    expect(reader.read({ data: { E: time } })).toBe('tick');
    expect(reader.timeMs).toBeCloseTo(MOMENT_MS, 3);
  });

  it.each([
    ['tick', { type: 'tick', symbol: 'A', timestamp: 1, seq: 1 }],
    ['heartbeat', { type: 'heartbeat', timestamp: 1 }],
    ['rejected', { type: 'error', message: 'no such channel' }],
    ['other', { type: 'subscribed', channels: ['trades'] }],
    ['other', { symbol: 7, timestamp: 1 }],
    ['malformed', { symbol: 'A', timestamp: 'soon' }],
    ['malformed', 7],
    ['malformed', null],
  ] as const)('of the tradepulse preset says %s of %j', (kind, message) => {
    expect(new Reader(PRESETS.tradepulse.map, undefined).read(message)).toBe(kind);
  });

  it('passes over symbols that were not asked for, and messages that are not marked as data', () => {
    const reader = new Reader({ time: 't', unit: 'ms', symbol: 's', data: { field: 'channel', equals: 'trades' } }, [
      'A',
    ]);
    expect(reader.read({ channel: 'trades', t: 1, s: 'A' })).toBe('tick');
    expect(reader.read({ channel: 'trades', t: 1, s: 'B' })).toBe('other');
    expect(reader.read({ channel: 'signals', t: 1, s: 'A' })).toBe('other');
  });
});

describe('sequence numbers', () => {
  function drained(numbers: readonly number[]) {
    const sequences = new Sequences();
    for (const number of numbers) sequences.take('A', number);
    return sequences.drain();
  }

  it.each([
    ['contiguous', [5, 6, 7], { gaps: 0, missed: 0, duplicates: 0, reorders: 0 }],
    ['a gap of two', [5, 8, 9], { gaps: 1, missed: 2, duplicates: 0, reorders: 0 }],
    ['a duplicate', [5, 5, 6], { gaps: 0, missed: 0, duplicates: 1, reorders: 0 }],
    ['a late one', [5, 7, 6, 8], { gaps: 1, missed: 0, duplicates: 0, reorders: 1 }],
    ['a restart', [50_000, 1, 2], { gaps: 0, missed: 0, duplicates: 0, reorders: 0 }],
  ])('%s', (_name, numbers, expected) => {
    expect(drained(numbers)).toMatchObject(expected);
  });

  it('are followed for each symbol, and named where something is wrong', () => {
    const sequences = new Sequences();
    for (const [symbol, number] of [
      ['A', 1],
      ['B', 7],
      ['A', 2],
      ['B', 9],
    ] as const)
      sequences.take(symbol, number);
    expect(sequences.drain()).toEqual({ gaps: 1, missed: 1, duplicates: 0, reorders: 0, 'gaps:B': 1, 'missed:B': 1 });
    expect(sequences.drain()).toEqual({ gaps: 0, missed: 0, duplicates: 0, reorders: 0 });
  });

  it('may begin anew after a reconnection', () => {
    const sequences = new Sequences();
    sequences.take('A', 1);
    sequences.forget();
    sequences.take('A', 100);
    expect(sequences.drain()).toMatchObject({ gaps: 0 });
  });
});
