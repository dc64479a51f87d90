/** The rules between one probe's intervals, its timeout and what it does meanwhile. */
import type { ProbeSpec } from '../../probes/kinds.ts';
import { foundText, type Problem } from '../../probes/problem.ts';
import { durationText } from '../../probes/duration.ts';
import { checkTimetable, everyMs, type Timetable } from '../../probes/spec.ts';
import { nodeCron } from '../engine/node-cron.ts';
import { keyed, type Draft } from './draft.ts';

/** What can be said of a probe's times, whatever else in it is wrong; null where it cannot. */
export interface Times {
  readonly everyMs: number | null;
  readonly timeoutMs: number | null;
}

export function timesOf({ fields, isSure, has, hasStrangers }: Draft<ProbeSpec>): Times {
  const isCalendar = has('cron');
  const knowsBase = isSure('every', 'cron') && (has('every') || isCalendar || !hasStrangers);
  const base = knowsBase ? everyMs({ every: fields.every, cron: fields.cron }) : null;
  if (!isSure('timeout')) return { everyMs: base, timeoutMs: null };
  const { timeout = Infinity, fastest = 0, yellow, red } = fields;
  if (has('timeout')) return { everyMs: base, timeoutMs: timeout };
  if (!knowsBase || !isSure('yellow', 'red', 'fastest')) return { everyMs: base, timeoutMs: null };
  // The default allowance fits into the shortest interval that was asked for, and leaves `auto` room to raise the rate;
  // one that was written down must fit itself.
  const intervals = [base, yellow === 'auto' ? null : yellow, red].filter((ms) => typeof ms === 'number');
  const roomMs = base !== null && yellow === 'auto' && isQuick(fields) ? Math.max(base / 4, fastest) : Infinity;
  return { everyMs: base, timeoutMs: Math.min(timeout, roomMs, ...intervals) };
}

/** One question and its answer; the other kinds listen or wait for as long as their own settings say. */
function isQuick(fields: Partial<ProbeSpec>): boolean {
  const { kind } = fields;
  return kind === 'http' || kind === 'signal' || (kind === 'market-data' && fields.mode === 'continuous');
}

/** The shortest interval at which a paper-order probe keeps its rate cap: flattening sends a second order a run. */
export function orderFloorMs(flatten: boolean, maxPerMinute: number): number {
  // The last orders of a minute that do not make a whole run are none.
  return Math.ceil(60_000 / Math.max(1, Math.floor(maxPerMinute / (flatten ? 2 : 1))));
}

/** A run that outlives its interval would meet its successor, which would then be skipped: lost just when it matters. */
export function timetableProblems(
  document: unknown,
  draft: Draft<ProbeSpec>,
  times: Times,
  path: string,
): readonly Problem[] {
  const { fields } = draft;
  const given = keyed(document) ?? {};
  const problems: Problem[] = [];
  /** @param value milliseconds that stand in for what was not written down */
  const report = (key: string, expected: string, value?: number): void => {
    const found = given[key] ?? (value === undefined ? undefined : durationText(value));
    problems.push({ path: `${path}.${key}`, expected, found: foundText(found) });
  };
  const { everyMs: base, timeoutMs } = times;
  const yellow = typeof fields.yellow === 'number' ? fields.yellow : null;
  const red = fields.red ?? null;

  if (fields.cron !== undefined) {
    const checked = nodeCron().validateDetailed(fields.cron);
    if (!checked.valid) {
      const why = checked.errors.map((error) => error.message).join('; ');
      problems.push({
        path: `${path}.cron`,
        expected: 'a cron expression such as "*/10 9-16 * * 1-5"',
        found: `${JSON.stringify(fields.cron)} (${why})`,
      });
    }
    for (const [key, ms] of [['yellow', yellow] as const, ['red', red] as const]) {
      if (ms !== null) report(key, 'every instead of cron (a calendar cannot be raised)');
    }
  }
  checkTimetable(judgeable(draft, base), report);

  const named = [['every', base] as const, ['yellow', yellow] as const, ['red', red] as const].flatMap(([key, ms]) =>
    ms === null ? [] : [{ key, ms }],
  );
  const shortest = named.toSorted((a, b) => a.ms - b.ms)[0];
  if (shortest !== undefined && timeoutMs !== null && timeoutMs > shortest.ms) {
    const expected = `at most ${shortest.key} (${durationText(shortest.ms)}), so that no run meets its successor`;
    report('timeout', expected, timeoutMs);
  }
  const withinTimeout = (key: string, ms: number | undefined): void => {
    if (ms === undefined || timeoutMs === null || ms < timeoutMs) return;
    // A timeout that follows from the intervals says nothing while one of them is wrong.
    if (!draft.has('timeout') && problems.length > 0) return;
    report(key, `less than the timeout (${durationText(timeoutMs)})`, ms);
  };
  if (fields.kind === 'paper-order') {
    const { flatten, limits, ackDeadline, fillDeadline, signal } = fields;
    const floor = flatten === undefined || limits === undefined ? 0 : orderFloorMs(flatten, limits.maxPerMinute);
    for (const { key, ms } of named) {
      if (ms >= floor) continue;
      report(key, `at least ${durationText(floor)} (limits.maxPerMinute is ${limits?.maxPerMinute})`, ms);
    }
    withinTimeout('fillDeadline', fillDeadline);
    if (signal !== undefined && fillDeadline !== undefined && timeoutMs !== null && fillDeadline < timeoutMs) {
      const longestMs = timeoutMs - fillDeadline;
      const expected = `less than the timeout less the fillDeadline (${durationText(longestMs)})`;
      if (signal.within >= longestMs) report('signal.within', expected, signal.within);
    }
    if (ackDeadline !== undefined && fillDeadline !== undefined && ackDeadline > fillDeadline) {
      report('ackDeadline', 'at most the fillDeadline');
    }
  }
  if (fields.kind === 'market-data' && fields.mode === 'session') withinTimeout('for', fields.for);
  return problems;
}

/** The timetable without what hangs on a key that did not read. */
function judgeable({ fields, isSure }: Draft<ProbeSpec>, base: number | null): Timetable {
  const { every, cron, timezone, yellow, red } = fields;
  return {
    every,
    cron,
    ...(isSure('cron') ? { timezone } : {}),
    ...(base === null ? {} : { yellow, red }),
  };
}
