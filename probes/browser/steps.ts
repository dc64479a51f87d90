import type { Clock } from '../probe.ts';

/** The stopwatch of one journey. */
export interface Steps {
  readonly step: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** The innermost step that failed or, while none has, that goes on; null outside all. */
  culprit(): string | null;
  /** `step:<name>` → ms; null: it did not end well. */
  values(): Readonly<Record<string, number | null>>;
}

/** More names than that say more about the journey's loop than about the pages. */
const MOST_NAMES = 50;

export function createSteps(clock: Clock): Steps {
  const took = new Map<string, number | null>();
  const open: string[] = [];
  let failed: string | null = null;

  function add(name: string, ms: number | null): void {
    if (!took.has(name) && took.size >= MOST_NAMES) return;
    const before = took.get(name);
    took.set(name, ms === null || before === null ? null : (before ?? 0) + ms);
  }

  return {
    async step(name, work) {
      const startMs = clock.monotonicMs();
      open.push(name);
      try {
        const result = await work();
        add(name, clock.monotonicMs() - startMs);
        return result;
      } catch (error) {
        add(name, null);
        failed ??= name;
        throw error;
      } finally {
        open.splice(open.lastIndexOf(name), 1);
      }
    },
    culprit: () => failed ?? open.at(-1) ?? null,
    values() {
      const ended = [...took].map(([name, ms]) => [`step:${name}`, ms] as const);
      const unended = open.filter((name) => took.size < MOST_NAMES || took.has(name));
      return Object.fromEntries([...ended, ...unended.map((name) => [`step:${name}`, null] as const)]);
    },
  };
}
