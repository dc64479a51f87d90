/** The bench's own arithmetic. Pure. */

/** What one contender did in one round. */
export interface Round {
  readonly operations: number;
  /** CPU of the contender's process, user and system, all its threads, ms. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** What is divided by: `cpu` says what an operation costs, `wall` how long it takes (waiting for the disk included). */
export type Per = 'cpu' | 'wall';

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Operations a second. @throws RangeError when nothing was done, or in no time: such a round is no measurement. */
export function rate(round: Round, per: Per): number {
  const ms = per === 'cpu' ? round.cpuMs : round.wallMs;
  if (!(round.operations > 0) || !(ms > 0)) {
    throw new RangeError(`not a measurement: ${round.operations} operations in ${ms} ms`);
  }
  return (round.operations / ms) * 1000;
}

/** The middle value, or the mean of the two in the middle. @throws RangeError without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[sorted.length % 2 === 0 ? middle - 1 : middle];
  if (upper === undefined || lower === undefined) throw new RangeError('no values');
  return (lower + upper) / 2;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/** Ours ÷ theirs, round by round: what disturbed the machine for a while disturbed both sides of a pair. */
export function pairwise(ours: readonly number[], theirs: readonly number[]): readonly number[] {
  if (ours.length !== theirs.length) throw new RangeError(`${ours.length} rounds against ${theirs.length}`);
  return ours.map((value, index) => value / (theirs[index] ?? Number.NaN));
}

/** A, B, C; then C, B, A; and so on: whoever comes first in one round comes last in the next. */
export function turns<T>(contenders: readonly T[], rounds: number): readonly T[] {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? contenders : contenders.toReversed())).flat();
}
