import { describe, expect, it } from 'vitest';
import { burnPairs, burnThresholdProblem } from '../../slo/burn.ts';
import { decimal, rational, toNumber } from '../../slo/decimal.ts';
import { alertConditions } from '../../slo/alerts.ts';
import { consequencesOf, serviceColour } from '../../slo/policy.ts';
import { autoIntervalMs, informativeRatePerHour } from '../../slo/sampling.ts';
import { triggeredRules } from '../../slo/service-rules.ts';
import type { Status } from '../../slo/status.ts';
import { timeBase } from '../../slo/time-base.ts';
import { HOUR, judged, MINUTE, NOW, objective, runs } from './fixtures.ts';

const STEP = Math.floor(NOW / MINUTE) * MINUTE;

function status(id: string, good: number, bad: number, change: Parameters<typeof objective>[0] = {}): Status {
  return judged([runs(STEP, good, bad)], { objective: objective({ id, ...change }) });
}

const green = status('green', 100_000, 0);
const yellow = status('yellow', 99_950, 50);
const red = status('red', 99_900, 100);
const thinRed = status('thin', 99, 1);
const unknown = judged([], { objective: objective({ id: 'unknown' }) });

describe('a service', () => {
  it('has the worst colour of its objectives, and shows those it knows nothing about', () => {
    expect(serviceColour([green, yellow, unknown])).toEqual({
      colour: 'yellow',
      because: ['yellow'],
      unknown: ['unknown'],
    });
    expect(serviceColour([unknown])).toEqual({ colour: 'unknown', because: [], unknown: ['unknown'] });
    expect(serviceColour([])).toEqual({ colour: 'unknown', because: [], unknown: [] });
  });

  it.each([
    ['Green', [green], { gate: 'open', sampling: 'green', gamedayDays: null }],
    ['Yellow', [green, yellow], { gate: 'needs-signoff', sampling: 'yellow', gamedayDays: null }],
    ['Red', [yellow, red], { gate: 'frozen', sampling: 'red', gamedayDays: 14 }],
    ['Unknown', [unknown], { gate: 'unknown', sampling: 'green', gamedayDays: null }],
  ])('that is %s has its consequences', (_, statuses, expected) => {
    expect(consequencesOf(statuses)).toMatchObject(expected);
  });

  it('that is Red on thin data samples as Red, and reviews instead of freezing', () => {
    expect(consequencesOf([green, thinRed])).toMatchObject({
      colour: 'red',
      gate: 'needs-signoff',
      sampling: 'red',
      gamedayDays: null,
      thin: ['thin'],
    });
    expect(consequencesOf([red, thinRed])).toMatchObject({ gate: 'frozen', gamedayDays: 14, thin: ['thin'] });
  });
});

describe('a companion', () => {
  const beside = { id: 'green', label: 'synthetic' };
  const companion = status('second', 99_900, 100, { beside });

  it('gives its service no colour and no consequence', () => {
    expect(companion.colour).toBe('red');
    expect(serviceColour([green, companion])).toEqual({ colour: 'green', because: ['green'], unknown: [] });
    expect(serviceColour([companion]).colour).toBe('unknown');
    expect(consequencesOf([green, companion])).toMatchObject({ gate: 'open', sampling: 'green', thin: [] });
    expect(consequencesOf([status('thin', 99, 1, { beside }), green]).thin).toEqual([]);
  });

  it('raises no alert and triggers no rule', () => {
    const hot = judged([runs(STEP, 9000, 1000)], { objective: objective({ id: 'kpi-order-ack', beside }) });
    const row = judged([runs(STEP, 9000, 1000)], { objective: objective({ id: 'kpi-order-ack' }) });
    expect([alertConditions(row).length > 0, triggeredRules(row).length > 0]).toEqual([true, true]);
    expect([alertConditions(hot), triggeredRules(hot)]).toEqual([[], []]);
  });
});

describe('the service rules', () => {
  const rulesOf = (of: Status): (readonly unknown[])[] =>
    triggeredRules(of).map(({ rule, split, as }) => [rule.id, split, as]);

  it('divert from a broker at 50 %, and tighten risk caps above 60 %', () => {
    const ack = (bad: number) => status('kpi-order-ack', 10_000 - bad, bad, { target: '0.995' });
    expect([rulesOf(ack(24)), rulesOf(ack(25))]).toEqual([[], [['broker-divert', null, 'act']]]);
    const fill = (bad: number) => status('kpi-fill-ratio', 10_000 - bad, bad, { target: '0.92', windowMs: HOUR });
    expect([rulesOf(fill(480)), rulesOf(fill(481))]).toEqual([[], [['fill-risk-caps', null, 'act']]]);
  });

  it('take degraded mode at 25 %, and pause jobs above a burn of two', () => {
    const signal = (bad: number) => status('kpi-signal-freshness', 10_000 - bad, bad, { target: '0.992' });
    expect([rulesOf(signal(19)), rulesOf(signal(20))]).toEqual([[], [['signal-degraded-mode', null, 'act']]]);
    const ingestion = (bad: number) => status('kpi-ingestion-latency', 10_000 - bad, bad, { target: '0.99' });
    expect([rulesOf(ingestion(200)), rulesOf(ingestion(201))]).toEqual([[], [['ingestion-burn', null, 'act']]]);
  });

  it('judge each venue on its own, and only review a thin one', () => {
    const of = objective({ id: 'kpi-order-ack', target: '0.995', split: 'venue' });
    const steps = [
      runs(STEP, 10_000, 0, { split: 'a' }),
      runs(STEP, 90, 10, { split: 'b' }),
      runs(STEP, 9900, 100, { split: 'c' }),
    ];
    expect(rulesOf(judged(steps, { objective: of }))).toEqual([
      ['broker-divert', 'b', 'review'],
      ['broker-divert', 'c', 'act'],
    ]);
  });

  it('are silent about other objectives and about the Unknown', () => {
    expect(rulesOf(red)).toEqual([]);
    expect(rulesOf(status('kpi-order-ack', 0, 0))).toEqual([]);
  });
});

describe('burn-rate pairs', () => {
  const pairs = (target: string, hours: number) => {
    const { kept, dropped } = burnPairs(decimal(target), rational(hours));
    return [
      kept.map(({ long, factor }) => [long, toNumber(factor)]),
      dropped.map(({ long, because }) => `${long}: ${because}`),
    ];
  };

  it('are the well-known four over thirty days', () => {
    expect(pairs('0.999', 720)).toEqual([
      [
        ['1h', 14.4],
        ['6h', 6],
        ['1d', 3],
        ['3d', 1],
      ],
      [],
    ]);
  });

  it('are dropped with the reason where they make no sense', () => {
    expect(pairs('0.997', 168)).toEqual([
      [
        ['1h', 3.36],
        ['6h', 1.4],
      ],
      [
        '1d: its factor scales to 0.7, and a burn below 1 never exhausts the budget',
        '3d: its factor scales to 0.2333, and a burn below 1 never exhausts the budget',
      ],
    ]);
    expect(pairs('0.95', 2160)).toEqual([
      [
        ['6h', 18],
        ['1d', 9],
        ['3d', 3],
      ],
      ['1h: its factor scales to 43.2, above the 20 that no burn rate of this target can exceed'],
    ]);
    expect(pairs('0.92', 1)).toEqual([
      [],
      [
        '1h: its factor scales to 0.02, and a burn below 1 never exhausts the budget',
        '6h: its lookback of 6h is longer than the window of 1 h',
        '1d: its lookback of 1d is longer than the window of 1 h',
        '3d: its lookback of 3d is longer than the window of 1 h',
      ],
    ]);
  });

  it('may have their threshold at the ceiling, not above it', () => {
    expect(burnThresholdProblem(decimal('20'), decimal('0.95'))).toBeNull();
    expect(burnThresholdProblem(decimal('20.01'), decimal('0.95'))).toBe(
      'above the 20 that no burn rate of this target can exceed',
    );
  });
});

describe('automatic Yellow sampling', () => {
  const auto = (baseMs: number, burning: string[], shortestMs = 1, scale = 1) =>
    autoIntervalMs({ baseMs, burning, shortestMs, base: timeBase(scale) });

  it('asks 25 times a minute at 99.9 %, where that is faster than four times the base', () => {
    expect(toNumber(informativeRatePerHour(decimal('0.999')))).toBe(1500);
    expect(auto(60_000, ['0.999'])).toBe(2400);
    expect(auto(60_000, ['0.95'])).toBe(15_000);
    expect(auto(4000, ['0.999'])).toBe(1000);
  });

  it('follows the strictest of the burning objectives, within the cap and never slower than the base', () => {
    expect(auto(60_000, ['0.95', '0.9995', '0.99'])).toBe(1200);
    expect(auto(60_000, ['0.9995'], 5000)).toBe(5000);
    expect(auto(3000, ['0.999'], 5000)).toBe(3000);
    expect(auto(60_000, [])).toBe(15_000);
  });

  it('shrinks with the time base', () => {
    expect(auto(1000, ['0.999'], 1, 60)).toBe(40);
  });
});
