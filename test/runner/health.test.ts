import { describe, expect, it } from 'vitest';
import { createHealthWatch, type HealthQuestion } from '../../runner/health.ts';
import { LedgerError } from '../../store/ledger-error.ts';
import { aResult } from '../support/results.ts';

const WELL: HealthQuestion = {
  resultsWaiting: 0,
  trouble: null,
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
  it('is good while results are written and budgets judged, however ill the target is', () => {
    const { health, pass } = watch();
    for (let n = 0; n < 100; n += 1) {
      pass(1000);
      health.hear(aResult(n, { outcome: 'bad', reason: 'timeout' }));
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

  it('is degraded while more than a tenth of the runs are late, missed or spoiled by this process, and no longer', () => {
    const { health, pass, reasons } = watch();
    for (let n = 0; n < 27; n += 1) health.hear(aResult(n));
    health.hear(aResult(30, { outcome: 'fault', reason: 'loop-stall' }));
    health.hear(aResult(31, { outcome: 'skipped', reason: 'missed' }));
    expect(reasons()).toEqual([]);
    health.hear(aResult(32, { latenessMs: 1001 }));
    expect(reasons()).toEqual([]);
    health.hear(aResult(33, { latenessMs: 1001 }));
    expect(reasons()).toEqual(['overloaded: 4 of the last 31 runs were late, missed or spoiled by this process']);
    health.stored();
    pass(121_000);
    health.stored();
    expect(reasons()).toEqual([]);
  });

  it('does not call a slow target an overload', () => {
    const { health, reasons } = watch();
    for (let n = 0; n < 20; n += 1)
      health.hear(aResult(n, { outcome: 'skipped', reason: 'overlap', latenessMs: 5000 }));
    expect(reasons()).toEqual([]);
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
