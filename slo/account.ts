/**
 * An objective's account: what was counted hour by hour, kept so that the status of the next minute costs no more than what
 * changed since. Filled from roll-ups, it says itself which hours it wants to see by their minutes.
 */
import { evaluate, type Slice } from './evaluate.ts';
import { HourlyHistory, minutesOf, type Minutes } from './history.ts';
import { isLeftOut, leavingOut } from './left-out.ts';
import type { Objective } from './objective.ts';
import { hourOf, ranges, stepsOver, type Stretch } from './ranges.ts';
import { attainmentEnds, countWindows, judgeWindows, type WindowCounts, type WindowStep } from './sliding.ts';
import type { Status } from './status.ts';
import type { Tally } from './tally.ts';
import { restated, type Restated } from './targets.ts';
import type { TimeBase } from './time-base.ts';

export interface Hour {
  readonly atMs: number;
  readonly split: string;
  readonly tally: Tally;
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
class Part {
  readonly history: HourlyHistory;
  /** By clock hour: what was found of the windows that end with a step of it. */
  readonly verdicts = new Map<number, Verdicts>();
  /** What all windows of some whole hours came to, so that the next minute need not add them up again. */
  total: Total | null = null;

  constructor(base: TimeBase) {
    this.history = new HourlyHistory(base);
  }

  /** The windows of an hour are to be judged anew. */
  forget(hourAtMs: number): void {
    this.verdicts.delete(hourAtMs);
    if (this.total !== null && hourAtMs >= this.total.fromMs && hourAtMs < this.total.toMs) this.total = null;
  }
}

interface Total extends Stretch {
  readonly counts: WindowCounts;
}

interface Verdicts {
  readonly each: Uint8Array;
  readonly counts: WindowCounts;
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
      for (const part of this.#parts.values()) {
        part.verdicts.clear();
        part.total = null;
      }
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

  /** The hours of a stretch that {@link wanted} named, ascending. */
  takeHours({ fromMs }: Stretch, found: Iterable<Hour>): void {
    for (const { atMs, split, tally } of found) this.#part(split).history.setHour(atMs, tally);
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
      for (const touched of this.#reach(atMs)) part.forget(touched);
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
    for (const { history, verdicts } of this.#parts.values()) {
      history.keep(hours.fromMs, kept);
      if (isLater) for (const atMs of verdicts.keys()) if (atMs < hours.fromMs) verdicts.delete(atMs);
    }
    for (const atMs of this.#read) if (!kept.has(atMs)) this.#read.delete(atMs);
    if (isLater) this.#fromMs = hours.fromMs;
  }

  #take(
    hours: readonly number[],
    found: readonly HourByMinutes[],
    put: (part: Part, atMs: number, minutes: Minutes) => void,
  ): void {
    const bySplit = new Map<number, Map<string, Minutes>>(hours.map((atMs) => [atMs, new Map()]));
    for (const { atMs, split, minutes } of found) {
      this.#part(split);
      bySplit.get(atMs)?.set(split, minutes);
    }
    for (const [atMs, splits] of bySplit) {
      this.#read.add(atMs);
      for (const [split, part] of this.#parts) put(part, atMs, splits.get(split) ?? NO_MINUTES);
    }
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
    const { hourMs } = this.#base;
    const { fromMs, toMs, whole } = this.#attained(nowMs);
    const missing = new Set<number>();
    for (const { history, verdicts, total } of this.#parts.values()) {
      for (let atMs = hourOf(this.#base, fromMs); atMs < toMs; atMs += hourMs) {
        if (isSame(total, whole) && atMs >= whole.fromMs && atMs < whole.toMs) atMs = whole.toMs;
        if (atMs >= toMs || verdicts.has(atMs)) continue;
        for (let hour = this.#lookedIntoFrom(atMs); hour <= atMs; hour += hourMs) {
          if (history.stepsOf(hour) === null) missing.add(hour);
        }
      }
    }
    return missing;
  }

  #windowsAt(nowMs: number): ((part: Part) => WindowCounts) | null {
    const { slidingMs, unknownBecause } = this.#objective;
    if (slidingMs === null || unknownBecause !== null) return null;
    const { minuteMs, hourMs } = this.#base;
    const by = restated(this.#objective, nowMs);
    const { fromMs, toMs, whole } = this.#attained(nowMs);
    const verdictsOf = (part: Part, atMs: number): Verdicts => {
      let verdicts = part.verdicts.get(atMs);
      if (verdicts === undefined) {
        verdicts = this.#judge(part.history, atMs, by, slidingMs);
        part.verdicts.set(atMs, verdicts);
      }
      return verdicts;
    };
    /** Of an hour at an edge, the windows that end with a step of the stretch. */
    const edge = (part: Part, hourAtMs: number, from: number, to: number): WindowCounts => {
      const [first, last] = [Math.max(from, hourAtMs), Math.min(to, hourAtMs + hourMs)];
      if (first >= last) return NO_WINDOWS;
      const { each } = verdictsOf(part, hourAtMs);
      return countWindows(each.subarray((first - hourAtMs) / minuteMs, (last - hourAtMs) / minuteMs));
    };
    return (part) => {
      // Within one hour, or from the end of one to the beginning of the next, no hour is whole.
      const [wholeFrom, wholeTo] = [whole.fromMs, Math.max(whole.fromMs, whole.toMs)];
      if (!isSame(part.total, whole)) {
        let counts = NO_WINDOWS;
        for (let atMs = wholeFrom; atMs < wholeTo; atMs += hourMs) counts = sum(counts, verdictsOf(part, atMs).counts);
        part.total = { ...whole, counts };
      }
      const head = edge(part, hourOf(this.#base, fromMs), fromMs, Math.min(toMs, wholeFrom));
      const tail = edge(part, hourOf(this.#base, toMs - 1), Math.max(fromMs, wholeTo), toMs);
      return sum(sum(head, part.total?.counts ?? NO_WINDOWS), tail);
    };
  }

  #judge(history: HourlyHistory, atMs: number, by: Restated, slidingMs: number): Verdicts {
    const { minuteMs, hourMs } = this.#base;
    const steps: WindowStep[] = [];
    for (let hour = this.#lookedIntoFrom(atMs); hour <= atMs; hour += hourMs) {
      for (const step of history.stepsOf(hour) ?? []) {
        if (step.atMs + slidingMs > atMs && !isLeftOut(this.#leftOut, step.atMs)) steps.push(step);
      }
    }
    if (steps.length === 0) return QUIET;
    const ends = { firstEndMs: atMs + minuteMs, lastEndMs: atMs + hourMs };
    const { minEvents } = this.#objective;
    const each = judgeWindows(steps, by, { slidingMs, minEvents, stepMs: minuteMs, ...ends });
    return { each, counts: countWindows(each) };
  }
}

interface Attained extends Stretch {
  readonly whole: Stretch;
}

const NO_MINUTES = minutesOf([]);
const NO_WINDOWS: WindowCounts = { passed: 0, judged: 0, flagged: 0 };
const QUIET: Verdicts = { each: new Uint8Array(60), counts: NO_WINDOWS };

function isSame(a: Stretch | null, b: Stretch): boolean {
  return a !== null && a.fromMs === b.fromMs && a.toMs === b.toMs;
}

function sum(a: WindowCounts, b: WindowCounts): WindowCounts {
  return { passed: a.passed + b.passed, judged: a.judged + b.judged, flagged: a.flagged + b.flagged };
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
