/** What an evaluation reads of one split: exact sums over any stretch that it asks about. */
import type { Share } from './budget.ts';
import { Cumulative } from './cumulative.ts';
import { addTallies, EMPTY_TALLY, isEmpty, subtractTallies, sumTallies, validEvents, type Tally } from './tally.ts';
import { RowSums } from './row-sums.ts';
import type { TimeBase } from './time-base.ts';
import type { WindowSteps } from './window-steps.ts';

/** Stretches are half-open, of steps by their start. */
export interface History {
  sum(fromMs: number, toMs: number): Tally;
  /** The weights alone, for who asks often. */
  share(fromMs: number, toMs: number): Share;
  /** Start of the newest step with a bad event; of its clock hour, where that is older than `byMinutesFromMs`. Null without one. */
  lastBad(fromMs: number, toMs: number, byMinutesFromMs: number): number | null;
}

export interface Step extends Tally {
  readonly atMs: number;
}

/** The hours of a day, ascending, read out one by one only as far as somebody asks. */
export interface Hours {
  readonly sum: Tally;
  readonly all: readonly Step[];
  /** Everything in those that start before a moment. */
  before(atMs: number): Tally;
}

export function hoursOf(all: readonly Step[]): Hours {
  return {
    all,
    sum: sumTallies(all),
    before: (untilMs) => sumTallies(all.filter(({ atMs }) => atMs < untilMs)),
  };
}

/** The minutes of an hour in the same way. */
export interface Minutes extends Hours {
  /** Sets those that are among `steps`. */
  placeIn(steps: WindowSteps): void;
}

export function minutesOf(all: readonly Step[]): Minutes {
  return {
    ...hoursOf(all),
    placeIn(steps) {
      for (const step of all) {
        const place = Math.round((step.atMs - steps.fromMs) / steps.stepMs);
        steps.set(place, validEvents(step), step.goodWeight, step.badWeight);
      }
    },
  };
}

/**
 * The clock's days, of some of them the hours, and of some of these the minutes. A stretch may begin and end inside an hour
 * only where the minutes of that hour are known; anything else is a mistake of the caller's, and throws instead of guessing.
 */
export class HourlyHistory implements History {
  readonly #hourMs: number;
  readonly #dayMs: number;
  readonly #days = new Cumulative();
  /** By day: its hours. */
  readonly #hours = new Map<number, RowSums>();
  /** By hour; summed where something began or ended among them. */
  readonly #minutes = new Map<number, Minutes>();
  readonly #minuteSums = new Map<number, RowSums>();
  /** Answers of `before` inside days since the last change; an evaluation asks the same ones again and again. */
  readonly #known = new Map<number, Tally>();

  constructor({ hourMs, dayMs }: Pick<TimeBase, 'hourMs' | 'dayMs'>) {
    this.#hourMs = hourMs;
    this.#dayMs = dayMs;
  }

  /** A day by all of its hours. */
  setHours(dayAtMs: number, hours: Hours): void {
    this.#known.clear();
    this.#days.set(dayAtMs, hours.sum);
    this.#hours.set(dayAtMs, new RowSums(hours));
  }

  /** An hour by all of its minutes, ascending. */
  setMinutes(hourAtMs: number, minutes: Minutes): void {
    this.#known.clear();
    const dayAtMs = startOf(this.#dayMs, hourAtMs);
    const hours = this.#hours.get(dayAtMs) ?? new RowSums(NO_HOURS);
    this.#hours.set(dayAtMs, hours);
    hours.each.set(hourAtMs, minutes.sum);
    this.#days.set(dayAtMs, hours.each.before(dayAtMs + this.#dayMs));
    this.addMinutes(hourAtMs, minutes);
  }

  /** All the minutes, ascending, of an hour that stands already: they add up to it. */
  addMinutes(hourAtMs: number, minutes: Minutes): void {
    this.#minutes.set(hourAtMs, minutes);
    this.#minuteSums.delete(hourAtMs);
  }

  /** Whether the minutes of an hour are known, because they are here or because there are none. */
  hasMinutes(hourAtMs: number): boolean {
    if (this.#minutes.has(hourAtMs)) return true;
    const hours = this.#hours.get(startOf(this.#dayMs, hourAtMs));
    return hours === undefined || isEmpty(hours.each.at(hourAtMs));
  }

  /** Sets the minutes of an hour that are here and among `steps`. */
  placeMinutes(hourAtMs: number, steps: WindowSteps): void {
    this.#minutes.get(hourAtMs)?.placeIn(steps);
  }

  /** Forgets days that nobody will ask about, and minutes of hours that are not among `detailed`. */
  keep(fromMs: number, detailed: ReadonlySet<number>): void {
    const dayAtMs = startOf(this.#dayMs, fromMs);
    this.#days.dropBefore(dayAtMs);
    for (const atMs of this.#hours.keys()) if (atMs < dayAtMs) this.#hours.delete(atMs);
    for (const hourAtMs of this.#minutes.keys()) {
      if (hourAtMs >= fromMs && detailed.has(hourAtMs)) continue;
      this.#minutes.delete(hourAtMs);
      this.#minuteSums.delete(hourAtMs);
    }
    this.#known.clear();
  }

  sum(fromMs: number, toMs: number): Tally {
    return fromMs >= toMs ? EMPTY_TALLY : subtractTallies(this.#before(toMs), this.#before(fromMs));
  }

  share(fromMs: number, toMs: number): Share {
    if (fromMs >= toMs) return NOTHING;
    const [from, to] = [this.#before(fromMs), this.#before(toMs)];
    const bad = to.badWeight - from.badWeight;
    return { bad, valid: to.goodWeight - from.goodWeight + bad };
  }

  lastBad(fromMs: number, toMs: number, byMinutesFromMs: number): number | null {
    if (fromMs >= toMs || this.#before(toMs).bad === this.#before(fromMs).bad) return null;
    const hourAtMs = this.#lastBadHour(toMs);
    if (hourAtMs === null) return null;
    if (hourAtMs < byMinutesFromMs) return Math.max(hourAtMs, fromMs);
    return this.#minutesOf(hourAtMs).all.findLast(({ atMs, bad }) => bad > 0 && atMs < toMs)?.atMs ?? null;
  }

  #lastBadHour(toMs: number): number | null {
    const { bad } = this.#before(toMs);
    const hourAtMs = startOf(this.#hourMs, toMs);
    if (bad > this.#before(hourAtMs).bad) return hourAtMs;
    const dayAtMs = startOf(this.#dayMs, toMs);
    const isToday = bad > this.#days.before(dayAtMs).bad;
    const lastDay = isToday ? dayAtMs : this.#days.lastBad(dayAtMs);
    return lastDay === null ? null : (this.#hours.get(lastDay)?.each.lastBad(hourAtMs) ?? null);
  }

  #before(atMs: number): Tally {
    const dayAtMs = startOf(this.#dayMs, atMs);
    if (dayAtMs === atMs) return this.#days.before(atMs);
    let known = this.#known.get(atMs);
    if (known === undefined) this.#known.set(atMs, (known = this.#inside(dayAtMs, atMs)));
    return known;
  }

  #inside(dayAtMs: number, atMs: number): Tally {
    const earlier = this.#days.before(dayAtMs);
    const hours = this.#hours.get(dayAtMs);
    if (hours === undefined) return earlier;
    const hourAtMs = startOf(this.#hourMs, atMs);
    const through = addTallies(earlier, hours.before(hourAtMs));
    if (hourAtMs === atMs) return through;
    const isQuiet = !this.#minutes.has(hourAtMs) && this.hasMinutes(hourAtMs);
    return isQuiet ? through : addTallies(through, this.#sumsOf(hourAtMs).before(atMs));
  }

  #sumsOf(hourAtMs: number): RowSums {
    const sums = this.#minuteSums.get(hourAtMs) ?? new RowSums(this.#minutesOf(hourAtMs));
    this.#minuteSums.set(hourAtMs, sums);
    return sums;
  }

  #minutesOf(hourAtMs: number): Minutes {
    const minutes = this.#minutes.get(hourAtMs);
    if (minutes === undefined) throw new RangeError(`the minutes of the hour at ${hourAtMs} ms are not known`);
    return minutes;
  }
}

/** Of the clock's hour, or day, that a moment lies in. */
function startOf(lengthMs: number, atMs: number): number {
  return Math.floor(atMs / lengthMs) * lengthMs;
}

const NO_HOURS = hoursOf([]);
const NOTHING: Share = { bad: 0n, valid: 0n };

/** Several splits as one: nothing is judged by it. */
export function together(histories: readonly History[]): History {
  return {
    sum: (fromMs, toMs) => sumTallies(histories.map((each) => each.sum(fromMs, toMs))),
    share: (fromMs, toMs) => {
      let [bad, valid] = [0n, 0n];
      for (const each of histories) {
        const share = each.share(fromMs, toMs);
        bad += share.bad;
        valid += share.valid;
      }
      return { bad, valid };
    },
    lastBad: (...stretch) => {
      const found = histories.flatMap((each) => each.lastBad(...stretch) ?? []);
      return found.length === 0 ? null : Math.max(...found);
    },
  };
}
