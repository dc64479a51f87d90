/** What the bench finds: figures in relation to a peer in the same run, never alone. */
import { pairwise, rate, spread, turns, type Per, type Spread } from './arithmetic.ts';
import type { Contender } from './process.ts';

export interface Figure {
  readonly id: string;
  readonly title: string;
  /** Of ours and theirs: "probes per CPU-second". */
  readonly unit: string;
  readonly peer: string;
  readonly rounds: number;
  readonly ours: Spread;
  readonly theirs: Spread;
  /** Ours ÷ theirs, round by round. */
  readonly ratio: Spread;
  readonly goal: number | null;
  /** The median reached the goal; null without one. */
  readonly met: boolean | null;
}

export interface Skipped {
  readonly id: string;
  readonly title: string;
  readonly peer: string;
  /** What is missing and how to install it. */
  readonly skipped: string;
}

/** What is held against a limit of its own instead of a peer's speed. */
export interface Limit {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly value: number;
  /** At most this, or at least where more is better; null without a goal. */
  readonly goal: number | null;
  readonly moreIsBetter?: true;
  /** The goal was kept; null without one. */
  readonly met: boolean | null;
  /** Who was measured beside it, and what came of that; null where nobody was. */
  readonly peer: string | null;
  readonly theirs: number | null;
  /** What the value was taken from; one line. */
  readonly note: string | null;
}

export type Finding = Figure | Limit | Skipped;

/** How long everything takes. */
export interface Effort {
  readonly warmUpMs: number;
  readonly warmUps: number;
  readonly roundMs: number;
  readonly rounds: number;
}

/** What a suite is told. */
export interface Run {
  readonly effort: Effort;
  /** Aborts when the bench is interrupted: the round under way is the last one. */
  readonly signal: AbortSignal;
  /** Where files may be written, on the disk that is to be measured. */
  readonly folder: string;
}

export const FULL: Effort = { warmUpMs: 1200, warmUps: 2, roundMs: 1200, rounds: 7 };
export const QUICK: Effort = { warmUpMs: 300, warmUps: 1, roundMs: 300, rounds: 3 };

export interface Peer {
  readonly id: string;
  readonly title: string;
  readonly contender: Contender;
  readonly goal: number | null;
}

/** Warms everybody up, lets them take turns, and sets ours against each peer. */
export async function compare(
  ours: Contender,
  peers: readonly Peer[],
  { unit, per }: { readonly unit: string; readonly per: Per },
  { effort, signal }: Run,
): Promise<readonly Figure[]> {
  const everybody = [ours, ...peers.map(({ contender }) => contender)];
  for (const contender of turns(everybody, effort.warmUps)) {
    signal.throwIfAborted();
    await contender.round(effort.warmUpMs);
  }
  const rates = new Map(everybody.map((contender): [Contender, number[]] => [contender, []]));
  for (const contender of turns(everybody, effort.rounds)) {
    signal.throwIfAborted();
    rates.get(contender)?.push(rate(await contender.round(effort.roundMs), per));
  }
  const of = (contender: Contender) => rates.get(contender) ?? [];
  return peers.map(({ id, title, contender, goal }) => {
    const ratio = spread(pairwise(of(ours), of(contender)));
    return {
      id,
      title,
      unit,
      peer: contender.name,
      rounds: effort.rounds,
      ours: spread(of(ours)),
      theirs: spread(of(contender)),
      ratio,
      goal,
      met: goal === null ? null : ratio.median >= goal,
    };
  });
}
