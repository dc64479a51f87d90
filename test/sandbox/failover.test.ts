import { describe, expect, test } from 'vitest';
import { Failover } from '../../sandbox/venue/failover.ts';
import { Sequence } from '../../sandbox/venue/sequence.ts';

const FRESH = 10;
const STALE = 2_001;

function failover() {
  const it = new Failover({ staleAfterMs: 2_000, failbackMs: 3_000 });
  return { it, at: (ms: number, primary: number, backup: number) => it.observe({ primary, backup }, ms) };
}

describe('the failover', () => {
  test('begins on the primary and stays there while that is fresh', () => {
    const { it, at } = failover();
    expect(at(0, FRESH, FRESH)).toBe('primary');
    expect(at(1, 2_000, FRESH)).toBe('primary');
    expect(it.switches).toBe(0);
  });

  test('leaves a stale primary for a fresh backup', () => {
    const { it, at } = failover();
    expect(at(0, STALE, FRESH)).toBe('backup');
    expect(it.switches).toBe(1);
  });

  test('stays on a stale primary when the backup is no better', () => {
    const { at } = failover();
    expect(at(0, STALE, STALE)).toBe('primary');
    expect(at(1, STALE, Infinity)).toBe('primary');
    expect(at(2, Infinity, FRESH)).toBe('backup');
  });

  test('returns only after the primary was fresh for failbackMs without a break', () => {
    const { it, at } = failover();
    at(0, STALE, FRESH);
    expect(at(1_000, FRESH, FRESH)).toBe('backup');
    expect(at(3_000, STALE, FRESH)).toBe('backup');
    expect(at(3_500, FRESH, FRESH)).toBe('backup');
    expect(at(6_499, FRESH, FRESH)).toBe('backup');
    expect(at(6_500, FRESH, FRESH)).toBe('primary');
    expect(it.switches).toBe(2);
  });

  test('returns at once to a fresh primary when the backup goes stale', () => {
    const { at } = failover();
    at(0, STALE, FRESH);
    expect(at(100, FRESH, STALE)).toBe('primary');
  });
});

describe('the venue numbers ticks', () => {
  const tick = (feed: 'primary' | 'backup', seq: number, session = 's') => ({
    feed,
    session,
    symbol: 'BTCUSD',
    seq,
    us: 0,
    bid: 1,
    ask: 2,
    last: 1,
    volume: 1,
  });

  test('contiguously across a change of feed and a restart of an exchange', () => {
    const sequence = new Sequence();
    const seen = [
      tick('primary', 41),
      tick('primary', 42),
      tick('backup', 9_000),
      tick('backup', 9_001),
      tick('primary', 77),
      tick('primary', 1, 'restarted'),
    ].map((t) => sequence.next(t));
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('so that what one exchange skips, repeats or sends late shows through', () => {
    const sequence = new Sequence();
    expect([10, 12, 12, 11, 13].map((seq) => sequence.next(tick('primary', seq)))).toEqual([1, 3, 3, 2, 4]);
  });
});
