import { describe, expect, it } from 'vitest';
import { PRESETS } from '../../../probes/market-data/presets.ts';
import { FrameReader, Reader } from '../../../probes/market-data/reader.ts';
import { Sequence } from '../../../probes/market-data/sequence.ts';

const MOMENT_MS = Date.parse('2026-03-04T05:06:07.890Z');

describe('a reader', () => {
  it.each([
    ['s', MOMENT_MS / 1000],
    ['ms', MOMENT_MS],
    ['us', MOMENT_MS * 1000],
    ['ns', MOMENT_MS * 1e6],
    ['ms', String(MOMENT_MS)],
    ['iso', '2026-03-04T05:06:07.890Z'],
    ['iso', '2026-03-04T06:06:07.890000+01:00'],
  ] as const)('reads a time in %s: %j', (unit, time) => {
    const reader = new Reader({ time: 'data.E', unit });
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
    expect(new FrameReader([...PRESETS.tradepulse.map]).readers[0]?.read(message)).toBe(kind);
  });

  it('reads micro- and nanoseconds of a written time', () => {
    const reader = new Reader({ time: 't', unit: 'iso' });
    reader.read({ t: '2026-03-04T05:06:07.890123Z' });
    expect(reader.timeMs - MOMENT_MS).toBeCloseTo(0.123, 3);
    reader.read({ t: '2026-03-04T05:06:07.890999999Z' });
    expect(reader.timeMs - MOMENT_MS).toBeCloseTo(1, 3);
  });

  it('passes over messages that are not marked as data', () => {
    const reader = new Reader({ time: 't', unit: 'ms', symbol: 's', data: { field: 'channel', equals: 'trades' } });
    expect(reader.read({ channel: 'trades', t: 1, s: 'A' })).toBe('tick');
    expect(reader.read({ channel: 'signals', t: 1, s: 'A' })).toBe('other');
    expect(reader.read({ t: 1, s: 'A' })).toBe('other');
  });

  it('takes one of several values, and all of several conditions, in the message or the frame around it', () => {
    const reader = new Reader({
      time: 't',
      unit: 'ms',
      data: [{ field: 'channel', equals: ['trade', 'ticker'] }, { field: 'type', equals: 'update' }, { field: 't' }],
    });
    const sorted = [
      ['trade', 'update'],
      ['ticker', 'update'],
      ['book', 'update'],
      ['trade', 'snapshot'],
    ].map(([channel, type]) => reader.read({ t: 1 }, { channel, type }));
    expect(sorted).toEqual(['tick', 'tick', 'other', 'other']);
  });

  it('reads ranges of numbers and best prices, written as numbers or as text', () => {
    const reader = new Reader({
      time: 't',
      unit: 'ms',
      sequence: { first: 'U', last: 'u' },
      bid: 'b.0.0',
      ask: 'a.0.0',
    });
    reader.read({ t: 1, U: 157, u: 160, b: [['0.0024', '10']], a: [[0.0026, 100]] });
    expect(reader).toMatchObject({ firstSequence: 157, lastSequence: 160, bid: 0.0024, ask: 0.0026 });
    reader.read({ t: 2, U: 161, u: 161, b: [], a: [] });
    expect(reader).toMatchObject({ lastSequence: 161, bid: NaN, ask: NaN });
  });
});

describe('a frame', () => {
  const frames = new FrameReader([
    { time: 't', unit: 'ms', items: 'events.ticks' },
    { time: 't', unit: 'ms' },
  ]);

  it.each([
    [{ events: [{ ticks: [1, 2] }, { other: 1 }, { ticks: 3 }] }, [1, 2, 3]],
    [{ t: 1 }, [{ t: 1 }]],
    [
      [4, 5],
      [4, 5],
    ],
  ])('%j holds %j', (frame, messages) => {
    expect(frames.messages(frame)).toEqual(messages);
  });
});

describe('sequence numbers', () => {
  function drained(numbers: readonly number[]) {
    const sequence = new Sequence();
    for (const number of numbers) sequence.take(number, number);
    return sequence.drain();
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

  it.each([
    [
      'contiguous',
      [
        [1, 3],
        [4, 4],
        [5, 9],
      ],
      { gaps: 0, missed: 0, duplicates: 0, reorders: 0 },
    ],
    [
      'a gap',
      [
        [1, 3],
        [6, 9],
      ],
      { gaps: 1, missed: 2, duplicates: 0, reorders: 0 },
    ],
    [
      'the same again',
      [
        [1, 3],
        [1, 3],
      ],
      { gaps: 0, missed: 0, duplicates: 1, reorders: 0 },
    ],
    [
      'a part again',
      [
        [1, 3],
        [2, 5],
        [6, 6],
      ],
      { gaps: 0, missed: 0, duplicates: 1, reorders: 0 },
    ],
    [
      'a late one',
      [
        [1, 3],
        [6, 9],
        [4, 5],
      ],
      { gaps: 1, missed: 0, duplicates: 0, reorders: 1 },
    ],
  ])('in ranges: %s', (_name, ranges, expected) => {
    const sequence = new Sequence();
    for (const [first = 0, last = 0] of ranges) sequence.take(first, last);
    expect(sequence.drain()).toEqual(expected);
    expect(sequence.drain()).toEqual({ gaps: 0, missed: 0, duplicates: 0, reorders: 0 });
  });

  it('may begin anew after a reconnection', () => {
    const sequence = new Sequence();
    sequence.take(1, 1);
    sequence.forget();
    sequence.take(100, 100);
    expect(sequence.drain()).toMatchObject({ gaps: 0 });
  });
});
