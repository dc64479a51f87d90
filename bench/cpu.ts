import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * User and system time from the text of `/proc/<pid>/stat`, in clock ticks. The program's name stands in parentheses and
 * may hold anything, so that the fields are counted from the last of them (proc_pid_stat(5): utime is the 14th field,
 * stime the 15th).
 */
export function ticksOfStat(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isInteger(ticks)) throw new TypeError(`not the text of /proc/<pid>/stat: ${stat.slice(0, 80)}`);
  return ticks;
}

let ticksPerSecond: number | null = null;

/** CPU that another process has used so far, ms; its resolution is a clock tick, usually 10 ms. Linux only. */
export function cpuMsOf(pid: number): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return (ticksOfStat(readFileSync(`/proc/${pid}/stat`, 'utf8')) / ticksPerSecond) * 1000;
}

/** CPU that this process has used so far, ms: the same counters, to the microsecond. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
