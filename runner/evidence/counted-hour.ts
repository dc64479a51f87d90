/** What was counted of one objective in one hour: by split and minute, added up in place, because millions of runs are. */
import type { Tally } from '../../slo/tally.ts';
import type { Judged } from '../../store/judge.ts';

type Sum = { -readonly [figure in keyof Tally]: Tally[figure] } & { cluster: bigint };

export class CountedHour {
  /** By split, then by the minute of the hour. */
  readonly #splits = new Map<string, (Sum | undefined)[]>();

  /** @param index of the minute in the hour */
  add(index: number, { split, tally, cluster }: Pick<Judged, 'split' | 'tally' | 'cluster'>): void {
    let minutes = this.#splits.get(split);
    if (minutes === undefined) this.#splits.set(split, (minutes = []));
    const sum = minutes[index];
    if (sum === undefined) minutes[index] = { ...tally, cluster };
    else addTo(sum, tally, cluster);
  }

  /** What was counted in a minute, which is forgotten. */
  take(index: number, split: string): Tally | null {
    const minutes = this.#splits.get(split);
    const sum = minutes?.[index];
    if (minutes === undefined || sum === undefined) return null;
    minutes[index] = undefined;
    return sum;
  }

  /** Minutes that nobody took. */
  *left(): Iterable<{ readonly index: number; readonly split: string; readonly tally: Tally }> {
    for (const [split, minutes] of this.#splits)
      for (const [index, tally] of minutes.entries()) if (tally !== undefined) yield { index, split, tally };
  }
}

/**
 * Not the sum by which a ledger adds up what it stores (`Sum` of `gathered-sum.ts`): a mistake there must show here.
 * Most weights are 0, and adding them would make an integer of any size each time. (a+b)²
 * replaces a² + b² for the cluster.
 */
function addTo(sum: Sum, tally: Tally, cluster: bigint): void {
  sum.good += tally.good;
  sum.bad += tally.bad;
  sum.excluded += tally.excluded;
  sum.faults += tally.faults;
  sum.borderline += tally.borderline;
  sum.bounded += tally.bounded;
  if (tally.goodWeight !== 0n) sum.goodWeight += tally.goodWeight;
  if (tally.badWeight !== 0n) sum.badWeight += tally.badWeight;
  if (tally.excludedWeight !== 0n) sum.excludedWeight += tally.excludedWeight;
  if (tally.faultWeight !== 0n) sum.faultWeight += tally.faultWeight;
  if (tally.squaredWeight !== 0n) sum.squaredWeight += tally.squaredWeight;
  if (cluster === 0n) return;
  sum.squaredWeight += 2n * sum.cluster * cluster;
  sum.cluster += cluster;
}
