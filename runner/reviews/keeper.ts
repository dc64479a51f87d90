/** Opens review items after each evaluation, and counts their windows once their day is over. All state is in the ledger. */
import { EMPTY_TALLY } from '../../slo/tally.ts';
import { flaggedWindows } from '../../slo/flagged.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import type { LedgerEvent, StoreReader, TallyQuery, TallyRow } from '../../store/store.ts';
import { dayOf, itemEvent, reviewsOf, type DayCounts, type ReviewItem } from './item.ts';
import { beginning, burnReviewEvent, overEvents, regressedOf, type Regressed } from './regression.ts';
import { thinEvents, thinPageEvents, thinRedEvents } from './thin.ts';

export interface ReviewOptions {
  readonly store: Pick<StoreReader, 'events' | 'tallies'>;
  readonly base: TimeBase;
  readonly record: (event: LedgerEvent) => Promise<void>;
}

export interface Reviews {
  follow(statuses: readonly Status[], nowMs: number): Promise<void>;
  /** Records a review event unless the ledger has it. */
  note(event: LedgerEvent): Promise<void>;
}

const DAY_MS = 86_400_000;
/** A day in which windows come and go every minute is told by its longest stretches. */
const MOST_STRETCHES = 48;

export function createReviews({ store, base, record }: ReviewOptions): Reviews {
  /** Read once; only this process opens items. */
  let known: Set<string> | null = null;
  let regressed: Regressed = new Map();
  /** Of thin data, whose day may not be over. */
  let open: ReviewItem[] = [];

  async function note(event: LedgerEvent): Promise<void> {
    known ??= await remember();
    if (known.has(event.id)) return;
    await record(event);
    known.add(event.id);
    regressed = regressedOf([event], regressed);
    if (event.body['state'] === 'open' && event.body['type'] === 'thin-data') open.push(...reviewsOf([event]));
  }

  async function remember(): Promise<Set<string>> {
    const events = await store.events({ kind: 'review-item' });
    regressed = regressedOf(events);
    open = reviewsOf(events).filter(({ type, windows }) => type === 'thin-data' && windows === null);
    return new Set(events.map(({ id }) => id));
  }

  async function follow(statuses: readonly Status[], nowMs: number): Promise<void> {
    known ??= await remember();
    await endDays(statuses, dayOf(nowMs));
    const thin = [
      ...thinEvents(statuses, base, nowMs),
      ...thinRedEvents(statuses, nowMs),
      ...thinPageEvents(statuses, nowMs),
    ];
    for (const event of thin) await note(event);
    for (const status of beginning(statuses, regressed)) await beginReview(status, nowMs);
    for (const event of overEvents(statuses, regressed, nowMs)) {
      await note(event);
      // Over is over, also where the same item was over before today.
      regressed = regressedOf([event], regressed);
    }
  }

  /** A further regression of the same day is the same item: its end must be seen all the same. */
  async function beginReview(status: Status, nowMs: number): Promise<void> {
    const event = burnReviewEvent(status, await lastHour(status, nowMs), nowMs);
    await note(event);
    regressed = regressedOf([event], regressed);
  }

  async function lastHour({ objective, worstSplit }: Status, nowMs: number) {
    const toMs = Math.floor(nowMs / base.hourMs) * base.hourMs;
    const fromMs = toMs - base.hourMs;
    const bySplit = objective.split !== null;
    const rows = await store.tallies({ objective: objective.id, fromMs, toMs, groupMs: base.hourMs, bySplit });
    const tally = rows.find(({ split }) => split === (worstSplit?.split ?? '')) ?? EMPTY_TALLY;
    return { ...tally, fromMs };
  }

  /** Items of days that are over get their counts; one whose objective is gone has nothing to be counted by. */
  async function endDays(statuses: readonly Status[], today: string): Promise<void> {
    const ended = open.filter(({ day }) => day < today);
    for (const item of ended) {
      const status = statuses.find(({ objective }) => objective.id === item.objective);
      if (status !== undefined) await note(dayEvent(item, await countsOf(status.objective, item)));
    }
    open = open.filter(({ day }) => day >= today);
  }

  async function countsOf(objective: Objective, { openedMs, day }: ReviewItem): Promise<DayCounts> {
    const windowMs = objective.slidingMs ?? objective.windowMs;
    const step = base.minuteMs;
    const fromMs = Math.ceil(openedMs / step) * step;
    const toMs = Date.parse(day) + DAY_MS;
    const read = (query: Omit<TallyQuery, 'objective' | 'bySplit'>): Promise<readonly TallyRow[]> =>
      query.toMs <= query.fromMs
        ? Promise.resolve([])
        : store.tallies({ objective: objective.id, bySplit: objective.split !== null, ...query });
    // What neither enters nor leaves while the windows step through the day may be read as one sum.
    const isLong = windowMs > toMs - fromMs;
    const [leave, enter] = isLong ? [toMs - windowMs, fromMs] : [toMs, toMs];
    const steps = [
      ...(await read({ fromMs: fromMs - windowMs, toMs: leave })),
      ...(await read({ fromMs: enter, toMs })),
    ];
    const constant = isLong ? await read({ fromMs: leave, toMs: enter, groupMs: enter - leave }) : [];
    const { minEvents } = objective;
    const found = flaggedWindows({ windowMs, stepMs: step, fromMs, toMs, minEvents, steps, constant });
    const longest = found.stretches.toSorted((a, b) => b[1] - b[0] - (a[1] - a[0])).slice(0, MOST_STRETCHES);
    return {
      judged: found.judged,
      flagged: found.flagged,
      stretches: longest.toSorted((a, b) => a[0] - b[0]),
      allStretches: found.stretches.length,
    };
  }

  return { follow, note };
}

function dayEvent({ id, type, objective, service, day }: ReviewItem, counts: DayCounts): LedgerEvent {
  return itemEvent(id, { type, objective, service, state: 'day', body: { ...counts } }, Date.parse(day) + DAY_MS);
}
