import { expect, test } from 'vitest';
import { driftingClock } from '../../sandbox/exchange/drift.ts';

test('a clock drifts from the moment at which the knob is turned, and is right again at once', () => {
  let [nowMs, rate] = [0, 0];
  const clock = driftingClock({ monotonicMs: () => nowMs, wallUs: () => 1_000_000_000 + nowMs * 1000 }, () => rate);
  const errorUs = (): number => clock.wallUs() - (1_000_000_000 + nowMs * 1000);
  nowMs = 5000;
  expect(errorUs()).toBe(0);
  rate = -400;
  expect(errorUs()).toBe(0);
  nowMs = 7500;
  expect(errorUs()).toBe(-1_000_000);
  rate = 0;
  expect(errorUs()).toBe(0);
});
