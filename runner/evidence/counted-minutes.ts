/**
 * The minutes of a bundle's objectives, counted from raw results in the order of the chain. An hour is held against the
 * bundle, and forgotten, as soon as nothing more can come for it: of months, about two days are in memory at a time.
 */
import { talliesName, type Content } from '../../reports/evidence/content.ts';
import type { Manifest, SegmentLine } from '../../reports/evidence/manifest.ts';
import { STEPS_AN_HOUR } from '../../reports/evidence/tallies-file.ts';
import type { Objective } from '../../slo/objective.ts';
import { EMPTY_TALLY, type Tally } from '../../slo/tally.ts';
import { timeBase } from '../../slo/time-base.ts';
import { judge, type Judged } from '../../store/judge.ts';
import { unpack } from '../../store/packed.ts';
import type { JudgedRun } from '../../store/result.ts';
import type { RollupRow } from '../../store/store.ts';
import { talliesFrom } from './bundle.ts';
import { CountedHour } from './counted-hour.ts';

/** No event is further than this from the time at which its run was due. */
export const DAY_MS = 86_400_000;
/** Minutes whose runs are looked up and named. */
export const NAMED_STEPS = 20;

/** A minute that differs. */
export interface Differing {
  readonly file: string;
  readonly objective: string;
  readonly atMs: number;
  readonly split: string;
  readonly counted: Tally;
  readonly claimed: Tally;
}

/** A result that is counted, and when it was stored. */
type Recorded = JudgedRun & { readonly recordedMs?: number };

/** Of one objective. */
interface Side {
  readonly objective: Objective;
  readonly file: string;
  /** From where on it is looked at, ms. */
  readonly fromMs: number;
  /** What the bundle says, hours ascending. */
  readonly claimed: readonly RollupRow[];
  /** How many of them were compared. */
  compared: number;
  /** By the start of their hour. */
  readonly counted: Map<number, CountedHour>;
  /** The first few that differ. */
  readonly differing: Differing[];
}

export class CountedMinutes {
  readonly #asOfMs: number;
  readonly #stepMs: number;
  readonly #hourMs: number;
  readonly #toMs: number;
  readonly #sides: readonly Side[];
  readonly #byProbe = new Map<string, Side[]>();
  readonly #gone: readonly SegmentLine[];
  #steps = 0;
  #skipped = 0;
  #differing = 0;

  /** @param gone segments of which raw results have expired: minutes near them are not compared */
  constructor(
    { definitions, base: { scale }, query }: Manifest,
    { tallies }: Pick<Content, 'tallies'>,
    gone: readonly SegmentLine[],
  ) {
    const base = timeBase(scale);
    this.#asOfMs = query.asOfMs;
    this.#stepMs = base.minuteMs;
    this.#hourMs = STEPS_AN_HOUR * base.minuteMs;
    this.#toMs = query.toMs;
    this.#gone = gone;
    this.#sides = definitions.map((objective, index) => ({
      objective,
      file: talliesName(objective.id, index),
      fromMs: talliesFrom(objective, base, query.toMs),
      claimed: tallies.get(objective.id) ?? [],
      compared: 0,
      counted: new Map<number, CountedHour>(),
      differing: [],
    }));
    for (const side of this.#sides)
      for (const probe of new Set(side.objective.probes))
        this.#byProbe.set(probe, [...(this.#byProbe.get(probe) ?? []), side]);
  }

  add(result: Recorded): void {
    const sides = this.#byProbe.get(result.probe);
    if (sides === undefined || (result.recordedMs ?? 0) > this.#asOfMs) return;
    for (const { objective, fromMs, counted } of sides) {
      for (const judged of judge(objective, result, this.#stepMs)) {
        const { atMs } = judged;
        if (!(atMs >= fromMs && atMs < this.#toMs)) continue;
        const hourAtMs = Math.floor(atMs / this.#hourMs) * this.#hourMs;
        let hour = counted.get(hourAtMs);
        if (hour === undefined) counted.set(hourAtMs, (hour = new CountedHour()));
        hour.add(Math.round((atMs - hourAtMs) / this.#stepMs), judged);
      }
    }
  }

  /** Whether the result has a share in that minute. */
  isIn({ objective: id, atMs, split }: Differing, result: Recorded): boolean {
    return (this.#byProbe.get(result.probe) ?? []).some(
      ({ objective, fromMs }) =>
        objective.id === id &&
        this.#judged(objective, fromMs, result).some((part) => part.atMs === atMs && part.split === split),
    );
  }

  #judged(objective: Objective, fromMs: number, result: Recorded): readonly Judged[] {
    if ((result.recordedMs ?? 0) > this.#asOfMs) return [];
    return judge(objective, result, this.#stepMs).filter(({ atMs }) => atMs >= fromMs && atMs < this.#toMs);
  }

  /** Compares the hours that end by then, for which nothing more will come, and forgets what was counted in them. */
  settle(untilMs: number): void {
    for (const side of this.#sides) {
      const claimed = new Map<number, RollupRow[]>();
      for (; side.compared < side.claimed.length; side.compared += 1) {
        const row = side.claimed[side.compared];
        if (row === undefined || row.atMs + this.#hourMs > untilMs) break;
        claimed.set(row.atMs, [...(claimed.get(row.atMs) ?? []), row]);
      }
      const own = [...side.counted.keys()].filter((atMs) => atMs + this.#hourMs <= untilMs);
      for (const atMs of [...new Set([...claimed.keys(), ...own])].toSorted((a, b) => a - b)) {
        this.#compare(side, atMs, claimed.get(atMs) ?? [], side.counted.get(atMs));
        side.counted.delete(atMs);
      }
    }
  }

  /** Minute by minute of what the bundle says, and then of what it does not. */
  #compare(side: Side, hourAtMs: number, rows: readonly RollupRow[], own = new CountedHour()): void {
    for (const { steps, atMs, split } of rows)
      for (const step of unpack(steps, atMs, this.#stepMs)) {
        const counted = own.take(Math.round((step.atMs - hourAtMs) / this.#stepMs), split);
        this.#hold(side, { atMs: step.atMs, split, counted: counted ?? EMPTY_TALLY, claimed: step });
      }
    for (const { index, split, tally } of own.left())
      this.#hold(side, { atMs: hourAtMs + index * this.#stepMs, split, counted: tally, claimed: EMPTY_TALLY });
  }

  #hold(side: Side, { atMs, split, counted, claimed }: Omit<Differing, 'file' | 'objective'>): void {
    if (this.#isGone(atMs)) {
      this.#skipped += 1;
      return;
    }
    this.#steps += 1;
    if (isSame(counted, claimed)) return;
    this.#differing += 1;
    if (side.differing.length >= NAMED_STEPS) return;
    const { file, objective } = side;
    side.differing.push({ file, objective: objective.id, atMs, split, counted, claimed });
  }

  #isGone(atMs: number): boolean {
    return this.#gone.some((each) => atMs >= each.firstScheduledMs - DAY_MS && atMs < each.lastScheduledMs + DAY_MS);
  }

  /** After everything was settled. */
  compared(): {
    /** The first of them, by objective. */
    readonly named: readonly Differing[];
    readonly differing: number;
    readonly steps: number;
    readonly skipped: number;
  } {
    const named = this.#sides.flatMap(({ differing }) => differing).slice(0, NAMED_STEPS);
    return { named, differing: this.#differing, steps: this.#steps, skipped: this.#skipped };
  }
}

/** Every figure of both. */
function isSame(a: Tally, b: Tally): boolean {
  return FIGURES.every((figure) => a[figure] === b[figure]);
}

const FIGURES = [
  'good',
  'bad',
  'excluded',
  'faults',
  'goodWeight',
  'badWeight',
  'excludedWeight',
  'faultWeight',
  'squaredWeight',
  'borderline',
  'bounded',
] as const satisfies readonly (keyof Tally)[];
