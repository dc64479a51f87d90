/**
 * Reviews by calendar: each is written when it comes due, in a process of its own, and one that came due while no process
 * ran is made up once. What was written is in the ledger, so that a restart repeats nothing.
 */
import type { Clock } from '../probes/probe.ts';
import { utcMinute } from '../reports/figures.ts';
import type { LedgerEvent, StoreReader } from '../store/store.ts';
import type { Condition } from './alerts/alert.ts';
import type { Configuration } from './config/configuration.ts';
import { cronRuns, type CronRuns } from './engine/cron-runs.ts';
import { PERIODS, type Period } from './reviewing.ts';

export interface ReviewPlan {
  readonly period: Period;
  readonly runs: CronRuns;
}

export interface ReviewCalendarOptions {
  readonly plans: readonly ReviewPlan[];
  readonly location: string;
  readonly store: Pick<StoreReader, 'events'>;
  readonly clock: Clock;
  readonly record: (event: LedgerEvent) => Promise<void>;
  /** Writes the review up to a moment; its end comes in any case. @returns the documents, or why there are none */
  readonly write: (period: Period, toMs: number, signal: AbortSignal) => Promise<Written>;
  readonly stop: AbortSignal;
  readonly warn: (line: string) => void;
}

export type Written =
  | { readonly ok: true; readonly documents: readonly string[] }
  | { readonly ok: false; readonly detail: string };

export interface ReviewCalendar {
  /** Until `stop`; a review that is being written is asked to stop, and is written by the next process. */
  run(): Promise<void>;
  /** Reviews that could not be written, until they are. */
  conditions(): readonly Condition[];
}

const LOOK_MS = 30_000;
/** A disk that is full now may have room in an hour. */
const AGAIN_MS = 3_600_000;

export function reviewPlans({ reports }: Pick<Configuration, 'reports'>): readonly ReviewPlan[] {
  const { schedule, timezone } = reports;
  return PERIODS.flatMap((period) => {
    const cron = schedule[period];
    return cron === 'off' ? [] : [{ period, runs: cronRuns(cron, timezone) }];
  });
}

interface Failure {
  readonly forMs: number;
  readonly detail: string;
  readonly againMs: number;
}

export function createReviewCalendar(options: ReviewCalendarOptions): ReviewCalendar {
  const { plans, location, store, clock, record, stop, warn } = options;
  const failures = new Map<Period, Failure>();

  /** From where on a review can have come due: the last one that was written, or the first start on this ledger. */
  async function sinceMs(period: Period): Promise<number | null> {
    const written = (await store.events({ kind: 'report' })).filter(({ subject }) => subject === period);
    const last = Math.max(...written.map(({ body }) => Number(body['forMs'])));
    if (Number.isFinite(last)) return last;
    return (await store.events({ kind: 'runner-started' }))[0]?.atMs ?? null;
  }

  /** The newest date that has passed; older ones that were missed as well are not made up. */
  function newestDue(runs: CronRuns, fromMs: number, nowMs: number): number | null {
    let due: number | null = null;
    for (let next = runs.after(fromMs); next !== null && next <= nowMs; next = runs.after(next)) due = next;
    return due;
  }

  async function look({ period, runs }: ReviewPlan): Promise<void> {
    const nowMs = Math.round(clock.wallMs());
    const fromMs = await sinceMs(period);
    const forMs = fromMs === null ? null : newestDue(runs, fromMs, nowMs);
    if (forMs === null) return;
    const failure = failures.get(period);
    if (failure !== undefined && failure.forMs === forMs && nowMs < failure.againMs) return;
    const written = await options.write(period, forMs, stop);
    // What was cut short is written by the next process.
    if (stop.aborted) return;
    if (!written.ok) {
      if (failure?.forMs !== forMs) warn(failureText(period, forMs, written.detail));
      failures.set(period, { forMs, detail: written.detail, againMs: nowMs + AGAIN_MS });
      return;
    }
    failures.delete(period);
    await record({
      id: `report/${period}/${forMs}`,
      atMs: Math.round(clock.wallMs()),
      kind: 'report',
      service: null,
      subject: period,
      body: { forMs, for: new Date(forMs).toISOString(), documents: written.documents },
    });
  }

  return {
    async run() {
      let troubled = false;
      while (!stop.aborted) {
        try {
          for (const plan of plans) if (!stop.aborted) await look(plan);
          troubled = false;
        } catch (error) {
          // A ledger that cannot be read now may be read at the next look.
          if (!troubled) warn(`reviews: ${error instanceof Error ? error.message : String(error)}`);
          troubled = true;
        }
        await clock.sleep(LOOK_MS, stop).catch(() => undefined);
      }
    },
    conditions: () =>
      [...failures].map(([period, { forMs, detail }]) => ({
        key: `report/${period}/${location}`,
        rule: 'report',
        severity: 'SEV-3',
        as: 'ticket',
        service: null,
        objective: null,
        says: failureText(period, forMs, detail),
        lastBadAtMs: null,
      })),
  };
}

function failureText(period: Period, forMs: number, detail: string): string {
  const by = `pulsedrill report ${period} --to ${new Date(forMs).toISOString()}`;
  return `the ${period} review up to ${utcMinute(forMs)} could not be written: ${detail}; "${by}" writes it by hand`;
}
