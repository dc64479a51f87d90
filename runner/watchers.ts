import type { Result } from '../store/result.ts';

/** Those who hear of results, each at its own speed. */
export interface Watchers {
  readonly tell: (results: readonly Result[]) => void;
  /** Listens from the call on, not from the first time somebody asks for a result; ends without a throw. */
  readonly watch: (signal: AbortSignal) => AsyncIterable<Result>;
}

export function createWatchers(): Watchers {
  const watchers = new Set<(results: readonly Result[]) => void>();
  return {
    tell(results) {
      for (const watcher of watchers) watcher(results);
    },
    watch: (signal) => watch(watchers, signal),
  };
}

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
