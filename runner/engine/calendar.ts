/** Due times by a cron expression, through node-cron. */
import type { Clock } from '../../probes/probe.ts';
import { usualGapMs } from './cron.ts';
import { nodeCron } from './node-cron.ts';
import type { Due } from './schedule.ts';

export interface Calendar {
  /** What each of its runs stands for, ms. */
  readonly gapMs: number;
  end(): Promise<void>;
}

/** @param onDue `isMissed`: the process was held up, or slept, when the calendar called */
export function startCalendar(
  id: string,
  cron: { readonly expression: string; readonly timezone: string | undefined },
  clock: Clock,
  onDue: (due: Due, isMissed: boolean) => void,
): Calendar {
  const gapMs = usualGapMs(cron.expression, cron.timezone);
  const dueAt = (date: Date): Due => {
    const latenessMs = Math.max(0, clock.wallMs() - date.getTime());
    return { id, dueMs: clock.monotonicMs() - latenessMs, weightMs: gapMs, missed: 0, missedWeightMs: 0 };
  };
  const task = nodeCron().schedule(cron.expression, ({ date }) => onDue(dueAt(date), false), {
    ...(cron.timezone === undefined ? {} : { timezone: cron.timezone }),
    suppressMissedWarning: true,
  });
  task.on('execution:missed', ({ date }) => onDue(dueAt(date), true));
  return {
    gapMs,
    async end() {
      await task.destroy();
    },
  };
}
