import type { CountReading, RunContext } from '../probe.ts';
import type { Calendar } from './calendar.ts';
import { Counter, Grid, Shape } from './counter.ts';

/** Clocks that agree to the millisecond may show a tick this much before it was made; more is an anomaly. */
export const TOLERATED_NEGATIVE_MS = 1;
/** The newest age is sampled this often in a tally step: each second of a minute. */
const SAMPLES_PER_STEP = 60;
/** Where time is scaled for practice, a second of the policy may be shorter than any timer can tell. */
const LEAST_SAMPLE_MS = 20;

/** What is watched: the feed as a whole, or one symbol. */
export interface Watched {
  /** Null: everything together. */
  readonly name: string | null;
  /** Exchange time of the newest data, ms since the epoch; −∞ before the first. */
  readonly newestMs: number;
  /** When it was last proven that nothing is missing, ms since the epoch; −∞: never. */
  readonly provenMs: number;
}

/** What an onlooker sees now: fresh data everywhere, none that could be missed, or old data. */
export interface View {
  readonly state: 'fresh' | 'excused' | 'old';
  /** Of whatever is oldest; null when it has no data at all. */
  readonly ageMs: number | null;
  readonly name: string | null;
  /** Why the absence of data is neither good nor bad. */
  readonly excuse: string | null;
}

/**
 * The age of the newest data as an onlooker would see it at fixed instants; since it changes only when data comes, the
 * instants are settled when the next message does, or at the report. Silence counts only while the market is open and
 * nobody has proven that it is quiet: until such a proof, or the opening, is as old as the loosest threshold, an instant
 * that is not good says nothing.
 */
export class Freshness {
  /** The next instant, ms since the epoch: before it nothing has to be settled. */
  nextMs = 0;
  /** Instants whose data was dated ahead of our clock. */
  anomalies = 0;
  /** Instants that said nothing. */
  unjudged = 0;
  private readonly shape: Shape;
  private readonly stepMs: number;
  private readonly clockBoundMs: RunContext['clockBoundMs'];
  private readonly sampleMs: number;
  private readonly watched: readonly Watched[];
  private readonly calendar: Calendar | null;
  /** Before the first data: when it began to be missing. */
  private readonly missingSinceMs: number;
  /** In whole sampling intervals since the epoch: no drift. */
  private next: number;
  private counter: Counter;
  private atMs: number;
  private finished: CountReading[] = [];

  constructor(
    watched: readonly Watched[],
    calendar: Calendar | null,
    weigh: CountReading['weigh'],
    ctx: Pick<RunContext, 'thresholds' | 'stepMs' | 'clockBoundMs'>,
    wallMs: number,
  ) {
    this.watched = watched;
    this.calendar = calendar;
    this.stepMs = ctx.stepMs;
    this.clockBoundMs = ctx.clockBoundMs;
    this.sampleMs = Math.max(ctx.stepMs / SAMPLES_PER_STEP, Math.min(ctx.stepMs, LEAST_SAMPLE_MS));
    // However many symbols are looked at in an instant, together they stand for its stretch of time.
    const eachMs = weigh === 'each' ? this.sampleMs / watched.length : null;
    this.shape = new Shape('newest-age', ctx.thresholds('newest-age'), weigh, eachMs);
    this.missingSinceMs = wallMs;
    this.counter = new Counter(new Grid(this.shape, ctx.clockBoundMs()));
    this.atMs = this.stepOf(wallMs);
    this.next = Math.floor(wallMs / this.sampleMs) + 1;
    this.nextMs = this.next * this.sampleMs;
  }

  /** Takes every sample that was due until now: what is newest has been the same at all of them. */
  settle(wallMs: number): void {
    // The wall clock went back: the instants ahead of it would wait until it has caught up.
    if (this.nextMs > wallMs + 2 * this.sampleMs) this.next = Math.floor(wallMs / this.sampleMs) + 1;
    this.nextMs = this.next * this.sampleMs;
    while (this.nextMs <= wallMs) {
      this.sample(this.nextMs);
      this.next++;
      this.nextMs = this.next * this.sampleMs;
    }
  }

  /** Reports and starts over. */
  drain(wallMs: number): readonly CountReading[] {
    this.settle(wallMs);
    const isSession = this.shape.weigh === 'shared';
    const nothingYet = this.watched.every(({ newestMs }) => newestMs === -Infinity);
    // A session shorter than the sampling interval is looked at once, at its end.
    if (isSession && !nothingYet && this.counter.valid === 0 && this.finished.length === 0) this.sample(wallMs);
    // One that saw nothing for less than every threshold cannot say that the newest data was older than any of them.
    const tooShort = isSession && nothingYet && wallMs - this.missingSinceMs <= this.shape.loosestMs;
    const silent = this.finished.length === 0 && this.counter.valid === 0;
    if (silent && (tooShort || this.view(wallMs, Math.min(this.shape.loosestMs, Number.MAX_VALUE)).excuse !== null)) {
      this.finished.push(this.counter.reading(this.atMs));
    }
    this.roll(this.stepOf(wallMs));
    const readings = this.finished;
    this.finished = [];
    this.anomalies = this.unjudged = 0;
    return readings;
  }

  /** @param staleAfterMs data up to this age is fresh; so long a proof of quiet, or the opening, excuses its absence. */
  view(wallMs: number, staleAfterMs: number): View {
    const openedMs = this.openedAt(wallMs);
    let worst: View | null = null;
    for (const { name, newestMs, provenMs } of this.watched) {
      const ageMs = newestMs === -Infinity ? null : wallMs - newestMs;
      const seen = (state: View['state'], excuse: string | null): View => ({ state, ageMs, name, excuse });
      let view = seen('old', null);
      if (ageMs !== null && ageMs <= staleAfterMs) view = seen('fresh', null);
      else if (openedMs === null) view = seen('excused', 'the market is closed');
      else if (wallMs - provenMs <= staleAfterMs) view = seen('excused', 'the market is quiet, nothing is missing');
      else if (wallMs - openedMs <= staleAfterMs) view = seen('excused', 'the market has just opened');
      else if (ageMs === null && this.hasJustBegun(wallMs, staleAfterMs)) {
        view = seen('excused', `of ${name} nothing has come yet, and nothing is overdue`);
      }
      if (worst === null || badness(view) > badness(worst)) worst = view;
    }
    return worst ?? { state: 'fresh', ageMs: null, name: null, excuse: null };
  }

  isClosed(wallMs: number): boolean {
    return this.openedAt(wallMs) === null;
  }

  /**
   * Others of a subscription that stays have ticked already, and what has not is not known to be old. A session begins
   * anew each time: there a symbol that is dead would be excused for ever.
   */
  private hasJustBegun(wallMs: number, staleAfterMs: number): boolean {
    const othersTick = this.watched.some(({ newestMs }) => newestMs !== -Infinity);
    return this.shape.weigh === 'each' && othersTick && wallMs - this.missingSinceMs <= staleAfterMs;
  }

  /** −∞ where there is no calendar. */
  private openedAt(wallMs: number): number | null {
    return this.calendar === null ? -Infinity : this.calendar.openedAt(wallMs);
  }

  private sample(atMs: number): void {
    const openedMs = this.openedAt(atMs);
    for (const watched of this.watched) this.sampleOne(watched, atMs, openedMs);
  }

  private sampleOne({ newestMs, provenMs }: Watched, atMs: number, openedMs: number | null): void {
    if (openedMs === null) {
      this.unjudged++;
      return;
    }
    const ageMs = atMs - newestMs;
    const { loosestMs, tightestMs } = this.shape;
    // Data that was made after the instant, by a clock ahead of ours.
    if (ageMs < -TOLERATED_NEGATIVE_MS) this.anomalies++;
    else if (ageMs <= tightestMs && newestMs !== -Infinity) this.count(atMs, ageMs);
    else {
      const since = Math.max(newestMs === -Infinity ? this.missingSinceMs : newestMs, provenMs, openedMs);
      if (since === newestMs) this.count(atMs, ageMs);
      // Its age is only known to be at least so much: it counts as soon as no threshold could be met any more.
      else if (atMs - since > loosestMs) this.count(atMs, ageMs);
      else this.unjudged++;
    }
  }

  private count(atMs: number, ageMs: number): void {
    const startMs = this.stepOf(atMs);
    if (startMs !== this.atMs) this.roll(startMs);
    if (ageMs === Infinity) this.counter.addUnended(atMs - this.missingSinceMs);
    else this.counter.add(ageMs);
  }

  private roll(startMs: number): void {
    if (this.counter.valid > 0) this.finished.push(this.counter.reading(this.atMs));
    this.counter = new Counter(new Grid(this.shape, this.clockBoundMs()));
    this.atMs = startMs;
  }

  private stepOf(wallMs: number): number {
    return Math.floor(wallMs / this.stepMs) * this.stepMs;
  }
}

const STATES: readonly View['state'][] = ['fresh', 'excused', 'old'];

/** By state, and then by age, which is mapped onto [0, 1]; no data at all is the oldest. */
function badness({ state, ageMs }: View): number {
  return STATES.indexOf(state) + (ageMs === null ? 1 : Math.max(0, ageMs) / (1 + Math.max(0, ageMs))) / 2;
}
