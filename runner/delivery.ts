import { LedgerError, type LedgerErrorCode } from '../store/ledger-error.ts';
import { systemCode } from '../probes/folder.ts';
import type { Result } from '../store/result.ts';
import type { Spill, Taken } from '../store/spill.ts';
import { createWatchers } from './watchers.ts';

/** The results of this process on their way into the ledger. Nobody hears of a result before it is durable. */
export interface Delivery {
  /** Never blocks, never throws. */
  readonly deliver: (result: Result) => void;
  /**
   * Resolves when everything delivered so far is durable, in the ledger or in the spill, or has been given up (see
   * `account`): at the latest after a last patience.
   */
  flush(): Promise<void>;
  /** Takes in what this process, or one before it, had to put aside. Never rejects. */
  recover(): Promise<void>;
  /** Every result that became durable in the ledger from this call on, until the signal aborts. Not those of a spill. */
  readonly watch: (signal: AbortSignal) => AsyncIterable<Result>;
  /** Resolves with what the ledger says as soon as it refuses, at once if it does so now; with null when the signal aborts. */
  readonly refusal: (signal: AbortSignal) => Promise<Error | null>;
  /** Rejects, once, when the process cannot go on: the ledger is gone, or nothing takes its results any more. */
  readonly failed: Promise<never>;
  /** Not in the ledger yet: in memory and in the spill. */
  readonly waiting: number;
  /** In the spill, written by this process. */
  readonly aside: number;
  /** Why the ledger refuses, while it does. */
  readonly trouble: Error | null;
  /** What became of results that are not in the ledger, for the last line of a process; null when all of them are. */
  account(): string | null;
}

export interface DeliveryOptions {
  readonly append: (results: readonly Result[]) => Promise<void>;
  readonly spill: Spill;
  /** Told once when the ledger begins to refuse, once when it takes results again, and of each file of the spill. */
  readonly onTrouble: (line: string) => void;
  /** Results kept in memory while the ledger refuses; beyond it they are put aside. */
  readonly limit: number;
  readonly retryMs: number;
  /** How long a process that ends goes on asking a ledger that refuses, ms. */
  readonly patienceMs: number;
  /** The process was asked to end: whoever asked may not wait long before he kills it. */
  readonly stop?: AbortSignal;
}

/** Refusals that can pass: somebody frees the disk, or lets go of the file. */
const PASSING: ReadonlySet<string> = new Set<LedgerErrorCode>(['full', 'locked', 'unwritable']);
/** A spill that could not be taken in is tried again after this many retries' time; a ledger that calms down is sooner. */
const TAKE_IN_RETRIES = 60;
/** Results in one append: what crosses to the ledger's thread is copied on the loop that measures. */
const BATCH = 500;

export function createDelivery(options: DeliveryOptions): Delivery {
  const { spill, onTrouble } = options;
  const watchers = createWatchers();
  const refusals = new Set<(error: Error) => void>();
  /** Files that this process wrote and that were not taken in yet, with how many results. */
  const aside = new Map<string, number>();
  let waiting: Result[] = [];
  let lost = 0;
  let whyLost = '';
  let flushing: Promise<void> | null = null;
  let recovering: Promise<void> = Promise.resolve();
  let trouble: Error | null = null;
  let isTakeInTold = false;
  let later: NodeJS.Timeout | undefined;
  let giveUp = false;
  let patience: NodeJS.Timeout | undefined;
  let wake: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  // Without a listener an early failure would be an unhandled rejection; whoever runs the process awaits it anyway.
  failed.catch(() => undefined);

  const asideCount = (): number => [...aside.values()].reduce((sum, count) => sum + count, 0);

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      try {
        await options.append(batch);
      } catch (error) {
        waiting = [...batch, ...waiting];
        await refused(error instanceof Error ? error : new Error(String(error)));
        continue;
      }
      if (trouble !== null) {
        trouble = null;
        onTrouble(`the ledger takes results again${lost === 0 ? '; none was lost' : ''}`);
        void recover();
      }
      watchers.tell(batch);
    }
  }

  async function refused(error: Error): Promise<void> {
    if (trouble === null) onTrouble(`results wait in memory: ${error.message}`);
    trouble = error;
    for (const hear of refusals) hear(error);
    const isPassing = error instanceof LedgerError && PASSING.has(error.code);
    if (isPassing && !giveUp && waiting.length <= options.limit) return pause();
    const isKept = await putAside();
    if (!isPassing || !isKept) fail(error);
  }

  /** Until the next attempt, or until there is no more patience. */
  async function pause(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, options.retryMs);
    });
    clearTimeout(timer);
  }

  async function putAside(): Promise<boolean> {
    const results = waiting;
    waiting = [];
    try {
      const path = await spill.write(results);
      aside.set(path, results.length);
      onTrouble(`put aside in ${path}, until the ledger takes results again: ${counted(results.length)}`);
      return true;
    } catch (error) {
      lost += results.length;
      whyLost = `neither the ledger nor ${spill.folder} can be written (${systemCode(error)})`;
      onTrouble(`lost: ${counted(results.length)}; ${whyLost}`);
      return false;
    }
  }

  function recover(): Promise<void> {
    recovering = recovering.then(takeIn);
    return recovering;
  }

  async function takeIn(): Promise<void> {
    clearTimeout(later);
    const found = [...aside.keys()];
    try {
      for await (const taken of spill.takeIn(options.append)) {
        aside.delete(taken.path);
        onTrouble(takenText(taken));
      }
      // What was not there any more, another process on this ledger has taken in.
      for (const path of found) aside.delete(path);
      isTakeInTold = false;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!isTakeInTold) onTrouble(`results in ${spill.folder} cannot be taken in yet: ${why}`);
      isTakeInTold = true;
      later = setTimeout(() => void recover(), TAKE_IN_RETRIES * options.retryMs).unref();
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

  function hurry(): void {
    patience ??= setTimeout(() => {
      giveUp = true;
      wake();
    }, options.patienceMs);
    patience.unref();
  }
  options.stop?.addEventListener('abort', hurry, { once: true });

  return {
    deliver(result) {
      waiting.push(result);
      void kick();
    },
    async flush() {
      hurry();
      while (waiting.length > 0 || flushing !== null) await kick();
      await recovering;
      clearTimeout(later);
      clearTimeout(patience);
      patience = undefined;
      options.stop?.removeEventListener('abort', hurry);
    },
    recover,
    watch: watchers.watch,
    async refusal(signal) {
      if (signal.aborted || trouble !== null) return signal.aborted ? null : trouble;
      const { promise, resolve } = Promise.withResolvers<Error | null>();
      const end = (): void => resolve(null);
      refusals.add(resolve);
      signal.addEventListener('abort', end, { once: true });
      return await promise.finally(() => {
        refusals.delete(resolve);
        signal.removeEventListener('abort', end);
      });
    },
    failed,
    get waiting() {
      return waiting.length + asideCount();
    },
    get aside() {
      return asideCount();
    },
    get trouble() {
      return trouble;
    },
    account() {
      const kept = asideCount();
      const parts = [
        ...(kept > 0 ? [`put aside in ${spill.folder}, for the next start to take in: ${counted(kept)}`] : []),
        ...(lost > 0 ? [`lost: ${counted(lost)}; ${whyLost}`] : []),
      ];
      return parts.length === 0 ? null : parts.join('; ');
    },
  };
}

function counted(count: number): string {
  return `${count} ${count === 1 ? 'result' : 'results'}`;
}

function takenText({ path, results, isTorn, unread }: Taken): string {
  const torn = isTorn ? '; its last line was torn and is lost' : '';
  const damaged = unread > 0 ? `; ${unread} of its lines cannot be taken in: kept as ${path}.damaged` : '';
  return `taken in from ${path}: ${counted(results)}${torn}${damaged}`;
}
