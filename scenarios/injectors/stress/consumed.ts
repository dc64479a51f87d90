/** What stress-ng has taken of the machine so far, as /proc tells of its processes. */
import { readFileSync } from 'node:fs';
import type { Fault } from '../../fault.ts';
import type { Effect } from '../../injector.ts';
import type { Process } from '../processes.ts';

/** Of the clock in which the kernel tells processor time, on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;
const MB = 1024 * 1024;
/** A pressure is there when half of what was asked for is. */
const ENOUGH = 0.5;

/** @param workers stress-ng and all that it started */
export function consumedBy(workers: readonly Process[], fault: Fault): Effect {
  switch (fault.type) {
    case 'cpuLoad': {
      const seconds = sum(workers, ({ pid }) => ticksOf(pid)) / TICKS_A_SECOND;
      return { bit: seconds > 0, says: `stress-ng has used ${seconds.toFixed(1)} s of processor time` };
    }
    case 'memoryPressure': {
      const asked = Math.max(
        0,
        ...workers.map(({ argv }) => Number(/--vm-bytes (\d+)m/.exec(argv.join(' '))?.[1] ?? 0)),
      );
      const held = Math.max(0, ...workers.map(({ pid }) => fieldOf(pid, 'status', 'VmRSS') / 1024));
      return { bit: held >= asked * ENOUGH, says: `stress-ng holds ${held.toFixed(0)} MB of ${asked} MB asked for` };
    }
    default: {
      const written = sum(workers, ({ pid }) => fieldOf(pid, 'io', 'write_bytes')) / MB;
      return { bit: written > 0, says: `stress-ng has written ${written.toFixed(0)} MB` };
    }
  }
}

function sum(workers: readonly Process[], of: (worker: Process) => number): number {
  return workers.reduce((all, worker) => all + of(worker), 0);
}

/** Of the process and of its children that have ended: user and system time. */
function ticksOf(pid: number): number {
  const stat = read(pid, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [11, 12, 13, 14].reduce((all, at) => all + Number(fields[at] ?? 0), 0);
}

function fieldOf(pid: number, file: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(read(pid, file))?.[1] ?? 0);
}

/** One that has ended meanwhile has nothing. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
