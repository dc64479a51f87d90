/** When a cron expression comes due, asked of any moment: node-cron itself answers only for the machine's present. */
import { nodeCron } from './node-cron.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Any day of a calendar comes round in eight years, 29 February among them. */
const MOST_DAYS = 366 * 8;
const MOST_GAPS = 32;

export interface CronRuns {
  /** The first run after this moment, wall-clock ms; null: it never comes due. */
  after(ms: number): number | null;
}

/**
 * Of an expression of five fields. Whether a day counts is node-cron's word, the minute is looked up here. A local time that a
 * day does not have (clocks go forward) is passed over, one that it has twice (clocks go back) counts once, the first time.
 */
export function cronRuns(expression: string, timezone: string): CronRuns {
  const [, , ...days] = expression.trim().split(/\s+/);
  const { createTask, parse } = nodeCron();
  const task = createTask(`* * ${days.join(' ')}`, () => undefined, { timezone });
  void task.destroy();
  const { minute, hour } = parse(expression);
  const [minutes, hours] = [new Set(minute), new Set(hour)];
  const local = localClock(timezone);

  function onDay(dayMs: number, afterMs: number): number | null {
    const { day } = local(dayMs);
    const seen = new Set<number>();
    for (let atMs = dayMs; ; atMs += MINUTE_MS) {
      const now = local(atMs);
      if (now.day !== day) return null;
      if (!hours.has(now.hour) || !minutes.has(now.minute) || seen.has(now.hour * 60 + now.minute)) continue;
      seen.add(now.hour * 60 + now.minute);
      if (atMs > afterMs) return atMs;
    }
  }

  /** Stretches without a run, each up to the run that ends it: who asks every few seconds mostly asks the same. */
  let gaps: readonly { readonly fromMs: number; readonly toMs: number }[] = [];

  return {
    after(ms) {
      const gap = gaps.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
      if (gap !== undefined) return gap.toMs;
      const foundMs = find(ms);
      if (foundMs !== null) gaps = [...gaps.slice(1 - MOST_GAPS), { fromMs: ms, toMs: foundMs }];
      return foundMs;
    },
  };

  function find(ms: number): number | null {
    let dayMs = startOfDay(Math.floor(ms / MINUTE_MS) * MINUTE_MS, local);
    for (let count = 0; count < MOST_DAYS; count += 1) {
      const found = task.match(new Date(dayMs)) ? onDay(dayMs, ms) : null;
      if (found !== null) return found;
      dayMs = nextDay(dayMs, local);
    }
    return null;
  }
}

type LocalClock = (ms: number) => { readonly day: string; readonly hour: number; readonly minute: number };

function localClock(timeZone: string): LocalClock {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (ms) => {
    // "23/11/2026, 18:15"
    const text = format.format(ms);
    return { day: text.slice(0, -7), hour: Number(text.slice(-5, -3)), minute: Number(text.slice(-2)) };
  };
}

/** The first minute of the local day, which need not be midnight. */
function startOfDay(ms: number, local: LocalClock): number {
  const { day, hour, minute } = local(ms);
  let startMs = ms - (hour * 60 + minute) * MINUTE_MS;
  while (local(startMs).day !== day) startMs += MINUTE_MS;
  while (local(startMs - MINUTE_MS).day === day) startMs -= MINUTE_MS;
  return startMs;
}

function nextDay(startMs: number, local: LocalClock): number {
  const { day } = local(startMs);
  let nextMs = startMs + DAY_MS;
  while (local(nextMs).day === day) nextMs += MINUTE_MS;
  return startOfDay(nextMs, local);
}
