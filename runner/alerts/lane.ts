/** One notifier's line: what it has to say, one after the other, until it has been said. Never blocks whoever adds to it. */
import type { Clock } from '../../probes/probe.ts';
import type { Notice, Notifier, Told } from './alert.ts';
import { merged } from './group.ts';

export interface LaneItem {
  readonly id: string;
  readonly notice: Notice;
}

export interface LaneOptions {
  readonly notifier: Notifier;
  /** How long notices of one service wait for each other, to be said together; 0: never. */
  readonly groupMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly stop: AbortSignal;
  /** It was said, or given up: why. */
  readonly onDone: (item: LaneItem, failed: string | null) => void;
}

/** What keeps going wrong; null: nothing. */
export interface LaneTrouble {
  readonly tries: number;
  readonly sinceMs: number;
  readonly reason: string;
}

export interface Lane {
  add(item: LaneItem): void;
  readonly trouble: () => LaneTrouble | null;
  readonly waiting: () => number;
}

const ATTEMPT_MS = 10_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 5 * 60_000;
const GIVE_UP_MS = 6 * 3_600_000;
/** Alerts by the thousand are one incident; what is newest matters most. */
const MOST = 1000;

export function createLane(options: LaneOptions): Lane {
  const { notifier, clock, stop } = options;
  const items: LaneItem[] = [];
  let trouble: LaneTrouble | null = null;
  let running = false;

  function add(item: LaneItem): void {
    items.push(item);
    if (items.length > MOST) dropOne();
    if (running) return;
    running = true;
    void work();
  }

  /** A reminder says nothing new. */
  function dropOne(): void {
    const reminder = items.findIndex(({ notice }) => notice.type === 'reminder');
    const [dropped] = items.splice(Math.max(reminder, 0), 1);
    if (dropped !== undefined) options.onDone(dropped, `more than ${MOST} notices wait`);
  }

  async function work(): Promise<void> {
    while (items.length > 0 && !stop.aborted) {
      if (options.groupMs > 0) await clock.sleep(options.groupMs, stop).catch(() => undefined);
      if (stop.aborted) break;
      await say(takeGroup());
    }
    running = false;
  }

  /** The oldest, and whatever may be said with it. */
  function takeGroup(): readonly LaneItem[] {
    const [first] = items;
    if (first === undefined) return [];
    const belongs = ({ notice }: LaneItem): boolean =>
      options.groupMs > 0 &&
      notice.type === first.notice.type &&
      notice.type !== 'escalation' &&
      notice.service === first.notice.service;
    const group = [first, ...items.slice(1).filter(belongs)];
    const taken = new Set(group);
    items.splice(0, items.length, ...items.filter((item) => !taken.has(item)));
    return group;
  }

  async function say(group: readonly LaneItem[]): Promise<void> {
    const notice = merged(group.map((item) => item.notice));
    if (notice === null) return;
    const sinceMs = clock.monotonicMs();
    for (let tries = 1; ; tries += 1) {
      const told = await attempt(notice);
      // What is not known to have been said is said again by the next process.
      if (stop.aborted && !told.ok) return;
      if (told.ok) trouble = null;
      else
        trouble = {
          tries: (trouble?.tries ?? 0) + 1,
          sinceMs: trouble?.sinceMs ?? clock.wallMs(),
          reason: told.reason,
        };
      const isLate = clock.monotonicMs() - sinceMs > GIVE_UP_MS;
      if (told.ok || !told.retry || isLate) {
        for (const item of group) options.onDone(item, told.ok ? null : told.reason);
        return;
      }
      await clock.sleep(waitMs(tries, told.afterMs), stop).catch(() => undefined);
      if (stop.aborted) return;
    }
  }

  /** Doubling, with jitter, so that those who were turned away together do not come back together. */
  function waitMs(tries: number, afterMs = 0): number {
    const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
    return Math.max(Math.min(afterMs, LONGEST_WAIT_MS), backoff * (0.5 + options.random() / 2));
  }

  async function attempt(notice: Notice): Promise<Told> {
    try {
      return await notifier.notify(notice, AbortSignal.any([stop, AbortSignal.timeout(ATTEMPT_MS)]));
    } catch (error) {
      return { ok: false, retry: true, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  return { add, trouble: () => trouble, waiting: () => items.length };
}
