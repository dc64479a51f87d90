/** Brings notices to everybody who wants them: at least once each, deduplicated by their key, whatever is restarted. */
import type { Clock } from '../../probes/probe.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import type { Alert, Condition, Dispatcher, Notice, Notifier } from './alert.ts';
import {
  announcedOf,
  conversationOf,
  dueNotices,
  noticesOf,
  reminders,
  undelivered,
  type Announced,
  type Silenced,
} from './announce.ts';
import { conditionOf } from './conditions.ts';
import { createLane, type Lane, type LaneItem, type Outcome } from './lane.ts';
import { inheritedOf, stillStands, troubleOf, type Inherited } from './notifier-trouble.ts';
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
  /** What it was told of once it is not told of again when that gets worse: a second ticket is no better. */
  readonly isOnce: boolean;
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
  /** Masks secrets in what notifiers answer. */
  readonly redact: (text: string) => string;
  /** Told of each notice that a notifier has taken; must not throw. */
  readonly onTold?: (notice: Notice, notifier: Pick<Notifier, 'name' | 'kind'>) => void;
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

/** A ledger that hangs keeps nobody from being told. */
const LEDGER_MS = 2000;

export function createDispatcher(options: DispatcherOptions): AlertDispatcher {
  const { posts, clock, record, stop } = options;
  let announced: Announced | null = null;
  /** By notifier and conversation: when it was said last, monotonic ms. */
  const saidMs = new Map<string, number>();
  let serial = 0;
  /** By notifier: what an earlier process found of it, until it takes something, or fails in this one. */
  const inherited = new Map<string, Inherited>();

  const lanes = new Map<string, Lane>(
    posts.map(({ notifier, groupMs }) => [
      notifier.name,
      createLane({
        notifier,
        groupMs,
        clock,
        random: options.random,
        redact: options.redact,
        stop,
        onDone: (item, outcome) => done(notifier, item, outcome),
      }),
    ]),
  );
  /** By notifier: what is taken on gets into its lane in order, each notice once it is in the ledger. */
  const lines = new Map<string, Promise<unknown>>();

  /** Resolves in any case: people are told although the ledger refuses. */
  async function keep(notifier: string, id: string, body: LedgerEvent['body']): Promise<void> {
    const atMs = Math.round(clock.wallMs());
    const event: LedgerEvent = {
      id: `notification/${id}/${String(body['state'])}`,
      atMs,
      kind: 'notification',
      service: null,
      subject: notifier,
      body: { id, ...body },
    };
    const over = new AbortController();
    const patience = clock.sleep(LEDGER_MS, AbortSignal.any([stop, over.signal])).catch(() => undefined);
    await Promise.race([record(event).catch(() => undefined), patience]);
    over.abort();
  }

  function done({ name, kind }: Notifier, { id, notice }: LaneItem, outcome: Outcome): void {
    if (outcome.state === 'sent') {
      inherited.delete(name);
      options.onTold?.(notice, { name, kind });
    }
    if (outcome.state === 'failed') options.warn(`notifier ${name}: not told (${outcome.reason}): ${notice.summary}`);
    if (!isVolatile(id)) void keep(name, id, { ...outcome });
  }

  function give({ notifier: { name }, isKeptUp }: Post, notice: Notice): Promise<void> {
    serial += 1;
    saidMs.set(`${name} ${notice.dedupeKey}`, clock.monotonicMs());
    const isEvent = !(isKeptUp && notice.type === 'reminder');
    const id = `${isEvent ? '' : VOLATILE}${name}/${notice.dedupeKey}/${notice.type}/${notice.atMs}.${serial}`;
    const kept = isEvent ? keep(name, id, { state: 'queued', notice }) : null;
    const turn = Promise.all([lines.get(name), kept]).then(() => lanes.get(name)?.add({ id, notice }));
    lines.set(name, turn);
    return turn;
  }

  /** @param said what was said before in the same conversation */
  async function send(notice: Notice, said?: Notice): Promise<readonly string[]> {
    const willing = posts.filter((post) => {
      const wants = (each: Notice): boolean => takes(post.route, post.notifier.name, each);
      const isAgain = post.isOnce && notice.type === 'firing' && said !== undefined && wants(said);
      return wants(notice) && !isAgain;
    });
    await Promise.all(willing.map((post) => give(post, notice)));
    return willing.map(({ notifier }) => notifier.name);
  }

  function remind(due: readonly Notice[]): void {
    const nowMs = clock.monotonicMs();
    for (const notice of due) {
      for (const post of posts) {
        const key = `${post.notifier.name} ${notice.dedupeKey}`;
        if (post.repeatMs === null || !takes(post.route, post.notifier.name, notice)) continue;
        const lastMs = saidMs.get(key);
        // After a restart: what the other side may have forgotten at once, everything else a whole interval later.
        if (lastMs === undefined && !post.isKeptUp) saidMs.set(key, nowMs);
        else if (lastMs === undefined || nowMs - lastMs >= post.repeatMs) void give(post, notice);
      }
    }
  }

  return {
    send: (notice) => send(notice),
    conversationOf: (alert) => (announced === null ? null : conversationOf(alert, announced)),
    async recover() {
      const events = await options.store.events({ kind: 'notification' });
      announced = announcedOf(noticesOf(events));
      for (const [name, found] of inheritedOf(options.standing(), events)) inherited.set(name, found);
      for (const { id, notifier, notice } of undelivered(events, options.standing(), clock.wallMs()))
        lanes.get(notifier)?.add({ id, notice });
    },
    announce() {
      if (announced === null || stop.aborted) return;
      const { isSilenced } = options;
      const [standing, nowMs] = [options.standing(), Math.round(clock.wallMs())];
      const before = new Map([...announced.values()].map((said) => [said.dedupeKey, said]));
      const due = dueNotices(standing, announced, isSilenced, nowMs);
      announced = announcedOf(due, announced);
      for (const notice of due) void send(notice, before.get(notice.dedupeKey));
      remind(reminders(standing, announced, isSilenced, nowMs));
      forget(announced);
    },
    conditions: () =>
      posts.flatMap(({ notifier, route }): readonly Condition[] => {
        const { name } = notifier;
        const lane = lanes.get(name);
        const isBusy = lane?.isBusy() === true;
        const found = troubleOf(name, route, lane?.trouble() ?? null, isBusy, clock.monotonicMs());
        if (found !== null) inherited.delete(name);
        const before = inherited.get(name);
        if (found !== null) return [found];
        return before === undefined || !stillStands(before, isBusy, clock.wallMs()) ? [] : [conditionOf(before.alert)];
      }),
  };

  /** What is over needs no more reminding. */
  function forget(going: Announced): void {
    const keys = new Set([...going.values()].map(({ dedupeKey }) => dedupeKey));
    for (const key of saidMs.keys()) if (!keys.has(key.slice(key.indexOf(' ') + 1))) saidMs.delete(key);
  }
}

const VOLATILE = '~';
const isVolatile = (id: string): boolean => id.startsWith(VOLATILE);
