import { describe, expect, it } from 'vitest';
import { cpuMsOf, ownCpuMs, ticksOfStat } from '../../bench/cpu.ts';

describe('the CPU accounting of the bench', () => {
  it('adds user and system time, whatever the program is called', () => {
    const rest = 'S 1 42 42 0 -1 4194560 1201 0 3 0 250 37 0 0 20 0 7 0 1000 1000000 100';
    expect(ticksOfStat(`42 (node) ${rest}`)).toBe(287);
    expect(ticksOfStat(`42 (a) S 1 (b 9 9) ${rest}\n`)).toBe(287);
  });

  it('refuses what is no such line', () => {
    expect(() => ticksOfStat('nonsense')).toThrow('not the text of /proc/<pid>/stat: nonsense');
  });

  it.runIf(process.platform === 'linux')('reads of this very process what the process says of itself', () => {
    const until = ownCpuMs() + 200;
    while (ownCpuMs() < until) Math.sqrt(until);
    const before = ownCpuMs();
    const read = cpuMsOf(process.pid);
    // User and system time are cut to whole ticks each; ticks are at most 10 ms on every system we know.
    expect(read).toBeGreaterThan(before - 25);
    expect(read).toBeLessThanOrEqual(ownCpuMs() + 25);
  });
});
