/** Windows below the event minimum, stepped over a stretch of time; those that touch are one stretch. */
import type { Tally } from './tally.ts';

/** Valid events of a step, or of several. Everything is wall-clock ms. */
type Step = Pick<Tally, 'good' | 'bad'> & { readonly atMs: number; readonly split: string };

export interface FlaggedQuery {
  readonly windowMs: number;
  readonly stepMs: number;
  /** Ends of the first and of the last window, on the grid of steps; a window holds the steps before its end. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly minEvents: number;
  /** Steps that may enter or leave a window meanwhile, one by one. */
  readonly steps: readonly Step[];
  /** What is in every one of the windows, summed. */
  readonly constant: readonly Step[];
}

export interface Flagged {
  readonly judged: number;
  readonly flagged: number;
  /** Ends of the first and last window of each run of flagged ones, in order. */
  readonly stretches: readonly (readonly [fromMs: number, toMs: number])[];
}

/**
 * A window is flagged when one of the splits that it knows has too few events, or when it knows none. Between two changes
 * all windows are alike, so that a quiet month costs what its events cost.
 */
export function flaggedWindows(query: FlaggedQuery): Flagged {
  const { fromMs, toMs, stepMs, windowMs } = query;
  if (toMs < fromMs) return { judged: 0, flagged: 0, stretches: [] };
  const valid = new Map<string, number>();
  const put = (split: string, by: number): void => void valid.set(split, (valid.get(split) ?? 0) + by);
  for (const step of query.constant) put(step.split, step.good + step.bad);
  const changes = query.steps
    .flatMap((step) => {
      const events = step.good + step.bad;
      // Out of the first window that begins after it; windows need not be whole steps long.
      const leavesMs = (Math.floor((step.atMs + windowMs) / stepMs) + 1) * stepMs;
      return [
        { atMs: step.atMs + stepMs, split: step.split, by: events },
        { atMs: leavesMs, split: step.split, by: -events },
      ];
    })
    .toSorted((a, b) => a.atMs - b.atMs);
  let next = 0;
  let flagged = 0;
  const stretches: [number, number][] = [];
  for (let at = fromMs; at <= toMs;) {
    for (let change = changes[next]; change !== undefined && change.atMs <= at; change = changes[(next += 1)]) {
      put(change.split, change.by);
    }
    const until = Math.min(toMs, (changes[next]?.atMs ?? Number.POSITIVE_INFINITY) - stepMs);
    if (isThin(valid, query.minEvents)) {
      flagged += (until - at) / stepMs + 1;
      const last = stretches.at(-1);
      if (last !== undefined && last[1] + stepMs === at) last[1] = until;
      else stretches.push([at, until]);
    }
    at = until + stepMs;
  }
  return { judged: (toMs - fromMs) / stepMs + 1, flagged, stretches };
}

function isThin(valid: ReadonlyMap<string, number>, minEvents: number): boolean {
  const known = [...valid.values()].filter((events) => events > 0);
  return known.length === 0 || known.some((events) => events < minEvents);
}
