/**
 * An objective's account: what was counted hour by hour, kept so that the status of the next minute costs no more than what
 * changed since. Filled from roll-ups, it says itself which hours it wants to see by their minutes.
 */
import { evaluate, type Slice } from './evaluate.ts';
import { HourlyHistory, minutesOf, type Hours, type Minutes } from './history.ts';
import { leavingOut } from './left-out.ts';
import type { Objective } from './objective.ts';
import { hourOf, ranges, runsOf, stepsOver, type Stretch } from './ranges.ts';
import { attainmentEnds, judgeWindows, type WindowCounts } from './sliding.ts';
import type { Status } from './status.ts';
import { restated, type Restated } from './targets.ts';
import type { TimeBase } from './time-base.ts';
import { WindowSteps } from './window-steps.ts';
import { WindowVerdicts, type Attained } from './window-verdicts.ts';

export interface DayByHours {
  readonly atMs: number;
  readonly split: string;
  readonly hours: Hours;
}

export interface HourByMinutes {
  readonly atMs: number;
  readonly split: string;
  readonly minutes: Minutes;
}

/** What an account must be given before it can tell its status. */
export interface Wanted {
  /** All hours of this stretch, as sums; null: it has them. */
  readonly hours: Stretch | null;
  /** Starts of hours, ascending, by their minutes. */
  readonly minutes: readonly number[];
}

/** What one split has. */
interface Part {
  readonly history: HourlyHistory;
  readonly windows: WindowVerdicts;
}

export class Account {
  #objective: Objective;
  readonly #base: TimeBase;
  readonly #leftOut: readonly Stretch[];
  #parts = new Map<string, Part>();
  /** Clock hours whose minutes are here, of every split. */
  #read = new Set<number>();
  /** From where on every hour is known; null before the first were. */
  #fromMs: number | null = null;

  /** @param leftOut stretches of whole steps, ascending and apart, that are judged as if they had never been */
  constructor(objective: Objective, base: TimeBase, leftOut: readonly Stretch[] = []) {
    this.#objective = objective;
    this.#base = base;
    this.#leftOut = leftOut;
  }

  get objective(): Objective {
    return this.#objective;
  }

  /** The same objective as it is defined now. What windows came to is judged anew where that may be another verdict. */
  follow(objective: Objective): void {
    if (judgedBy(objective) !== judgedBy(this.#objective))
      for (const { windows } of this.#parts.values()) windows.clear();
    this.#objective = objective;
  }

  /** Everything, as before anything was taken. */
  clear(): void {
    this.#parts = new Map();
    this.#read = new Set();
    this.#fromMs = null;
  }

  wanted(nowMs: number): Wanted {
    const needed = ranges(this.#objective, this.#base, nowMs, this.#leftOut);
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

  /** The days that hold the hours of a stretch that {@link wanted} named, ascending. */
  takeHours({ fromMs }: Stretch, found: Iterable<DayByHours>): void {
    for (const { atMs, split, hours } of found) this.#part(split).history.setHours(atMs, hours);
    this.#fromMs = fromMs;
  }

  /** Hours that {@link wanted} named, by their minutes: what came of all of their splits. They add up to the hours that are known. */
  takeMinutes(hours: readonly number[], found: readonly HourByMinutes[]): void {
    this.#take(hours, found, ({ history }, atMs, minutes) => history.addMinutes(atMs, minutes));
  }

  /** Hours in which something has changed, which replace what was known of them. */
  takeChanges(hours: readonly number[], found: readonly HourByMinutes[]): void {
    this.#take(hours, found, (part, atMs, minutes) => {
      part.history.setMinutes(atMs, minutes);
      for (const touched of this.#reach(atMs)) part.windows.forget(touched);
    });
  }

  /** Only once nothing is {@link wanted} for that moment. */
  status(nowMs: number): Status {
    const { objective } = this;
    const windows = this.#windowsAt(nowMs);
    const slices = [...this.#parts].map(([split, part]): Slice => ({
      split,
      history: leavingOut(part.history, this.#leftOut),
      windows: windows === null ? null : windows(part),
    }));
    slices.sort((a, b) => (a.split < b.split ? -1 : 1));
    return evaluate({ objective, base: this.#base, nowMs, slices });
  }

  /** Lets go of what no later status needs. */
  forget(nowMs: number): void {
    const needed = ranges(this.#objective, this.#base, nowMs, this.#leftOut);
    if (needed === null || this.#fromMs === null) return;
    const { hours, detailed } = needed;
    const kept = new Set(detailed);
    const isLater = hours.fromMs > this.#fromMs;
    for (const { history, windows } of this.#parts.values()) {
      history.keep(hours.fromMs, kept);
      if (isLater) windows.dropBefore(hours.fromMs);
    }
    for (const atMs of this.#read) if (!kept.has(atMs)) this.#read.delete(atMs);
    if (isLater) this.#fromMs = hours.fromMs;
  }

  #take(
    hours: readonly number[],
    found: readonly HourByMinutes[],
    put: (part: Part, atMs: number, minutes: Minutes) => void,
  ): void {
    const bySplit = new Map<string, Map<number, Minutes>>();
    for (const { atMs, split, minutes } of found) {
      this.#part(split);
      const own = bySplit.get(split) ?? new Map<number, Minutes>();
      bySplit.set(split, own.set(atMs, minutes));
    }
    for (const [split, part] of this.#parts) {
      const own = bySplit.get(split);
      for (const atMs of hours) put(part, atMs, own?.get(atMs) ?? NO_MINUTES);
    }
    for (const atMs of hours) this.#read.add(atMs);
  }

  #part(split: string): Part {
    let part = this.#parts.get(split);
    if (part === undefined) {
      part = { history: new HourlyHistory(this.#base), windows: new WindowVerdicts(this.#base) };
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

  /** The first of the hours that the windows look into which end with a step of this hour. */
  #lookedIntoFrom(hourAtMs: number): number {
    const { minuteMs } = this.#base;
    return hourOf(this.#base, hourAtMs + minuteMs - (this.#objective.slidingMs ?? minuteMs));
  }

  /** The windows that count for the attainment now, by their last steps; and the clock hours that all of them are in. */
  #attained(nowMs: number): Attained {
    const { minuteMs, hourMs } = this.#base;
    const ends = attainmentEnds(stepsOver(this.#base, nowMs), this.#objective.windowMs, minuteMs);
    const [fromMs, toMs] = [ends.firstEndMs - minuteMs, ends.lastEndMs];
    const [firstHour, lastHour] = [hourOf(this.#base, fromMs), hourOf(this.#base, toMs - 1)];
    const whole = {
      fromMs: firstHour === fromMs ? firstHour : firstHour + hourMs,
      toMs: lastHour + hourMs === toMs ? toMs : lastHour,
    };
    return { fromMs, toMs, whole };
  }

  /** Hours whose minutes are missing for windows that were never judged, or whose events have changed. */
  #unjudged(nowMs: number): Set<number> {
    const attained = this.#attained(nowMs);
    const missing = new Set<number>();
    for (const { history, windows } of this.#parts.values()) {
      for (const atMs of windows.missing(attained)) {
        for (let hour = this.#lookedIntoFrom(atMs); hour <= atMs; hour += this.#base.hourMs) {
          if (!history.hasMinutes(hour)) missing.add(hour);
        }
      }
    }
    return missing;
  }

  #windowsAt(nowMs: number): ((part: Part) => WindowCounts) | null {
    const { slidingMs, unknownBecause } = this.#objective;
    if (slidingMs === null || unknownBecause !== null) return null;
    const by = restated(this.#objective, nowMs);
    const attained = this.#attained(nowMs);
    return (part) => {
      const missing = part.windows.missing(attained);
      // A day at a time: what is asked for again and again is compiled sooner than what goes on for long, and needs less room.
      for (const hours of runsOf(missing, this.#base, this.#base.dayMs)) this.#judge(part, hours, by, slidingMs);
      return part.windows.counts(attained);
    };
  }

  /** The windows that end with a step of some whole hours, side by side. */
  #judge({ history, windows }: Part, { fromMs, toMs }: Stretch, by: Restated, slidingMs: number): void {
    const { minuteMs, hourMs } = this.#base;
    const steps = new WindowSteps({ fromMs: this.#lookedIntoFrom(fromMs), toMs }, minuteMs);
    for (let hour = steps.fromMs; hour < toMs; hour += hourMs) history.placeMinutes(hour, steps);
    for (const stretch of this.#leftOut) steps.leaveOut(stretch);
    const { minEvents } = this.#objective;
    const ends = { firstEndMs: fromMs + minuteMs, lastEndMs: toMs };
    windows.set(fromMs, judgeWindows(steps, by, { slidingMs, minEvents, ...ends }));
  }
}

const NO_MINUTES = minutesOf([]);

function judgedBy({ target, versions = [], slidingMs, minEvents }: Objective): string {
  return JSON.stringify([target, versions.map((version) => [version.fromMs, version.target]), slidingMs, minEvents]);
}

/** What a clock that ran ahead has left there is taken as well: time will come to it without its having changed. */
const FOR_EVER_MS = Number.MAX_SAFE_INTEGER;

const NOTHING: Wanted = { hours: null, minutes: [] };

function ascending(hours: Iterable<number>): number[] {
  return [...new Set(hours)].toSorted((a, b) => a - b);
}
