import { createTask } from 'node-cron';

/**
 * A cron run stands for the usual gap of its expression: the most frequent distance between its next runs, so that the
 * night between two market sessions does not count as if the probe had watched it.
 */
export function usualGapMs(expression: string, timezone: string | undefined): number {
  const task = createTask(expression, () => undefined, timezone === undefined ? {} : { timezone });
  try {
    const runs = task.getNextRuns(64).map((date) => date.getTime());
    const gaps = new Map<number, number>();
    for (let i = 1; i < runs.length; i += 1) {
      const gap = (runs[i] ?? 0) - (runs[i - 1] ?? 0);
      gaps.set(gap, (gaps.get(gap) ?? 0) + 1);
    }
    let usual = 86_400_000;
    let votes = 0;
    for (const [gap, count] of gaps) {
      if (count > votes || (count === votes && gap < usual)) [usual, votes] = [gap, count];
    }
    return usual;
  } finally {
    void task.destroy();
  }
}
