/**
 * Processes that a fault has started, as whoever undoes it finds them again: each carries the fault's mark in its
 * environment, and hands it on to its children. A process id alone would not be known to those that come later.
 */
import { readFileSync } from 'node:fs';
import type { Clock } from '../../probes/probe.ts';
import { lookedFor } from './patience.ts';
import { listProcesses, type Process } from './processes.ts';

const NAME = 'PULSEDRILL_FAULT';

export const markAs = (mark: string): Readonly<Record<string, string>> => ({ [NAME]: mark });

/** Those that live. Of other users' processes only root is told. */
export function carriers(mark: string): readonly Process[] {
  return listProcesses().filter(({ pid }) => pid !== process.pid && environmentOf(pid).includes(`${NAME}=${mark}`));
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

export interface Ending {
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/** Kills what `find` finds until nothing is left. @returns what is left after `withinMs` */
export async function endAll(
  find: () => readonly Process[],
  { clock, withinMs, signal }: Ending,
): Promise<readonly Process[]> {
  let left: readonly Process[] = [];
  await lookedFor(
    () => {
      left = find();
      for (const { pid } of left) kill(pid);
      return left.length === 0 ? true : null;
    },
    clock,
    withinMs,
    signal,
  );
  return left;
}

/** A negative id means the group of that leader. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself, or is not ours to end: whoever looks again will see.
  }
}
