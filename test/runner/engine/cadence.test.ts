import { describe, expect, it } from 'vitest';
import { INITIAL_PACE, intervalMs, nextPace, yellowAutoMs, type ServicePace } from '../../../runner/engine/cadence.ts';
import type { Colour } from '../../../slo/objective.ts';
import { timeBase } from '../../../slo/time-base.ts';
import type { Cadence } from '../../../store/result.ts';
import { plannedProbe } from '../configured.ts';

const HOLD_MS = 1000;

/** Plays colours, one each 100 ms. @returns the cadence after each */
function play(colours: readonly Colour[], first: ServicePace = INITIAL_PACE): readonly string[] {
  let pace = first;
  return colours.map((colour, index) => {
    pace = nextPace(pace, colour, index * 100, HOLD_MS);
    return pace.cadence;
  });
}

const times = <T>(count: number, item: T): readonly T[] => Array.from({ length: count }, () => item);

describe('the pace of a service', () => {
  it.each<[name: string, colours: readonly Colour[], after: string]>([
    ['stays Green while Green', ['green', 'green'], 'green'],
    ['rises at once with Yellow', ['green', 'yellow'], 'yellow'],
    ['rises at once with Red', ['green', 'red'], 'red'],
    ['rises from Yellow to Red at once', ['yellow', 'red'], 'red'],
    ['does not fall back from Red to Yellow', ['red', 'yellow'], 'red'],
    ['does not fall back when Green has just come', ['yellow', 'green'], 'yellow'],
    ['does not fall back just before the hold is over', ['yellow', ...times(10, 'green' as const)], 'yellow'],
    ['falls back when Green has lasted the hold', ['yellow', ...times(11, 'green' as const)], 'green'],
    ['falls back from Red too, by the same hold', ['red', ...times(11, 'green' as const)], 'green'],
    [
      'begins the hold anew after a flicker',
      ['yellow', ...times(9, 'green' as const), 'yellow', ...times(10, 'green' as const)],
      'yellow',
    ],
    [
      'begins the hold anew after Unknown',
      ['yellow', ...times(9, 'green' as const), 'unknown', ...times(10, 'green' as const)],
      'yellow',
    ],
    ['is not changed by Unknown: from Red', ['red', 'unknown'], 'red'],
    ['is not changed by Unknown: from nothing', ['unknown'], 'green'],
    ['never falls back on silence', ['red', ...times(50, 'unknown' as const)], 'red'],
  ])('%s', (_name, colours, after) => {
    expect(play(colours).at(-1)).toBe(after);
  });

  it('follows a long flicker without flickering itself', () => {
    const colours = Array.from({ length: 40 }, (_, n): Colour => (n % 5 === 0 ? 'yellow' : 'green'));
    expect(new Set(play(colours))).toEqual(new Set(['yellow']));
  });
});

describe('the interval of a probe', () => {
  const named = plannedProbe({ every: '60s', yellow: '15s', red: '5s', timeout: '4s' });
  const noRed = plannedProbe({ every: '60s', yellow: '15s', timeout: '4s' });
  const auto = plannedProbe({ every: '60s', yellow: 'auto', fastest: '2s', timeout: '1s' });
  const slowRed = plannedProbe({ every: '60s', yellow: '15s', red: '30s', timeout: '4s' });
  const calendar = plannedProbe({ cron: '*/10 9-16 * * 1-5', timezone: 'America/New_York' });

  it.each<[name: string, probe: typeof named, cadence: Cadence, autoMs: number, expected: number | null]>([
    ['is every in Green', named, 'green', 0, 60_000],
    ['is yellow in Yellow', named, 'yellow', 0, 15_000],
    ['is red in Red', named, 'red', 0, 5000],
    ['is yellow in Red unless red is named', noRed, 'red', 0, 15_000],
    ['is the shortest of all during a game-day', named, 'gameday', 0, 5000],
    ['is the shortest of all during a game-day, which may be yellow', slowRed, 'gameday', 0, 15_000],
    ['is what auto comes to', auto, 'yellow', 7000, 7000],
    ['is never below the floor', auto, 'yellow', 500, 2000],
    ['is never above every', auto, 'yellow', 90_000, 60_000],
    ['is what auto comes to in Red too', auto, 'red', 7000, 7000],
    ['is every for a run asked for by hand', named, 'once', 0, 60_000],
    ['is none for a calendar', calendar, 'red', 1000, null],
  ])('%s', (_name, probe, cadence, autoMs, expected) => {
    expect(intervalMs(probe, cadence, autoMs)).toBe(expected);
  });

  it('is a whole number of milliseconds, at least one, however it was written', () => {
    expect(intervalMs(plannedProbe({ every: '333.4ms' }), 'green', 0)).toBe(333);
    expect(intervalMs(plannedProbe({ every: '0.2ms' }), 'green', 0)).toBe(1);
  });
});

describe('yellow: auto', () => {
  const probe = plannedProbe({ every: '60s', fastest: '1s', timeout: '1s' });

  it.each<[name: string, burning: readonly string[], scale: number, expected: number]>([
    ['is four times the base rate while nothing burns', [], 1, 15_000],
    // 3 / (2 × 0.001) = 1,500 an hour
    ['is the informative rate of a burning objective when that is faster', ['0.999'], 1, 2400],
    // 3 / (2 × 0.005) = 300 an hour
    ['is the informative rate at 99.5 %', ['0.995'], 1, 12_000],
    // 3 / (2 × 0.05) = 30 an hour, slower than four times the base rate
    ['is four times the base rate when that is faster', ['0.95'], 1, 15_000],
    ['is that of the strictest of several', ['0.95', '0.995', '0.99'], 1, 12_000],
    ['stops at the floor', ['0.9999'], 1, 1000],
    ['takes its hours from the time base', ['0.95'], 10, 12_000],
  ])('%s', (_name, burning, scale, expected) => {
    expect(yellowAutoMs(probe, 60_000, timeBase(scale), burning)).toBe(expected);
  });

  it('keeps to the order limit of a paper-order probe', () => {
    const order = plannedProbe({
      id: 'buy',
      kind: 'paper-order',
      service: 'order-execution',
      every: '60s',
      venue: 'primary',
      submit: { url: 'https://venue.example/api/v1/orders' },
      order: { symbol: 'BTCUSD', side: 'buy', order_type: 'market', quantity: '0.001', reference_price: '50000' },
      paper: {
        url: 'https://venue.example/api/v1/account',
        json: { path: '$.mode', equals: 'paper' },
        hosts: ['venue.example'],
      },
      limits: { maxQuantity: '0.01', maxNotional: '1000', maxPerMinute: 6 },
    });
    expect(yellowAutoMs(order, 60_000, timeBase(1), ['0.999'])).toBe(10_500);
    expect(intervalMs(order, 'yellow', 1)).toBe(10_500);
  });
});
