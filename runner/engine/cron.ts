import { nodeCron } from './node-cron.ts';

/** Runs looked at: more than a week of an hourly market session. */
const RUNS = 64;
/** Of gaps about as frequent as the most frequent one, which is ahead depends on the hour at which one looks. */
const ABOUT_AS_FREQUENT = 0.9;

/** The usual gap of a cron expression from now on, ms. @throws Error when it never comes due */
export function usualGapMs(expression: string, timezone: string | undefined): number {
  const task = nodeCron().createTask(expression, () => undefined, timezone === undefined ? {} : { timezone });
  try {
    return usualGap(task.getNextRuns(RUNS).map((date) => date.getTime()));
  } finally {
    void task.destroy();
  }
}

/**
 * A cron run stands for the usual gap of its expression: the most frequent distance between its runs, so that the night
 * between two market sessions does not count as if the probe had watched it. Among gaps about as frequent the shortest
 * counts: the weight of a run must not depend on the hour at which the process was started.
 */
export function usualGap(runsMs: readonly number[]): number {
  const gaps = new Map<number, number>();
  for (let i = 1; i < runsMs.length; i += 1) {
    const gap = (runsMs[i] ?? 0) - (runsMs[i - 1] ?? 0);
    gaps.set(gap, (gaps.get(gap) ?? 0) + 1);
  }
  const most = Math.max(0, ...gaps.values());
  return Math.min(...[...gaps].filter(([, count]) => count >= most * ABOUT_AS_FREQUENT).map(([gap]) => gap));
}

const WEEK_MS = 7 * 86_400_000;
/** A calendar denser than this is taken as even over what these runs span. */
const MOST_RUNS = 4096;

/** How often a calendar comes due on average over whole weeks, nights and weekends included. @throws Error when never */
export function runsPerDay(expression: string, timezone: string | undefined): number {
  const task = nodeCron().createTask(expression, () => undefined, timezone === undefined ? {} : { timezone });
  try {
    for (let count = RUNS; ; count *= 2) {
      const runs = task.getNextRuns(count).map((date) => date.getTime());
      const first = runs[0] ?? 0;
      const spanMs = (runs.at(-1) ?? first) - first;
      const weeksMs = Math.floor(spanMs / WEEK_MS) * WEEK_MS;
      if (weeksMs > 0) return runs.filter((atMs) => atMs - first < weeksMs).length / (weeksMs / 86_400_000);
      if (count >= MOST_RUNS) return (runs.length - 1) / (spanMs / 86_400_000);
    }
  } finally {
    void task.destroy();
  }
}
