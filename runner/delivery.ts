import { setTimeout as delay } from 'node:timers/promises';
import { LedgerError, type LedgerErrorCode } from '../store/ledger-error.ts';
import type { Result } from '../store/result.ts';

/** The results of this process on their way into the ledger. Nobody hears of a result before it is durable. */
export interface Delivery {
  /** Never blocks, never throws. */
  readonly deliver: (result: Result) => void;
  /** Resolves when everything delivered so far is durable, or has been given up (see `failed`): at the latest after a last patience. */
  flush(): Promise<void>;
  /** Every durable result from this call on, until the signal aborts. */
  readonly watch: (signal: AbortSignal) => AsyncIterable<Result>;
  /** Rejects, once, when results had to be given up: the ledger refused them for too long. */
  readonly failed: Promise<never>;
  readonly waiting: number;
}

export interface DeliveryOptions {
  readonly append: (results: readonly Result[]) => Promise<void>;
  /** Told once when the ledger begins to refuse, and once when it takes results again. */
  readonly onTrouble: (line: string) => void;
  /** Results kept in memory while the ledger refuses; beyond it the process must stop. */
  readonly limit: number;
  readonly retryMs: number;
  /** How long a flush goes on asking a ledger that refuses, ms. */
  readonly patienceMs: number;
}

/** Refusals that can pass: somebody frees the disk, or lets go of the file. */
const PASSING: ReadonlySet<string> = new Set<LedgerErrorCode>(['full', 'locked', 'unwritable']);

export function createDelivery(options: DeliveryOptions): Delivery {
  let waiting: Result[] = [];
  let flushing: Promise<void> | null = null;
  let troubled = false;
  let giveUp = false;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  // Without a listener an early failure would be an unhandled rejection; whoever runs the process awaits it anyway.
  failed.catch(() => undefined);
  const watchers = new Set<(results: readonly Result[]) => void>();

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await options.append(batch);
      } catch (error) {
        waiting = [...batch, ...waiting];
        if (!troubled) {
          troubled = true;
          options.onTrouble(`results wait in memory: ${error instanceof Error ? error.message : String(error)}`);
        }
        const passing = error instanceof LedgerError && PASSING.has(error.code);
        if (waiting.length > options.limit || !passing || giveUp) {
          const lost = waiting.length;
          waiting = [];
          fail(error instanceof Error ? error : new Error(String(error)));
          options.onTrouble(`${lost} results could not be written and are lost; the process stops`);
          return;
        }
        await delay(options.retryMs);
        continue;
      }
      if (troubled) {
        troubled = false;
        options.onTrouble('the ledger takes results again; none was lost');
      }
      for (const watcher of watchers) watcher(batch);
    }
  }

  function kick(): Promise<void> {
    flushing ??= drain().finally(() => {
      flushing = null;
      // What came between the last look and this moment must not wait for its successor.
      if (waiting.length > 0) void kick();
    });
    return flushing;
  }

  return {
    deliver(result) {
      waiting.push(result);
      void kick();
    },
    async flush() {
      const patience = setTimeout(() => {
        giveUp = true;
      }, options.patienceMs);
      try {
        while (waiting.length > 0 || flushing !== null) await kick();
      } finally {
        clearTimeout(patience);
      }
    },
    watch: (signal) => watch(watchers, signal),
    failed,
    get waiting() {
      return waiting.length;
    },
  };
}

/** Listens from the call on, not from the first time somebody asks for a result. */
function watch(watchers: Set<(results: readonly Result[]) => void>, signal: AbortSignal): AsyncIterable<Result> {
  const arrived: Result[] = [];
  let wake: () => void = () => undefined;
  const take = (results: readonly Result[]): void => {
    arrived.push(...results);
    wake();
  };
  const end = (): void => {
    watchers.delete(take);
    signal.removeEventListener('abort', end);
    wake();
  };
  if (!signal.aborted) {
    watchers.add(take);
    signal.addEventListener('abort', end, { once: true });
  }
  async function* read(): AsyncIterable<Result> {
    try {
      while (!signal.aborted) {
        const next = arrived.shift();
        if (next !== undefined) {
          yield next;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (arrived.length > 0 || signal.aborted) resolve();
        });
      }
    } finally {
      end();
    }
  }
  return read();
}
