import { describe, expect, test } from 'vitest';
import { FAULT_TYPES, faultSchema, type Fault } from '../../scenarios/fault.ts';

const A_FAULT =
  'a fault: latency, blackhole, refuse, reset, throttle, slowClose, cutAfter, slice, packetDelay, packetLoss, ' +
  'packetDuplicate, packetCorrupt, packetReorder, packetRate, partition, freeze, terminate, kill, crashLoop, cpuLoad, ' +
  'memoryPressure, ioPressure, call, command, podFailure or clockOffset';

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
    [
      { type: 'packetDelay', delay: '100ms', jitter: '10ms' },
      { type: 'packetDelay', ms: 100, jitterMs: 10 },
    ],
    [
      { type: 'packetLoss', share: '0.5%' },
      { type: 'packetLoss', percent: 0.5 },
    ],
    [
      { type: 'packetDuplicate', share: '100%' },
      { type: 'packetDuplicate', percent: 100 },
    ],
    [
      { type: 'packetCorrupt', share: '1%' },
      { type: 'packetCorrupt', percent: 1 },
    ],
    [
      { type: 'packetReorder', share: '25%', delay: '20ms' },
      { type: 'packetReorder', percent: 25, ms: 20 },
    ],
    [
      { type: 'packetRate', rateKbps: 512 },
      { type: 'packetRate', kilobits: 512 },
    ],
    ...(['partition', 'freeze', 'terminate', 'kill', 'call', 'command', 'podFailure'] as const).map(
      (type) => [{ type }, { type }] as const,
    ),
    [
      { type: 'crashLoop', every: '1s' },
      { type: 'crashLoop', everyMs: 1000 },
    ],
    [{ type: 'cpuLoad' }, { type: 'cpuLoad', workers: null, percent: 100 }],
    [
      { type: 'cpuLoad', workers: 2, load: '80%' },
      { type: 'cpuLoad', workers: 2, percent: 80 },
    ],
    [
      { type: 'memoryPressure', share: '60%' },
      { type: 'memoryPressure', percent: 60 },
    ],
    [{ type: 'ioPressure' }, { type: 'ioPressure', workers: 1, megabytes: 256 }],
    [
      { type: 'clockOffset', by: '-5s' },
      { type: 'clockOffset', ms: -5000 },
    ],
  ];

  test.each(faults)('%j is read, with its defaults', (given, fault) => {
    expect(faultSchema.parse(given)).toEqual(fault);
  });

  test.each([
    [{}, 'type', A_FAULT],
    [{ type: 'lag' }, 'type', A_FAULT],
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
    [{ type: 'packetDelay', delay: '1s', jitter: '2s' }, 'jitter', 'a jitter no longer than the delay'],
    [{ type: 'packetLoss', share: 5 }, 'share', 'a share above 0% and at most 100% such as "5%"'],
    [{ type: 'packetLoss', share: '0%' }, 'share', 'a share above 0% and at most 100% such as "5%"'],
    [{ type: 'packetCorrupt', share: '101%' }, 'share', 'a share above 0% and at most 100% such as "5%"'],
    [{ type: 'packetRate', rateKbps: 0 }, 'rateKbps', '8 or more kilobits a second'],
    [{ type: 'crashLoop', every: '1ms' }, 'every', 'a duration of at least 100ms'],
    [{ type: 'cpuLoad', workers: 0 }, 'workers', '1 or more workers'],
    [{ type: 'cpuLoad', load: '1.5%' }, 'load', 'a whole share from 1% to 100% such as "80%"'],
    [{ type: 'memoryPressure', share: '95%' }, 'share', 'a share above 0% and at most 90% such as "5%"'],
    [{ type: 'ioPressure', megabytes: 0 }, 'megabytes', '1 or more megabytes'],
    [
      { type: 'clockOffset', by: '5s' },
      'by',
      'an offset of whole milliseconds with its sign such as "+300ms" or "-5s"',
    ],
  ])('%j is refused, with what was expected where', (given, path, expected) => {
    const [issue] = faultSchema.safeParse(given).error?.issues ?? [];
    expect([issue?.path.join('.'), issue?.message]).toEqual([path, expected]);
  });

  test('has one of the names that are told', () => {
    expect(new Set(faults.map(([, { type }]) => type))).toEqual(new Set(FAULT_TYPES));
  });

  test('that holds a key of no meaning is refused', () => {
    expect(faultSchema.safeParse({ type: 'blackhole', delay: '3s' }).success).toBe(false);
  });
});
