/** What has to be done now about scheduled game-days, given what was done already. Pure. */
import { span } from '../../reports/figures.ts';
import type { LedgerEvent } from '../../store/store.ts';
import type { Occurrence, Plan } from './occurrence.ts';

export type Step = { readonly forMs: number } & (
  | { readonly do: 'plan' | 'announce' | 'dry-run' | 'remind' | 'start' }
  | { readonly do: 'cancel' | 'miss' | 'withdraw'; readonly why: string; readonly isTold: boolean }
  /** It began in a process that is gone; this is how it ended. */
  | { readonly do: 'end'; readonly outcome: Ending }
);

export interface Ending {
  readonly verdict: string;
  readonly passed: boolean;
  readonly detail: string;
  readonly gameday: string | null;
}

/** A timer that is late, a process that is being restarted: beyond this, beginning would surprise people. */
export const LATEST_START_MS = 60_000;
/** A conductor that was left alone undoes what it did, and writes it down, in less. */
const GIVEN_UP_MS = 15 * 60_000;
/** Dates that passed while no process ran are named one by one, as far back as this many. */
const MOST_MISSED = 24;

/**
 * The next step of each date of one schedule.
 * @param known what the ledger remembers of this schedule
 * @param gamedays the ledger's events of kind `gameday`
 * @param isRunning dates that this process is trying, or conducting
 */
export function stepsDue(
  plan: Plan,
  known: readonly Occurrence[],
  nowMs: number,
  {
    gamedays,
    isRunning,
  }: { readonly gamedays: readonly LedgerEvent[]; readonly isRunning: (forMs: number) => boolean },
): readonly Step[] {
  return [
    ...known.filter(({ closed }) => closed === null).flatMap((each) => stepOf(plan, each, nowMs, gamedays, isRunning)),
    ...unseen(plan, known, nowMs),
  ];
}

function stepOf(
  plan: Plan,
  occurrence: Occurrence,
  nowMs: number,
  gamedays: readonly LedgerEvent[],
  isRunning: (forMs: number) => boolean,
): readonly Step[] {
  const { forMs, isAnnounced, isStarted, calledOff } = occurrence;
  if (isRunning(forMs)) return [];
  if (isStarted) return afterStart(plan, forMs, nowMs, gamedays);
  if (calledOff !== null) return [{ do: 'cancel', forMs, why: calledOff, isTold: isAnnounced }];
  if (plan.runs.after(forMs - 1) !== forMs) {
    return [{ do: 'withdraw', forMs, why: 'the configuration has another time for it now', isTold: isAnnounced }];
  }
  return nowMs < forMs ? before(plan, occurrence, nowMs) : atItsTime(plan, occurrence, nowMs);
}

function before(plan: Plan, { forMs, isAnnounced, dryRun, isReminded }: Occurrence, nowMs: number): readonly Step[] {
  const leftMs = forMs - nowMs;
  if (!isAnnounced) {
    if (leftMs > plan.announceMs) return [];
    if (leftMs * 2 >= plan.announceMs) return [{ do: 'announce', forMs }];
    const why = `it could have been announced only ${span(leftMs)} ahead, less than half of ${span(plan.announceMs)}`;
    return [{ do: 'miss', forMs, why, isTold: true }];
  }
  if (dryRun === null && leftMs <= plan.dryRunMs) return [{ do: 'dry-run', forMs }];
  if (dryRun?.ok === false && !plan.runsAnyway) {
    return [{ do: 'cancel', forMs, why: `its dry run failed: ${dryRun.detail}`, isTold: true }];
  }
  return !isReminded && leftMs <= plan.remindMs ? [{ do: 'remind', forMs }] : [];
}

function atItsTime(plan: Plan, { forMs, isAnnounced, dryRun }: Occurrence, nowMs: number): readonly Step[] {
  const miss = (why: string): readonly Step[] => [{ do: 'miss', forMs, why, isTold: true }];
  if (!isAnnounced) return miss('no process ran that could have announced it');
  if (nowMs - forMs > LATEST_START_MS) {
    return miss(`no process ran at its time, and ${span(nowMs - forMs)} later nobody expects it any more`);
  }
  if (dryRun === null) return [{ do: 'cancel', forMs, why: 'its dry run did not take place', isTold: true }];
  if (!dryRun.ok && !plan.runsAnyway) {
    return [{ do: 'cancel', forMs, why: `its dry run failed: ${dryRun.detail}`, isTold: true }];
  }
  return [{ do: 'start', forMs }];
}

/** Its conductor undoes what it did when we are gone, and writes its own record. */
function afterStart(plan: Plan, forMs: number, nowMs: number, gamedays: readonly LedgerEvent[]): readonly Step[] {
  const own = gamedays.find(({ body }) => {
    const startedMs = Number(body['startedMs']);
    return body['scenario'] === plan.scenario && startedMs >= forMs && startedMs <= forMs + 2 * LATEST_START_MS;
  });
  if (own !== undefined) {
    const { verdict, passed } = own.body;
    const detail = 'the process that had started it was gone by then';
    const outcome = { verdict: String(verdict), passed: passed === true, detail, gameday: own.subject };
    return [{ do: 'end', forMs, outcome }];
  }
  if (nowMs - forMs < plan.timeboxMs + GIVEN_UP_MS) return [];
  const detail = 'its end is not on record; "pulsedrill gameday recover" undoes whatever may be left';
  return [{ do: 'end', forMs, outcome: { verdict: 'unknown', passed: false, detail, gameday: null } }];
}

/** Dates that the ledger does not know of yet: those that passed unseen since the last one it knew, and the next ones. */
function unseen(plan: Plan, known: readonly Occurrence[], nowMs: number): readonly Step[] {
  const seen = new Set(known.map(({ forMs }) => forMs));
  const steps: Step[] = [];
  let missed = 0;
  let atMs = known.at(-1)?.forMs ?? nowMs;
  if (atMs > nowMs) atMs = nowMs;
  for (let nextMs = plan.runs.after(atMs); nextMs !== null; nextMs = plan.runs.after(nextMs)) {
    if (nextMs <= nowMs) {
      missed += 1;
      if (missed > MOST_MISSED) {
        nextMs = nowMs;
        continue;
      }
      if (!seen.has(nextMs))
        steps.push({ do: 'miss', forMs: nextMs, why: 'no process ran that could have announced it', isTold: true });
      continue;
    }
    if (!seen.has(nextMs)) steps.push({ do: 'plan', forMs: nextMs });
    // The next one of all is always on record, so that it is known to have been missed if nobody is there.
    if (nextMs - nowMs > plan.announceMs) break;
  }
  return steps;
}

/** Dates of schedules that the configuration does not have any more. */
export function withdrawn(known: readonly Occurrence[], plans: readonly Plan[]): readonly Occurrence[] {
  const ids = new Set(plans.map(({ id }) => id));
  return known.filter(({ schedule, closed, isStarted }) => closed === null && !isStarted && !ids.has(schedule));
}

/** When there is something to do again at the latest, ms from now; null: nothing is foreseen. */
export function nextLookMs(plan: Plan, known: readonly Occurrence[], nowMs: number): number | null {
  const moments = known
    .filter(({ closed }) => closed === null)
    .flatMap(({ forMs }) => [forMs, forMs - plan.announceMs, forMs - plan.dryRunMs, forMs - plan.remindMs])
    .filter((atMs) => atMs > nowMs);
  return moments.length === 0 ? null : Math.min(...moments) - nowMs;
}
