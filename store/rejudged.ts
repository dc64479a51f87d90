/** Stored results judged by other rules, beside the record and never in it: tallies and roll-ups of their own, in memory. */
import { DatabaseSync } from 'node:sqlite';
import { withEstimates, type Assumption } from './estimate.ts';
import type { Problem, Rule } from './judge.ts';
import type { Result } from './result.ts';
import { TEMP_TALLIES } from './schema.ts';
import type { RollupAnswer, RollupQuery, StoreReader, TallyQuery, TallyRow } from './store.ts';
import { Gathered, TallyTable } from './tally-table.ts';

/** One way to judge. */
export interface Hypothesis {
  /** Under which its tallies are asked for, in the place of an objective's id. */
  readonly name: string;
  readonly rule: Rule;
  /** Where events were not counted at its limit. */
  readonly assume: Assumption;
}

/** What of one hypothesis is not exact. */
export interface Doubt {
  /** Events counted from a sketch. */
  readonly estimatedEvents: number;
  /** Readings that could not be judged at all, and why the first could not. */
  readonly unjudged: number;
  readonly because: Problem | null;
}

export interface Rejudged extends Pick<StoreReader, 'rollups' | 'tallies'>, Disposable {
  readonly doubts: ReadonlyMap<string, Doubt>;
}

export interface RejudgeOptions {
  readonly stepMs: number;
  /** Only steps of this stretch are counted. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Rows gathered before they are written, which bounds the memory that a long history takes. */
const FLUSH_ROWS = 20_000;

/** Reads every result once, whatever the number of hypotheses. */
export async function rejudge(
  results: AsyncIterable<Result>,
  hypotheses: readonly Hypothesis[],
  { stepMs, fromMs, toMs, signal }: RejudgeOptions,
): Promise<Rejudged> {
  const db = new DatabaseSync(':memory:');
  try {
    db.exec(TEMP_TALLIES);
    const table = new TallyTable(db, 'temp', stepMs);
    let revision = 0n;
    const doubts = new Map<string, Doubt>(hypotheses.map(({ name }) => [name, NO_DOUBT]));
    let gathered = new Gathered(stepMs);
    const flush = (): void => {
      db.exec('BEGIN');
      table.add(gathered, () => (revision += 1n));
      db.exec('COMMIT');
      for (const { objective, problem } of gathered.unjudged) {
        const doubt = doubts.get(objective) ?? NO_DOUBT;
        doubts.set(objective, { ...doubt, unjudged: doubt.unjudged + 1, because: doubt.because ?? problem });
      }
      gathered = new Gathered(stepMs);
    };
    const isMeant = (atMs: number): boolean => atMs >= fromMs && atMs < toMs;
    const rules = hypotheses.map(({ name, rule, assume }) => ({ rule: { ...rule, id: name }, assume }));
    for await (const result of results) {
      signal?.throwIfAborted();
      for (const { rule, assume } of rules) {
        const estimated = rule.sli.type === 'threshold' ? withEstimates(result, rule.sli, assume) : null;
        gathered.add(rule, estimated?.result ?? result, isMeant);
        if (estimated === null || estimated.events === 0) continue;
        const doubt = doubts.get(rule.id) ?? NO_DOUBT;
        doubts.set(rule.id, { ...doubt, estimatedEvents: doubt.estimatedEvents + estimated.events });
      }
      if (gathered.steps.length + gathered.unjudged.length >= FLUSH_ROWS) flush();
    }
    flush();
    return {
      doubts,
      rollups: ({ reads }: RollupQuery): Promise<RollupAnswer> =>
        Promise.resolve({
          mark: { identity: '', revision: Number(revision) },
          rows: reads.map((read) => table.rollups.read(read)),
          changed: [],
        }),
      tallies: (query: TallyQuery): Promise<readonly TallyRow[]> => Promise.resolve(table.query(query)),
      [Symbol.dispose]: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

const NO_DOUBT: Doubt = { estimatedEvents: 0, unjudged: 0, because: null };
