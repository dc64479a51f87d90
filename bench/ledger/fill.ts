import type { Rule } from '../../store/judge.ts';
import { Ledger } from '../../store/ledger.ts';
import { BIG_BATCH, resultsFrom } from './rows.ts';

/** Brings a ledger to so many results, where it has less. @returns the number of the first result that is not in it */
export function fillTo(path: string, rows: number, objectives: readonly Rule[]): number {
  using ledger = new Ledger({ path, stepMs: 60_000, objectives });
  let next = ledger.segments({}).at(-1)?.lastSeq ?? 0;
  for (; next < rows; next += BIG_BATCH) ledger.append(resultsFrom(next, BIG_BATCH));
  return next;
}
