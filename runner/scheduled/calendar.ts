/**
 * Game-days by calendar: announced, tried before, reminded of, and held in a process of their own. All state is in the
 * ledger; each look asks it anew, so that a restart goes on where the last process ended and other processes have their say.
 */
import type { Clock } from '../../probes/probe.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import type { Dispatcher, Notice } from '../alerts/alert.ts';
import { obligationsOf } from '../obligations.ts';
import { LATEST_START_MS, nextLookMs, stepsDue, withdrawn, type Ending, type Step } from './agenda.ts';
import type { Attempt, Stage } from './attempt.ts';
import { announcement, begun, dryRunNotice, ended, off, reminder } from './notices.ts';
import { obligationEventsOf } from './obligations.ts';
import { occurrenceEvent, occurrencesOf, type Occurrence, type OccurrenceState, type Plan } from './occurrence.ts';

export interface CalendarOptions {
  readonly plans: readonly Plan[];
  readonly environment: string;
  readonly store: Pick<StoreReader, 'events'>;
  readonly clock: Clock;
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly dispatcher: Pick<Dispatcher, 'send'>;
  /** Tries, or conducts, one of them in a process of its own; its end comes in any case. */
  readonly attempt: (plan: Plan, stage: Stage, signal: AbortSignal) => Promise<Attempt>;
  readonly stop: AbortSignal;
  readonly warn: (line: string) => void;
}

const LOOK_MS = 10_000;

export interface GamedayCalendar {
  /** Until `stop`; an exercise under way is asked to stop and is waited for. */
  run(): Promise<void>;
}

export function createCalendar(options: CalendarOptions): GamedayCalendar {
  const { plans, store, clock, record, dispatcher, stop } = options;
  /** Dry runs and exercises of this process, by schedule and time. */
  const running = new Map<string, Promise<void>>();
  const keyOf = (plan: Pick<Plan, 'id'>, forMs: number): string => `${plan.id}@${forMs}`;

  async function look(): Promise<number> {
    const nowMs = Math.round(clock.wallMs());
    const known = occurrencesOf(await store.events({ kind: 'gameday-schedule' }));
    const gamedays = await gamedaysSince(known);
    for (const { schedule, forMs, isAnnounced } of withdrawn(known, plans)) {
      const gone = {
        id: schedule,
        scenario: '',
        title: 'no longer in the configuration',
        timezone: 'UTC',
        component: null,
      };
      const why = 'the configuration does not have it any more';
      await note(gone, forMs, 'withdrawn', { detail: why });
      if (isAnnounced) await dispatcher.send(off({ plan: gone, forMs, nowMs }, 'cancelled', why));
    }
    let waitMs = LOOK_MS;
    for (const plan of plans) {
      const own = known.filter(({ schedule }) => schedule === plan.id);
      const isRunning = (forMs: number): boolean => running.has(keyOf(plan, forMs));
      for (const step of stepsDue(plan, own, nowMs, { gamedays, isRunning })) {
        await take(plan, step, nowMs);
        // What follows from it, such as the dry run from the announcement, need not wait for the next look.
        waitMs = 0;
      }
      waitMs = Math.min(waitMs, nextLookMs(plan, own, nowMs) ?? LOOK_MS);
    }
    await scheduleObligations(nowMs);
    return waitMs;
  }

  /** Only a date that began and did not end makes them interesting. */
  async function gamedaysSince(known: readonly Occurrence[]): Promise<readonly LedgerEvent[]> {
    const [first] = known.filter(({ isStarted, closed }) => isStarted && closed === null);
    return first === undefined ? [] : store.events({ kind: 'gameday', fromMs: first.forMs });
  }

  async function scheduleObligations(nowMs: number): Promise<void> {
    if (plans.length === 0) return;
    const known = occurrencesOf(await store.events({ kind: 'gameday-schedule' }));
    const obligations = obligationsOf(await store.events({ kind: 'obligation' }), nowMs);
    for (const event of obligationEventsOf(obligations, plans, known, nowMs)) await record(event);
  }

  type Named = Parameters<typeof occurrenceEvent>[0];

  async function note(
    plan: Named,
    forMs: number,
    state: OccurrenceState,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    await record(occurrenceEvent(plan, forMs, state, Math.round(clock.wallMs()), more));
  }

  /** Told first, then kept: what a kill parts is said twice, not never. Only a beginning is kept first: it must not come twice. */
  async function tell(
    plan: Plan,
    forMs: number,
    notice: Notice,
    state: OccurrenceState,
    detail?: string,
  ): Promise<void> {
    await dispatcher.send(notice);
    await note(plan, forMs, state, detail === undefined ? {} : { detail });
  }

  async function take(plan: Plan, step: Step, nowMs: number): Promise<void> {
    const { forMs } = step;
    const told = { plan, forMs, nowMs };
    switch (step.do) {
      case 'plan':
        return note(plan, forMs, 'planned');
      case 'announce':
        return tell(plan, forMs, announcement(told, options.environment), 'announced');
      case 'remind':
        return tell(plan, forMs, reminder(told), 'reminded');
      case 'cancel':
      case 'miss': {
        const state = step.do === 'miss' ? 'missed' : 'cancelled';
        if (step.isTold) await dispatcher.send(off(told, state, step.why));
        return note(plan, forMs, state, { detail: step.why });
      }
      case 'withdraw':
        if (step.isTold) await dispatcher.send(off(told, 'cancelled', step.why));
        return note(plan, forMs, 'withdrawn', { detail: step.why });
      case 'end':
        return end(plan, forMs, step.outcome);
      case 'dry-run':
        return inBackground(plan, forMs, dryRun(plan, forMs));
      case 'start':
        await note(plan, forMs, 'started');
        await dispatcher.send(begun(told));
        return inBackground(plan, forMs, exercise(plan, forMs));
    }
  }

  function inBackground(plan: Plan, forMs: number, work: Promise<void>): void {
    const key = keyOf(plan, forMs);
    const whole = work
      .catch((error: unknown) => {
        options.warn(`game-day ${plan.id}: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => running.delete(key));
    running.set(key, whole);
  }

  async function dryRun(plan: Plan, forMs: number): Promise<void> {
    const { ok, detail } = await options.attempt(plan, 'check', stop);
    // What was cut short has found nothing: the next process tries again.
    if (stop.aborted) return;
    await dispatcher.send(dryRunNotice({ plan, forMs, nowMs: Math.round(clock.wallMs()) }, { ok, detail }));
    await note(plan, forMs, 'dry-run', { ok, detail });
  }

  async function exercise(plan: Plan, forMs: number): Promise<void> {
    const { ok, verdict, detail, gameday } = await options.attempt(plan, 'run', stop);
    await end(plan, forMs, { verdict, passed: ok, detail, gameday });
  }

  async function end(plan: Plan, forMs: number, outcome: Ending): Promise<void> {
    await dispatcher.send(ended({ plan, forMs, nowMs: Math.round(clock.wallMs()) }, outcome));
    await note(plan, forMs, 'ended', { ...outcome });
  }

  return {
    async run() {
      let troubled = false;
      while (!stop.aborted) {
        let waitMs = LOOK_MS;
        try {
          waitMs = await look();
          troubled = false;
        } catch (error) {
          // A ledger that cannot be read now may be read in ten seconds; a date within them is still in time.
          if (!troubled) options.warn(`game-days: ${error instanceof Error ? error.message : String(error)}`);
          troubled = true;
        }
        await clock.sleep(Math.min(waitMs, LATEST_START_MS / 6), stop).catch(() => undefined);
      }
      await Promise.allSettled(running.values());
    },
  };
}
