/** One notifier's line: what it has to say, one after the other, until it has been said. Never blocks whoever adds to it. */
import type { Clock } from '../../probes/probe.ts';
import type { Notice, Notifier, Told } from './alert.ts';
import { merged } from './group.ts';

export interface LaneItem {
  readonly id: string;
  readonly notice: Notice;
}

/** `superseded`: something newer of the same conversation says it as well. */
export type Outcome = { readonly state: 'sent' | 'superseded' } | { readonly state: 'failed'; readonly reason: string };

export interface LaneOptions {
  readonly notifier: Notifier;
  /** How long notices of one service wait for each other, to be said together; 0: never. */
  readonly groupMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Masks secrets in what a notifier answers. */
  readonly redact: (text: string) => string;
  readonly stop: AbortSignal;
  readonly onDone: (item: LaneItem, outcome: Outcome) => void;
}

/** What keeps going wrong; null: nothing. */
export interface LaneTrouble {
  /** In a row. */
  readonly tries: number;
  /** Of the first and of the last of them, monotonic ms. */
  readonly sinceMs: number;
  readonly lastMs: number;
  /** Of the last, wall clock. */
  readonly lastAtMs: number;
  readonly reason: string;
  /** A notice was given up among them. */
  readonly isLost: boolean;
}

export interface Lane {
  add(item: LaneItem): void;
  readonly trouble: () => LaneTrouble | null;
  /** Whether something has still to be said, or is being said. */
  readonly isBusy: () => boolean;
}

interface Waiting extends LaneItem {
  /** Of the first try, monotonic ms. */
  readonly sinceMs: number | null;
  readonly tries: number;
  readonly serial: number;
}

/** Said each by itself. */
const ALONE: ReadonlySet<Notice['type']> = new Set(['escalation', 'announcement']);
const ATTEMPT_MS = 10_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const LONGEST_ASKED_MS = 5 * 60_000;
const GIVE_UP_MS = 6 * 3_600_000;
/** Alerts by the thousand are one incident; what is newest matters most. */
const MOST = 1000;

export function createLane(options: LaneOptions): Lane {
  const { notifier, groupMs, clock, stop, onDone } = options;
  let items: readonly Waiting[] = [];
  let trouble: LaneTrouble | null = null;
  let running = false;
  let serial = 0;

  function add(item: LaneItem): void {
    const { type, dedupeKey } = item.notice;
    serial += 1;
    const older = items.find(({ notice }) => notice.dedupeKey === dedupeKey && notice.type !== 'resolved');
    if (type === 'reminder' && older !== undefined) return onDone(item, { state: 'superseded' });
    items = [...items, { ...item, sinceMs: null, tries: 0, serial }];
    dropSome();
    if (running) return;
    running = true;
    void work();
  }

  /** Reminders say nothing new; what is over by now need not be told at length; then what is oldest. */
  function dropSome(): void {
    while (items.length > MOST) {
      const over = new Set(
        items.flatMap(({ notice: { type, dedupeKey } }) => (type === 'resolved' ? [dedupeKey] : [])),
      );
      const dropped =
        items.find(({ notice }) => notice.type === 'reminder') ??
        items.find(({ notice }) => notice.type === 'firing' && over.has(notice.dedupeKey)) ??
        items[0];
      items = items.filter((item) => item !== dropped);
      if (dropped !== undefined) lose([dropped], `more than ${MOST} notices wait`);
    }
  }

  function lose(lost: readonly LaneItem[], reason: string): void {
    trouble = {
      tries: trouble?.tries ?? 1,
      sinceMs: trouble?.sinceMs ?? clock.monotonicMs(),
      ...now(),
      reason,
      isLost: true,
    };
    for (const item of lost) onDone(item, { state: 'failed', reason });
  }

  function now(): Pick<LaneTrouble, 'lastMs' | 'lastAtMs'> {
    return { lastMs: clock.monotonicMs(), lastAtMs: Math.round(clock.wallMs()) };
  }

  async function work(): Promise<void> {
    while (items.length > 0 && !stop.aborted) {
      if (groupMs > 0 && urgent() === undefined) await clock.sleep(groupMs, stop).catch(() => undefined);
      if (!stop.aborted) await say(takeGroup());
    }
    running = false;
  }

  /** The oldest of each conversation. */
  function heads(): readonly Waiting[] {
    const begun = new Set<string>();
    return items.filter(({ notice: { dedupeKey } }) => {
      const isFirst = !begun.has(dedupeKey);
      begun.add(dedupeKey);
      return isFirst;
    });
  }

  /** What is said by itself has nothing to wait for: a deadline may be running. */
  function urgent(): Waiting | undefined {
    return heads().find(({ notice, tries }) => ALONE.has(notice.type) && tries === 0);
  }

  /**
   * What was tried least, for one that nobody can take must not keep the others waiting; but each conversation in its
   * order. With it, whatever may be said together.
   */
  function takeGroup(): readonly Waiting[] {
    const waiting = heads();
    const first = urgent() ?? waiting.toSorted((a, b) => a.tries - b.tries || a.serial - b.serial).at(0);
    if (first === undefined) return [];
    const { type, service } = first.notice;
    const belongs = ({ notice }: Waiting): boolean =>
      groupMs > 0 && notice.type === type && !ALONE.has(type) && notice.service === service;
    const group = waiting.filter((item) => item === first || belongs(item));
    const taken = new Set(group);
    items = items.filter((item) => !taken.has(item));
    return group;
  }

  async function say(group: readonly Waiting[]): Promise<void> {
    const notice = merged(group.map((item) => item.notice));
    if (notice === null) return;
    const told = await attempt(notice);
    if (told.ok) {
      trouble = null;
      for (const item of group) onDone(item, { state: 'sent' });
      return;
    }
    // What is not known to have been said is said again by the next process.
    if (stop.aborted) return;
    const reason = options.redact(told.reason);
    const nowMs = clock.monotonicMs();
    const { tries = 0, sinceMs = nowMs, isLost = false } = trouble ?? {};
    trouble = { tries: tries + 1, sinceMs, ...now(), reason, isLost };
    const lost = told.retry ? group.filter((item) => nowMs - (item.sinceMs ?? nowMs) > GIVE_UP_MS) : group;
    if (lost.length > 0) lose(lost, reason);
    const again = group.filter((item) => !lost.includes(item));
    items = [...again.map((item) => ({ ...item, sinceMs: item.sinceMs ?? nowMs, tries: item.tries + 1 })), ...items];
    dropSome();
    if (told.retry) await clock.sleep(waitMs(tries + 1, told.afterMs), stop).catch(() => undefined);
  }

  /** Doubling, with jitter, so that those who were turned away together do not come back together. */
  function waitMs(tries: number, afterMs = 0): number {
    const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
    return Math.max(Math.min(afterMs, LONGEST_ASKED_MS), backoff * (0.5 + options.random() / 2));
  }

  async function attempt(notice: Notice): Promise<Told> {
    try {
      return await notifier.notify(notice, AbortSignal.any([stop, AbortSignal.timeout(ATTEMPT_MS)]));
    } catch (error) {
      return { ok: false, retry: true, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  return { add, trouble: () => trouble, isBusy: () => running };
}
