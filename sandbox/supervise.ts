/** Starts a process again when it ends unasked, as a supervisor does, and says in a file which one it is now. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from './child.ts';

/** A process that cannot start would otherwise be started without a pause. */
const PAUSE_MS = 200;

/** @param start where the process before listened, so that this one is found there as well; null: the first one */
export async function keepRunning<A>(
  start: (before: A | null) => Promise<Child<A>>,
  pidFile: string,
): Promise<Child<A>> {
  const stopping = new AbortController();
  let current = await start(null);
  const { addresses } = current;
  note(pidFile, current.pid);

  const watched = (async () => {
    while (!stopping.signal.aborted) {
      await current.ended;
      await delay(PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const next = await start(addresses).catch(() => null);
      if (next === null) continue;
      current = next;
      note(pidFile, current.pid);
    }
  })();

  return {
    get pid() {
      return current.pid;
    },
    addresses,
    ended: watched,
    async stop() {
      stopping.abort();
      await current.stop();
      await watched;
      // What was started while we were stopping.
      await current.stop();
      rmSync(pidFile, { force: true });
    },
  };
}

/** Whole or not at all: whoever reads it may be about to send a signal. */
function note(path: string, pid: number): void {
  writeFileSync(`${path}.new`, `${pid}\n`);
  renameSync(`${path}.new`, path);
}
