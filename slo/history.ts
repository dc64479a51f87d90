/** What an evaluation reads of one split: exact sums over any stretch that it asks about. */
import type { Share } from './budget.ts';
import { Cumulative } from './cumulative.ts';
import { windowStep, type WindowStep } from './sliding.ts';
import { addTallies, EMPTY_TALLY, isEmpty, subtractTallies, sumTallies, type Tally } from './tally.ts';
import type { TimeBase } from './time-base.ts';

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

/** The minutes of an hour, ascending, read out only as far as somebody asks. */
export interface Minutes {
  readonly all: readonly Step[];
  readonly forWindows: readonly WindowStep[];
}

export function minutesOf(all: readonly Step[]): Minutes {
  return { all, forWindows: all.map(windowStep) };
}

/**
 * The clock's hours, some of them with their minutes. A stretch may begin and end inside an hour only where the minutes of
 * that hour are known; anything else is a mistake of the caller's, and throws instead of guessing.
 */
export class HourlyHistory implements History {
  readonly #hourMs: number;
  readonly #hours = new Cumulative();
  readonly #minutes = new Map<number, Known>();
  /** Answers of `before` inside hours since the last change; an evaluation asks the same ones again and again. */
  readonly #known = new Map<number, Tally>();

  constructor({ hourMs }: Pick<TimeBase, 'hourMs'>) {
    this.#hourMs = hourMs;
  }

  /** An hour as a whole. */
  setHour(hourAtMs: number, tally: Tally): void {
    this.#known.clear();
    this.#minutes.delete(hourAtMs);
    this.#hours.set(hourAtMs, tally);
  }

  /** An hour by all of its minutes, ascending. */
  setMinutes(hourAtMs: number, minutes: Minutes): void {
    this.setHour(hourAtMs, sumTallies(minutes.all));
    this.addMinutes(hourAtMs, minutes);
  }

  /** All the minutes, ascending, of an hour that stands already: they add up to it. */
  addMinutes(hourAtMs: number, minutes: Minutes): void {
    this.#minutes.set(hourAtMs, { minutes, sums: null });
  }

  /** The steps of an hour; null where they are not known. */
  stepsOf(hourAtMs: number): readonly WindowStep[] | null {
    const known = this.#minutes.get(hourAtMs);
    if (known !== undefined) return known.minutes.forWindows;
    return isEmpty(this.#hours.at(hourAtMs)) ? [] : null;
  }

  /** Forgets hours that nobody will ask about, and minutes of those that are not among `detailed`. */
  keep(fromMs: number, detailed: ReadonlySet<number>): void {
    this.#hours.dropBefore(fromMs);
    for (const hourAtMs of this.#minutes.keys()) {
      if (hourAtMs < fromMs || !detailed.has(hourAtMs)) this.#minutes.delete(hourAtMs);
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
    const inside = this.#hourOf(toMs);
    const isInside = toMs > inside && this.#before(toMs).bad > this.#before(inside).bad;
    const hourAtMs = isInside ? inside : this.#hours.lastBad(inside);
    if (hourAtMs === null) return null;
    if (hourAtMs < byMinutesFromMs) return Math.max(hourAtMs, fromMs);
    return this.#sums(hourAtMs).lastBad(Math.min(toMs, hourAtMs + this.#hourMs));
  }

  #hourOf(atMs: number): number {
    return Math.floor(atMs / this.#hourMs) * this.#hourMs;
  }

  #before(atMs: number): Tally {
    const hourAtMs = this.#hourOf(atMs);
    if (hourAtMs === atMs) return this.#hours.before(atMs);
    let known = this.#known.get(atMs);
    if (known === undefined) {
      const earlier = this.#hours.before(hourAtMs);
      const isQuiet = isEmpty(this.#hours.at(hourAtMs));
      known = isQuiet ? earlier : addTallies(earlier, this.#sums(hourAtMs).before(atMs));
      this.#known.set(atMs, known);
    }
    return known;
  }

  #sums(hourAtMs: number): Cumulative {
    const minutes = this.#minutes.get(hourAtMs);
    if (minutes === undefined) throw new RangeError(`the minutes of the hour at ${hourAtMs} ms are not known`);
    if (minutes.sums === null) {
      minutes.sums = new Cumulative();
      for (const step of minutes.minutes.all) minutes.sums.set(step.atMs, step);
    }
    return minutes.sums;
  }
}

interface Known {
  readonly minutes: Minutes;
  /** Added up when something first begins or ends among them. */
  sums: Cumulative | null;
}

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
