import { describe, expect, test } from 'vitest';
import type { Miss } from '../../../reports/causes.ts';
import { eventText, missesText } from '../../../runner/demo/lines.ts';
import { judged } from '../../slo/fixtures.ts';
import { timeBase } from '../../../slo/time-base.ts';
import { anObjective, START } from '../../reports/sample.ts';

function aMiss(id: string, causes: Miss['causes']): Miss {
  const objective = anObjective({ id });
  return {
    status: judged([], { objective, base: timeBase(600), nowMs: START }),
    causes,
    unexplained: 0,
  };
}

describe('the ending of the demo', () => {
  test('says in one line which rows were missed, and by what', () => {
    const noData = { probe: 'ticks-session', reason: 'no-data', runs: 1, badEvents: 1, badWeight: 1_500_000n };
    const late = { probe: 'ticks', reason: null, runs: 2, badEvents: 40, badWeight: 800_000n };
    expect(missesText([aMiss('sla-market-data-freshness', [noData, late]), aMiss('slo-other', [late])])).toBe(
      'missed by the end, as the evidence says: sla-market-data-freshness by ticks-session no-data (1 bad event of 1 run, standing for 1.5 s), ticks beyond the limit (40 bad events of 2 runs, standing for 800 ms); slo-other by ticks beyond the limit (40 bad events of 2 runs, standing for 800 ms)',
    );
  });

  test('says nothing where every row was held', () => {
    expect(missesText([])).toBeNull();
  });
});

describe('a colour that is not known any more', () => {
  test('is told with what is missing instead of a share of nothing', () => {
    const body = {
      from: 'green',
      to: 'unknown',
      consumed: null,
      good: 0,
      bad: 0,
      unknownBecause: 'no events in the window yet',
    };
    const event = {
      id: 'e',
      atMs: START,
      kind: 'colour' as const,
      service: 'order-execution',
      subject: 'kpi-fill-ratio',
      body,
    };
    expect(eventText(event)).toBe('kpi-fill-ratio: green → UNKNOWN (no events in the window yet)');
  });
});
