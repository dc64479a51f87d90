import { describe, expect, it } from 'vitest';
import { createHealthWatch, type HealthQuestion } from '../../runner/health.ts';
import { LedgerError } from '../../store/ledger-error.ts';

const WELL: HealthQuestion = {
  resultsWaiting: 0,
  trouble: null,
  overload: null,
  silenceMs: 60_000,
  judgedAgeMs: 30_000,
  judgeEveryMs: 60_000,
};

function watch() {
  let nowMs = 0;
  const clock = { wallMs: () => 0, monotonicMs: () => nowMs, sleep: () => Promise.resolve() };
  const health = createHealthWatch(clock);
  return {
    health,
    pass: (ms: number) => {
      nowMs += ms;
    },
    reasons: (part: Partial<HealthQuestion> = {}) => health.judge({ ...WELL, ...part }).reasons,
  };
}

describe('the health of the prober', () => {
  it('is good while results are written and budgets judged', () => {
    const { health, pass } = watch();
    for (let n = 0; n < 100; n += 1) {
      pass(1000);
      health.stored();
    }
    expect(health.judge(WELL)).toEqual({ status: 'running', reasons: [] });
  });

  it('is degraded while the ledger refuses, and while results that were put aside wait for it', () => {
    const { health, reasons } = watch();
    const trouble = new LedgerError('full', 'a.db', 'the disk is full', 'free some space');
    expect(health.judge({ ...WELL, trouble, resultsWaiting: 3 })).toEqual({
      status: 'degraded',
      reasons: ['the ledger refuses results: ledger a.db: the disk is full: free some space'],
    });
    expect(reasons({ resultsWaiting: 3 })).toEqual(['results that were put aside wait for the ledger']);
  });

  it('is degraded while the process is overloaded, with how long and what became of the runs since', () => {
    const { pass, reasons, health } = watch();
    const strain = { runs: 900, late: 120, missed: 4, overlapped: 0, stalled: 0, worstMs: 5210, busy: 0.99 };
    const overload = { sinceMs: 0, sinceMonotonicMs: 0, strain, text: '' };
    pass(40_000);
    health.stored();
    expect(reasons({ overload })).toEqual([
      'overloaded for 40 s: of 900 runs 120 began late, 4 missed (at most 5.2 s late); event loop busy 99 %',
    ]);
  });

  it('is degraded when nothing was written for long, unless only calendars say when a probe runs', () => {
    const { health, pass, reasons } = watch();
    pass(61_000);
    expect(reasons()).toEqual(['no result was written for 61 s']);
    expect(reasons({ silenceMs: null })).toEqual([]);
    health.stored();
    expect(reasons()).toEqual([]);
  });

  it('is degraded when the budgets were not judged for three periods', () => {
    const { reasons } = watch();
    expect(reasons({ judgedAgeMs: 180_001 })).toEqual(['the budgets were not judged for 180 s']);
  });
});
