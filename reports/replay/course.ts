/** What one definition of an objective made of a stretch of history: judged moment by moment, as a runner would have. */
import { setImmediate } from 'node:timers/promises';
import { alertConditions, type AlertCondition } from '../../slo/alerts.ts';
import type { Colour, Objective } from '../../slo/objective.ts';
import { consequencesOf } from '../../slo/policy.ts';
import { lastMoment } from '../../slo/ranges.ts';
import type { Status } from '../../slo/status.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import { createAccounts } from '../../store/accounts.ts';
import type { StoreReader } from '../../store/store.ts';

export interface Course {
  /** As the stretch ends. */
  readonly status: Status;
  /** Policy minutes of the stretch in each colour. */
  readonly minutes: Readonly<Record<Colour, number>>;
  readonly changes: number;
  /** Moments at which the objective was met, of those at which something was known. */
  readonly met: { readonly moments: number; readonly of: number };
  /** Alerts that would have begun within the stretch. */
  readonly alerts: Readonly<Record<AlertCondition['as'], number>>;
  /** Times that it became Red on enough events: each would have obliged a game-day and a postmortem review, if none was owed. */
  readonly obligations: number;
}

export interface CourseOptions {
  readonly base: TimeBase;
  /** Half-open, of whole steps. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How far apart the moments are at which it is judged, real milliseconds. */
  readonly everyMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Policy minutes for which a condition must be gone before it can begin again, as alerting has it. */
const SETTLED_MINUTES = 5;
/** The loop is let go this often, since whoever asks may have other things to do. */
const MOMENTS_AT_A_TIME = 200;

export async function courseOf(
  reader: Pick<StoreReader, 'rollups'>,
  objective: Objective,
  { base, fromMs, toMs, everyMs, signal }: CourseOptions,
): Promise<Course> {
  const accounts = createAccounts(remembering(reader), base);
  const at = async (nowMs: number): Promise<Status> => {
    const [status] = await accounts.statuses([objective], nowMs);
    if (status === undefined) throw new Error(`no status of ${objective.id}`);
    return status;
  };
  const minutes: Record<Colour, number> = { green: 0, yellow: 0, red: 0, unknown: 0 };
  const alerts: Record<AlertCondition['as'], number> = { page: 0, ticket: 0, review: 0 };
  const standing = new Map<string, { as: AlertCondition['as']; severity: string; seenMs: number }>();
  let [changes, obligations, met, known] = [0, 0, 0, 0];

  /** @param isNews not of what stood as the stretch began */
  const hear = (status: Status, nowMs: number, isNews: boolean): void => {
    for (const [key, { seenMs }] of standing) {
      if (nowMs - seenMs > Math.max(SETTLED_MINUTES * base.minuteMs, everyMs) && status.colour !== 'unknown') {
        standing.delete(key);
      }
    }
    for (const { key, as, severity } of alertConditions(status)) {
      const before = standing.get(key);
      // A review item that gains enough events pages; that it merely lasts is no news.
      const isNew = before === undefined || (before.as === 'review' && as === 'page');
      if (isNew && isNews) alerts[as] += 1;
      standing.set(key, { as, severity, seenMs: nowMs });
    }
  };

  let status = await at(lastMoment(fromMs));
  hear(status, lastMoment(fromMs), false);
  for (let [moment, count] = [fromMs + everyMs, 1]; moment <= toMs; moment += everyMs, count += 1) {
    if (count % MOMENTS_AT_A_TIME === 0) await setImmediate(undefined, signal === undefined ? {} : { signal });
    const before = status;
    status = await at(lastMoment(moment));
    minutes[status.colour] += everyMs / base.minuteMs;
    if (status.colour !== before.colour) changes += 1;
    if (owes(status) && !owes(before)) obligations += 1;
    if (status.met !== null) known += 1;
    if (status.met === true) met += 1;
    hear(status, lastMoment(moment), true);
  }
  return {
    status: await at(lastMoment(toMs)),
    minutes,
    changes,
    met: { moments: met, of: known },
    alerts,
    obligations,
  };
}

function owes(status: Status): boolean {
  return consequencesOf([status]).gamedayDays !== null;
}

/** Nothing is asked where nothing is wanted: thousands of moments go by on what is there already. */
function remembering(reader: Pick<StoreReader, 'rollups'>): Pick<StoreReader, 'rollups'> {
  return {
    rollups: (query) =>
      query.reads.length === 0 && query.since !== null
        ? Promise.resolve({ mark: query.since, rows: [], changed: [] })
        : reader.rollups(query),
  };
}
