import type { Witness } from '../witness.ts';

/** Measured rates: runs that really began, over the time between the first and the last of them. */
export interface Counter extends Disposable {
  /** Runs a second, by probe; only probes with two runs or more. */
  rates(): ReadonlyMap<string, number>;
  runs(probe: string): number;
  /** Forgets what was counted. */
  reset(): void;
}

export function countRuns(witness: Witness, signal: AbortSignal): Counter {
  const seen = new Map<string, { first: number; last: number; runs: number }>();
  const over = new AbortController();
  void (async () => {
    for await (const { probe, startedMs, outcome } of witness.watch(AbortSignal.any([signal, over.signal]))) {
      if (outcome === 'skipped') continue;
      const known = seen.get(probe);
      if (known === undefined) seen.set(probe, { first: startedMs, last: startedMs, runs: 1 });
      else {
        known.last = Math.max(known.last, startedMs);
        known.first = Math.min(known.first, startedMs);
        known.runs += 1;
      }
    }
  })();
  return {
    rates: () =>
      new Map(
        [...seen]
          .filter(([, { runs, first, last }]) => runs > 1 && last > first)
          .map(([probe, { runs, first, last }]) => [probe, ((runs - 1) * 1000) / (last - first)]),
      ),
    runs: (probe) => seen.get(probe)?.runs ?? 0,
    reset: () => seen.clear(),
    [Symbol.dispose]: () => over.abort(),
  };
}

/** Runs a minute, as it is said. */
export function perMinute(perSecond: number): string {
  return (perSecond * 60).toFixed(1);
}
