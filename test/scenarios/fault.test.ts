import { describe, expect, test } from 'vitest';
import { faultSchema, type Fault } from '../../scenarios/fault.ts';

describe('a fault in a scenario file', () => {
  const faults: readonly (readonly [object, Fault])[] = [
    [
      { type: 'latency', delay: '3s' },
      { type: 'latency', ms: 3000, jitterMs: 0, roundTrip: false },
    ],
    [
      { type: 'latency', delay: '1.5s', jitter: '250ms', roundTrip: true },
      { type: 'latency', ms: 1500, jitterMs: 250, roundTrip: true },
    ],
    [{ type: 'blackhole' }, { type: 'blackhole' }],
    [{ type: 'refuse' }, { type: 'refuse' }],
    [{ type: 'reset' }, { type: 'reset', afterMs: 0 }],
    [
      { type: 'reset', after: '1s' },
      { type: 'reset', afterMs: 1000 },
    ],
    [
      { type: 'throttle', rateKBps: 0 },
      { type: 'throttle', rateKBps: 0, direction: 'downstream' },
    ],
    [
      { type: 'slowClose', delay: '2s' },
      { type: 'slowClose', ms: 2000, direction: 'both' },
    ],
    [
      { type: 'cutAfter', bytes: 9, direction: 'upstream' },
      { type: 'cutAfter', bytes: 9, direction: 'upstream' },
    ],
    [
      { type: 'slice', bytes: 9 },
      { type: 'slice', bytes: 9, variationBytes: 0, gapUs: 0, direction: 'downstream' },
    ],
  ];

  test.each(faults)('%j is read, with its defaults', (given, fault) => {
    expect(faultSchema.parse(given)).toEqual(fault);
  });

  test.each([
    [{}, 'type', 'a fault: latency, blackhole, refuse, reset, throttle, slowClose, cutAfter or slice'],
    [{ type: 'lag' }, 'type', 'a fault: latency, blackhole, refuse, reset, throttle, slowClose, cutAfter or slice'],
    [{ type: 'latency' }, 'delay', 'a duration such as "15s"'],
    [{ type: 'latency', delay: 300 }, 'delay', 'a duration such as "15s"'],
    [{ type: 'latency', delay: '0.5ms' }, 'delay', 'a duration of whole milliseconds such as "3s"'],
    [{ type: 'latency', delay: '1s', jitter: '2s' }, 'jitter', 'a jitter no longer than the delay'],
    [{ type: 'latency', delay: '1s', roundTrip: 'yes' }, 'roundTrip', 'true or false'],
    [{ type: 'reset', after: 'soon' }, 'after', 'a duration of whole milliseconds such as "3s"'],
    [{ type: 'throttle', rateKBps: -1 }, 'rateKBps', '0 or more kilobytes a second'],
    [{ type: 'throttle', rateKBps: 1.5 }, 'rateKBps', 'a whole number of kilobytes a second'],
    [{ type: 'throttle', rateKBps: 1, direction: 'sideways' }, 'direction', '"upstream", "downstream" or "both"'],
    [{ type: 'slice', bytes: 0 }, 'bytes', '1 or more bytes'],
    [{ type: 'slice', bytes: 5, variationBytes: 5 }, 'variationBytes', 'a variation smaller than the size of a piece'],
  ])('%j is refused, with what was expected where', (given, path, expected) => {
    const [issue] = faultSchema.safeParse(given).error?.issues ?? [];
    expect([issue?.path.join('.'), issue?.message]).toEqual([path, expected]);
  });

  test('that holds a key of no meaning is refused', () => {
    expect(faultSchema.safeParse({ type: 'blackhole', delay: '3s' }).success).toBe(false);
  });
});
