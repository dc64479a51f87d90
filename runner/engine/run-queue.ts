import { closeSync, openSync, readSync } from 'node:fs';

/** How long the calling thread has been ready to run and was not run, since it began. */
export interface RunQueue extends Disposable {
  /** ms; never falls. */
  waitedMs(): number;
}

/** The second of three numbers: ns spent waiting on a run queue (Linux, Documentation/scheduler/sched-stats.rst). */
const FILE = '/proc/thread-self/schedstat';
const SIZE = 80;

/** Of the thread that calls; null where the system does not say (it is Linux alone that does). */
export function openRunQueue(file = FILE): RunQueue | null {
  const buffer = Buffer.alloc(SIZE);
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return null;
  }
  const read = (): number => {
    const text = buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, SIZE, 0));
    return Number(text.split(' ', 2)[1]) / 1e6;
  };
  let known = Number.NaN;
  try {
    known = read();
  } catch {
    // As if it were not there.
  }
  if (Number.isNaN(known)) {
    closeSync(descriptor);
    return null;
  }
  return {
    waitedMs: () => (known = Math.max(known, read())),
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}
