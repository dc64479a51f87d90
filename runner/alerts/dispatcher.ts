/** Brings notices to everybody who wants them: at least once each, deduplicated by their key, whatever is restarted. */
import type { Clock } from '../../probes/probe.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import type { Alert, Condition, Dispatcher, Notice, Notifier } from './alert.ts';
import {
  announcedOf,
  dueNotices,
  noticeOf,
  noticesOf,
  undelivered,
  type Announced,
  type Silenced,
} from './announce.ts';
import { createLane, type Lane, type LaneItem } from './lane.ts';
import { takes, type Route } from './routes.ts';

/** A notifier as it was configured. */
export interface Post {
  readonly notifier: Notifier;
  readonly route: Route;
  readonly groupMs: number;
  /** How often what lasts is said again; null: once is enough. */
  readonly repeatMs: number | null;
  /** The other side forgets what is not repeated: saying it again is no event. */
  readonly isKeptUp: boolean;
}

export interface DispatcherOptions {
  readonly posts: readonly Post[];
  readonly store: Pick<StoreReader, 'events'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly record: (event: LedgerEvent) => Promise<void>;
  /** Alerts that stand now. */
  readonly standing: () => readonly Alert[];
  readonly isSilenced: Silenced;
  readonly stop: AbortSignal;
  readonly warn: (line: string) => void;
}

export interface AlertDispatcher extends Dispatcher {
  /** Takes on what earlier processes left unsaid. Nothing is announced before. */
  recover(): Promise<void>;
  /** Says what has still to be said of the alerts that stand, or stood. */
  announce(): void;
  /** Notifiers that keep failing. */
  conditions(): readonly Condition[];
}

/** One failure is a hiccup. */
const TROUBLED_AFTER = 3;

export function createDispatcher(options: DispatcherOptions): AlertDispatcher {
  const { posts, clock, record, stop } = options;
  let announced: Announced | null = null;
  /** By notifier and alert: when it was said last, monotonic ms. */
  const saidMs = new Map<string, number>();
  let serial = 0;

  const lanes = new Map<string, Lane>(
    posts.map(({ notifier, groupMs }) => [
      notifier.name,
      createLane({
        notifier,
        groupMs,
        clock,
        random: options.random,
        stop,
        onDone: (item, failed) => done(notifier.name, item, failed),
      }),
    ]),
  );

  function keep(notifier: string, id: string, body: LedgerEvent['body']): void {
    const atMs = Math.round(clock.wallMs());
    const event: LedgerEvent = {
      id: `notification/${id}/${String(body['state'])}`,
      atMs,
      kind: 'notification',
      service: null,
      subject: notifier,
      body: { id, ...body },
    };
    // Not waited for: people are told although the ledger refuses.
    record(event).catch(() => undefined);
  }

  function done(name: string, { id, notice }: LaneItem, failed: string | null): void {
    if (failed !== null) options.warn(`notifier ${name}: not told (${failed}): ${notice.summary}`);
    if (isVolatile(id)) return;
    keep(name, id, failed === null ? { state: 'sent' } : { state: 'failed', reason: failed });
  }

  function give({ notifier: { name }, isKeptUp }: Post, notice: Notice): void {
    serial += 1;
    saidMs.set(`${name} ${notice.dedupeKey}`, clock.monotonicMs());
    const isEvent = !(isKeptUp && notice.type === 'reminder');
    const id = `${isEvent ? '' : VOLATILE}${name}/${notice.dedupeKey}/${notice.type}/${notice.atMs}.${serial}`;
    if (isEvent) keep(name, id, { state: 'queued', notice });
    lanes.get(name)?.add({ id, notice });
  }

  function send(notice: Notice): void {
    for (const post of posts) if (takes(post.route, post.notifier.name, notice)) give(post, notice);
  }

  function remind(): void {
    const nowMs = clock.monotonicMs();
    for (const alert of options.standing()) {
      if (announced?.has(alert.id) !== true || options.isSilenced(alert, clock.wallMs()) !== null) continue;
      const notice = noticeOf(alert, 'reminder', Math.round(clock.wallMs()));
      for (const post of posts) {
        const key = `${post.notifier.name} ${alert.id}`;
        if (post.repeatMs === null || !takes(post.route, post.notifier.name, notice)) continue;
        const lastMs = saidMs.get(key);
        // After a restart: what the other side may have forgotten at once, everything else a whole interval later.
        if (lastMs === undefined && !post.isKeptUp) saidMs.set(key, nowMs);
        else if (lastMs === undefined || nowMs - lastMs >= post.repeatMs) give(post, notice);
      }
    }
  }

  return {
    send,
    async recover() {
      const events = await options.store.events({ kind: 'notification' });
      announced = announcedOf(noticesOf(events));
      for (const { id, notifier, notice } of undelivered(events, options.standing(), clock.wallMs()))
        lanes.get(notifier)?.add({ id, notice });
    },
    announce() {
      if (announced === null || stop.aborted) return;
      const due = dueNotices(options.standing(), announced, options.isSilenced, Math.round(clock.wallMs()));
      announced = announcedOf(due, announced);
      for (const notice of due) send(notice);
      remind();
      forget();
    },
    conditions: () =>
      posts.flatMap(({ notifier, route }) => {
        const trouble = lanes.get(notifier.name)?.trouble() ?? null;
        if (trouble === null || trouble.tries < TROUBLED_AFTER) return [];
        return [troubleCondition(notifier, route, trouble)];
      }),
  };

  /** What is over needs no more reminding. */
  function forget(): void {
    const stand = new Set(options.standing().map(({ id }) => id));
    for (const key of saidMs.keys()) if (!stand.has(key.slice(key.indexOf(' ') + 1))) saidMs.delete(key);
  }
}

const VOLATILE = '~';
const isVolatile = (id: string): boolean => id.startsWith(VOLATILE);

function troubleCondition(
  { name }: Notifier,
  route: Route,
  { tries, reason }: { tries: number; reason: string },
): Condition {
  // Whoever is to be woken by it must hear of it at once.
  const pages = route.as.length === 0 || route.as.includes('page');
  return {
    key: `notifier/${name}`,
    rule: 'notifier',
    severity: pages ? 'SEV-2' : 'SEV-3',
    as: pages ? 'page' : 'ticket',
    service: null,
    objective: null,
    says: `notifier ${name} does not get through: ${tries} failures, the last: ${reason}`,
    lastBadAtMs: null,
  };
}
