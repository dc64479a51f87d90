/**
 * The minutes of a bundle's objectives, counted from raw results in the order of the chain. An hour is held against the
 * bundle, and forgotten, as soon as nothing more can come for it: of months, about two days are in memory at a time.
 */
import { talliesName, type Content } from '../../reports/evidence/content.ts';
import type { Manifest, SegmentLine } from '../../reports/evidence/manifest.ts';
import { STEPS_AN_HOUR } from '../../reports/evidence/tallies-file.ts';
import type { Objective } from '../../slo/objective.ts';
import { EMPTY_TALLY, isZero, subtractTallies, type Tally } from '../../slo/tally.ts';
import { timeBase } from '../../slo/time-base.ts';
import { judge, mergeJudged, type Judged } from '../../store/judge.ts';
import { unpack } from '../../store/packed.ts';
import type { Result } from '../../store/result.ts';
import type { RollupRow } from '../../store/store.ts';
import { talliesFrom } from './bundle.ts';

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
  /** By the start of their hour, then by moment and split. */
  readonly counted: Map<number, Map<string, Judged>>;
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
      counted: new Map<number, Map<string, Judged>>(),
      differing: [],
    }));
    for (const side of this.#sides)
      for (const probe of new Set(side.objective.probes))
        this.#byProbe.set(probe, [...(this.#byProbe.get(probe) ?? []), side]);
  }

  add(result: Result): void {
    for (const { objective, fromMs, counted } of this.#byProbe.get(result.probe) ?? []) {
      for (const judged of this.#judged(objective, fromMs, result)) {
        const hourAtMs = Math.floor(judged.atMs / this.#hourMs) * this.#hourMs;
        const hour = counted.get(hourAtMs) ?? new Map<string, Judged>();
        counted.set(hourAtMs, hour);
        const key = keyOf(judged);
        const before = hour.get(key);
        hour.set(key, before === undefined ? judged : mergeJudged(before, judged));
      }
    }
  }

  /** Whether the result has a share in that minute. */
  isIn({ objective: id, atMs, split }: Differing, result: Result): boolean {
    return (this.#byProbe.get(result.probe) ?? []).some(
      ({ objective, fromMs }) =>
        objective.id === id &&
        this.#judged(objective, fromMs, result).some((part) => part.atMs === atMs && part.split === split),
    );
  }

  #judged(objective: Objective, fromMs: number, result: Result): readonly Judged[] {
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
        this.#compare(side, claimed.get(atMs) ?? [], side.counted.get(atMs) ?? new Map<string, Judged>());
        side.counted.delete(atMs);
      }
    }
  }

  #compare(side: Side, rows: readonly RollupRow[], own: ReadonlyMap<string, Judged>): void {
    const claimed = new Map<string, Tally & { readonly atMs: number; readonly split: string }>();
    for (const { steps, atMs, split } of rows)
      for (const step of unpack(steps, atMs, this.#stepMs)) claimed.set(keyOf({ ...step, split }), { ...step, split });
    for (const key of new Set([...claimed.keys(), ...own.keys()])) {
      const [said, is] = [claimed.get(key), own.get(key)];
      const { atMs, split } = said ?? is ?? { atMs: 0, split: '' };
      if (this.#isGone(atMs)) {
        this.#skipped += 1;
        continue;
      }
      this.#steps += 1;
      const [counted, other] = [is?.tally ?? EMPTY_TALLY, said ?? EMPTY_TALLY];
      if (isZero(subtractTallies(counted, other))) continue;
      this.#differing += 1;
      if (side.differing.length >= NAMED_STEPS) continue;
      side.differing.push({ file: side.file, objective: side.objective.id, atMs, split, counted, claimed: other });
    }
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

function keyOf({ atMs, split }: { readonly atMs: number; readonly split: string }): string {
  return `${atMs} ${split}`;
}
