/**
 * An objective's account: what was counted hour by hour, kept so that the status of the next minute costs no more than what
 * changed since. Filled from roll-ups, it says itself which hours it wants to see by their minutes.
 */
import { evaluate, type Slice } from './evaluate.ts';
import { HourlyHistory, type Step } from './history.ts';
import type { Objective } from './objective.ts';
import { hourOf, ranges, stepEnd, type Stretch } from './ranges.ts';
import { attainmentEnds, judgeWindows, type WindowCounts } from './sliding.ts';
import { countWindows } from './sliding.ts';
import type { Status } from './status.ts';
import type { Tally } from './tally.ts';
import { heldAt, restated, type Restated } from './targets.ts';
import type { TimeBase } from './time-base.ts';

export interface Hour {
  readonly atMs: number;
  readonly split: string;
  readonly tally: Tally;
}

export interface HourByMinutes {
  readonly atMs: number;
  readonly split: string;
  /** Ascending. */
  readonly steps: readonly Step[];
}

/** What an account must be given before it can tell its status. */
export interface Wanted {
  /** All hours of this stretch, as sums; null: it has them. */
  readonly hours: Stretch | null;
  /** Starts of hours, ascending, by their minutes. */
  readonly minutes: readonly number[];
}

/** What one split has. */
class Part {
  readonly history: HourlyHistory;
  /** By clock hour: what was found of the windows that end with a step of it. */
  readonly verdicts = new Map<number, Verdicts>();

  constructor(base: TimeBase) {
    this.history = new HourlyHistory(base);
  }
}

interface Verdicts {
  readonly each: Uint8Array;
  readonly counts: WindowCounts;
}

export class Account {
  #objective: Objective;
  readonly #base: TimeBase;
  #parts = new Map<string, Part>();
  /** Clock hours whose minutes are here, of every split. */
  #read = new Set<number>();
  /** From where on every hour is known; null before the first were. */
  #fromMs: number | null = null;

  constructor(objective: Objective, base: TimeBase) {
    this.#objective = objective;
    this.#base = base;
  }

  get objective(): Objective {
    return this.#objective;
  }

  /** The same objective as it is defined now. What windows came to is judged anew where that may be another verdict. */
  follow(objective: Objective): void {
    if (judgedBy(objective) !== judgedBy(this.#objective))
      for (const { verdicts } of this.#parts.values()) verdicts.clear();
    this.#objective = objective;
  }

  /** Everything, as before anything was taken. */
  clear(): void {
    this.#parts = new Map();
    this.#read = new Set();
    this.#fromMs = null;
  }

  wanted(nowMs: number): Wanted {
    const needed = ranges(this.#objective, this.#base, nowMs);
    if (needed === null) return NOTHING;
    const { hours, detailed, sliding } = needed;
    if (this.#fromMs === null || this.#fromMs > hours.fromMs) {
      this.clear();
      const slid = sliding === null ? [] : this.#hoursOf(sliding);
      return { hours: { fromMs: hours.fromMs, toMs: FOR_EVER_MS }, minutes: ascending([...detailed, ...slid]) };
    }
    const missing = new Set(detailed.filter((atMs) => !this.#read.has(atMs)));
    if (sliding !== null) for (const atMs of this.#unjudged(nowMs)) missing.add(atMs);
    return { hours: null, minutes: ascending(missing) };
  }

  /** The hours of a stretch that {@link wanted} named, ascending. */
  takeHours({ fromMs }: Stretch, found: Iterable<Hour>): void {
    for (const { atMs, split, tally } of found) this.#part(split).history.setHour(atMs, tally);
    this.#fromMs = fromMs;
  }

  /**
   * Hours by their minutes: what came of all of their splits, which replaces what was known of them.
   * @param isSummed they are among the hours just taken, and add up to them
   */
  takeMinutes(hours: readonly number[], found: readonly HourByMinutes[], isSummed = false): void {
    const bySplit = new Map<number, Map<string, readonly Step[]>>(hours.map((atMs) => [atMs, new Map()]));
    for (const { atMs, split, steps } of found) {
      this.#part(split);
      bySplit.get(atMs)?.set(split, steps);
    }
    for (const [atMs, splits] of bySplit) {
      this.#read.add(atMs);
      for (const [split, { history, verdicts }] of this.#parts) {
        const steps = splits.get(split) ?? [];
        if (isSummed) history.addMinutes(atMs, steps);
        else history.setMinutes(atMs, steps);
        for (const touched of this.#reach(atMs)) verdicts.delete(touched);
      }
    }
  }

  /** Only once nothing is {@link wanted} for that moment. */
  status(nowMs: number): Status {
    const { objective } = this;
    const windows = this.#windowsAt(nowMs);
    const slices = [...this.#parts].map(([split, part]): Slice => ({
      split,
      history: part.history,
      windows: windows === null ? null : windows(part),
    }));
    slices.sort((a, b) => (a.split < b.split ? -1 : 1));
    return evaluate({ objective, base: this.#base, nowMs, slices });
  }

  /** Lets go of what no later status needs. */
  forget(nowMs: number): void {
    const needed = ranges(this.#objective, this.#base, nowMs);
    if (needed === null || this.#fromMs === null) return;
    const { hours, detailed } = needed;
    const kept = new Set(detailed);
    for (const { history, verdicts } of this.#parts.values()) {
      history.keep(hours.fromMs, kept);
      for (const atMs of verdicts.keys()) if (atMs < hours.fromMs) verdicts.delete(atMs);
    }
    for (const atMs of this.#read) if (!kept.has(atMs)) this.#read.delete(atMs);
    this.#fromMs = Math.max(this.#fromMs, hours.fromMs);
  }

  #part(split: string): Part {
    let part = this.#parts.get(split);
    if (part === undefined) {
      part = new Part(this.#base);
      this.#parts.set(split, part);
    }
    return part;
  }

  #hoursOf({ fromMs, toMs }: Stretch): number[] {
    const { hourMs } = this.#base;
    return Array.from({ length: Math.round((toMs - fromMs) / hourMs) }, (_, index) => fromMs + index * hourMs);
  }

  /** The hour, and later ones into which a window that began in it may reach. */
  #reach(atMs: number): number[] {
    const { slidingMs } = this.#objective;
    if (slidingMs === null) return [];
    return this.#hoursOf({ fromMs: atMs, toMs: hourOf(this.#base, atMs + slidingMs - 1) + 2 * this.#base.hourMs });
  }

  /** The hours that the windows look into which end with a step of this hour. */
  #lookedInto(atMs: number): number[] {
    const { hourMs, minuteMs } = this.#base;
    const fromMs = hourOf(this.#base, atMs + minuteMs - (this.#objective.slidingMs ?? minuteMs));
    return this.#hoursOf({ fromMs, toMs: atMs + hourMs });
  }

  /** Clock hours with a window that counts for the attainment now: each by its last step. */
  #attained(nowMs: number): number[] {
    const { minuteMs, hourMs } = this.#base;
    const { firstEndMs, lastEndMs } = attainmentEnds(stepEnd(this.#base, nowMs), this.#objective.windowMs, minuteMs);
    const toMs = hourOf(this.#base, lastEndMs - minuteMs) + hourMs;
    return this.#hoursOf({ fromMs: hourOf(this.#base, firstEndMs - minuteMs), toMs });
  }

  /** Hours whose minutes are missing for windows that were never judged, or whose events have changed. */
  #unjudged(nowMs: number): Set<number> {
    const missing = new Set<number>();
    for (const atMs of this.#attained(nowMs)) {
      for (const { history, verdicts } of this.#parts.values()) {
        if (verdicts.has(atMs)) continue;
        for (const hour of this.#lookedInto(atMs)) if (history.minutesOf(hour) === null) missing.add(hour);
      }
    }
    return missing;
  }

  #windowsAt(nowMs: number): ((part: Part) => WindowCounts) | null {
    const { windowMs, slidingMs, unknownBecause } = this.#objective;
    if (slidingMs === null || unknownBecause !== null) return null;
    const { minuteMs, hourMs } = this.#base;
    const by = restated(this.#objective, nowMs);
    const { minEvents } = heldAt(this.#objective, nowMs);
    const ends = attainmentEnds(stepEnd(this.#base, nowMs), windowMs, minuteMs);
    const hours = this.#attained(nowMs);
    return (part) => {
      let [passed, judged, flagged] = [0, 0, 0];
      for (const atMs of hours) {
        let verdicts = part.verdicts.get(atMs);
        if (verdicts === undefined) {
          verdicts = this.#judge(part.history, atMs, by, { slidingMs, minEvents });
          part.verdicts.set(atMs, verdicts);
        }
        const from = Math.max(0, (ends.firstEndMs - minuteMs - atMs) / minuteMs);
        const to = Math.min(hourMs / minuteMs, (ends.lastEndMs - atMs) / minuteMs);
        const isWhole = from === 0 && to === verdicts.each.length;
        const counts = isWhole ? verdicts.counts : countWindows(verdicts.each.subarray(from, to));
        passed += counts.passed;
        judged += counts.judged;
        flagged += counts.flagged;
      }
      return { passed, judged, flagged };
    };
  }

  #judge(
    history: HourlyHistory,
    atMs: number,
    by: Restated,
    options: { slidingMs: number; minEvents: number },
  ): Verdicts {
    const { minuteMs, hourMs } = this.#base;
    const steps = this.#lookedInto(atMs).flatMap((hour) => history.minutesOf(hour) ?? []);
    const ends = { firstEndMs: atMs + minuteMs, lastEndMs: atMs + hourMs };
    const each = judgeWindows(steps, by, { ...options, ...ends, stepMs: minuteMs });
    return { each, counts: countWindows(each) };
  }
}

function judgedBy({ target, versions = [], slidingMs, minEvents }: Objective): string {
  return JSON.stringify([target, versions.map((version) => [version.fromMs, version.target]), slidingMs, minEvents]);
}

/** What a clock that ran ahead has left there is taken as well: time will come to it without its having changed. */
const FOR_EVER_MS = Number.MAX_SAFE_INTEGER;

const NOTHING: Wanted = { hours: null, minutes: [] };

function ascending(hours: Iterable<number>): number[] {
  return [...new Set(hours)].toSorted((a, b) => a - b);
}
