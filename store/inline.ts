/** A ledger without a thread of its own, for a process that measures nothing: no thread to start, no answers to copy. */
import { setImmediate as turn } from 'node:timers/promises';
import { callsOf, troubleOf } from './calls.ts';
import { LedgerError } from './ledger-error.ts';
import { Ledger, type LedgerOptions } from './ledger.ts';
import type { Caller, Calls } from './thread.ts';

/** @throws LedgerError when the ledger cannot be opened */
export function openInline(options: LedgerOptions): Caller {
  const { path } = options;
  const ledger = attempt(path, () => new Ledger(options));
  const calls = callsOf(ledger);
  let isOpen = true;
  return {
    async call<K extends keyof Calls>(method: K, ...args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
      // A signal is heard between two answers, as it is between those of a thread.
      await turn();
      if (!isOpen) throw new LedgerError('closed', path, 'it was closed', 'open it again');
      return attempt(path, () => Reflect.apply(calls[method], calls, args));
    },
    async close() {
      isOpen = false;
      ledger.close();
    },
  };
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw troubleOf(error, path);
  }
}
