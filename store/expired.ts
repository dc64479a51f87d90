/** What the ledger still knows of results that it has deleted for their age. */
import type { Sql } from './sql.ts';
import { FARTHEST_MS } from './result-table.ts';

/** The latest moment at which a result was due that has been deleted, wall-clock ms; -Infinity: all are there. */
export function expiredThroughMs(sql: Sql): number {
  return Number(sql.meta('expired_through_ms') ?? -Infinity);
}

/** Steps from here on have all their results: only these can be judged anew. */
export function wholeFromMs(sql: Sql, stepMs: number): number {
  const throughMs = expiredThroughMs(sql) + FARTHEST_MS;
  return Number.isFinite(throughMs) ? Math.ceil((throughMs + 1) / stepMs) * stepMs : -Infinity;
}

/** Number of the latest result that has been deleted; 0: none. */
export function expiredThroughSeq(sql: Sql): number {
  return Number(sql.meta('expired_through_seq') ?? 0);
}

/** Tallies of steps before this have been deleted; -Infinity: none. */
export function talliedFromMs(sql: Sql): number {
  return Number(sql.meta('tallied_from_ms') ?? -Infinity);
}
