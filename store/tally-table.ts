import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { EMPTY_TALLY, addTallies } from '../slo/tally.ts';
import type { Tally } from '../slo/tally.ts';
import { judge, mergeJudged } from './judge.ts';
import type { Judged, Problem, Rule } from './judge.ts';
import type { Result } from './result.ts';
import { integer, integerCell, number, text } from './rows.ts';
import type { Row } from './rows.ts';
import type { Stretch } from './rules.ts';
import { Sum } from './gathered-sum.ts';
import { RollupTable } from './rollup-table.ts';
import type { Written } from './rollup-table.ts';
import type { TallyQuery, TallyRow } from './store.ts';

/** A stored result that a rule could not judge. */
export interface Unjudged {
  readonly objective: string;
  readonly result: Result;
  readonly problem: Problem;
}

/** Shares of many results, gathered before they are written: one row is read and written once a transaction. */
export class Gathered {
  readonly #stepMs: number;
  /** By objective, split and step. */
  readonly #sums = new Map<string, Map<string, Map<number, Sum>>>();
  /** In the order in which they were begun. */
  readonly steps: Sum[] = [];
  readonly unjudged: Unjudged[] = [];

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  /** @param isMeant the steps that are to be counted */
  add(rule: Rule, result: Result, isMeant: (atMs: number) => boolean = () => true): void {
    for (const judged of judge(rule, result, this.#stepMs)) {
      if (!isMeant(judged.atMs)) continue;
      if (judged.problem !== null) this.unjudged.push({ objective: rule.id, result, problem: judged.problem });
      this.#sumOf(rule.id, judged).add(judged);
    }
  }

  #sumOf(objective: string, { split, atMs }: Judged): Sum {
    const splits = getOrMake(this.#sums, objective, () => new Map<string, Map<number, Sum>>());
    const steps = getOrMake(splits, split, () => new Map<number, Sum>());
    return getOrMake(steps, atMs, () => {
      const sum = new Sum(objective, split, atMs);
      this.steps.push(sum);
      return sum;
    });
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** Rows gathered in memory before they are written, while tallies are built from all results. */
const MOST_GATHERED = 20_000;

/** The shares of results of any number, by one rule, in pieces that memory holds. @param isMeant the steps to count */
export function* gatherAll(
  rule: Rule,
  results: Iterable<Result>,
  { stepMs, isMeant }: { readonly stepMs: number; readonly isMeant: (atMs: number) => boolean },
): Iterable<Gathered> {
  if (rule.probes.length === 0) return;
  let gathered = new Gathered(stepMs);
  for (const result of results) {
    gathered.add(rule, result, isMeant);
    if (gathered.steps.length + gathered.unjudged.length < MOST_GATHERED) continue;
    yield gathered;
    gathered = new Gathered(stepMs);
  }
  yield gathered;
}

/** The tallies of one ledger with their roll-ups: those of `main`, or of `temp`, in memory and of the same form. */
export class TallyTable {
  readonly #db: DatabaseSync;
  readonly #table: string;
  readonly rollups: RollupTable;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #clear: StatementSync;
  readonly #range: StatementSync;
  readonly #keys: StatementSync;
  readonly #any: StatementSync;
  readonly #since: StatementSync;

  constructor(db: DatabaseSync, schema: 'main' | 'temp', stepMs: number) {
    const table = `${schema}.tallies`;
    this.#db = db;
    this.#table = table;
    this.rollups = new RollupTable(db, `${schema}.rollups`, stepMs);
    this.#get = db.prepare(`SELECT * FROM ${table} WHERE objective = ? AND at_ms = ? AND split = ?`);
    this.#get.setReadBigInts(true);
    this.#put = db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#keys = db.prepare(`SELECT at_ms, split FROM ${table} WHERE objective = ?`);
    this.#any = db.prepare(`SELECT 1 FROM ${table} WHERE objective = ? AND at_ms >= ? AND at_ms < ? LIMIT 1`);
    this.#clear = db.prepare(
      `UPDATE ${table} SET good = 0, bad = 0, excluded = 0, faults = 0, good_weight = 0, bad_weight = 0,
         squared_weight = 0, cluster = 0, borderline = 0, bounded = 0, excluded_weight = 0, fault_weight = 0,
         revision = ? WHERE objective = ? AND at_ms = ? AND split = ?`,
    );
    this.#range = db.prepare(
      `SELECT * FROM ${table} WHERE objective = ? AND at_ms >= ? AND at_ms < ?
         AND (good > 0 OR bad > 0 OR excluded > 0 OR faults > 0 OR bounded > 0) ORDER BY at_ms, split`,
    );
    this.#range.setReadBigInts(true);
    this.#since = db.prepare(`SELECT objective, at_ms FROM ${table} WHERE revision > ? ORDER BY revision LIMIT ?`);
  }

  /** Adds the gathered shares. `revision` hands out the next number: every written row gets one of its own. */
  add(
    gathered: { readonly steps: readonly { readonly objective: string; readonly judged: Judged }[] },
    revision: () => bigint,
  ): void {
    const written: Written[] = [];
    for (const { objective, judged } of gathered.steps) {
      const row = this.#get.get(objective, judged.atMs, judged.split);
      const { tally, cluster } = row === undefined ? judged : mergeJudged(fromRow(row), judged);
      this.#put.run(
        objective,
        judged.split,
        judged.atMs,
        tally.good,
        tally.bad,
        tally.excluded,
        tally.faults,
        integerCell(tally.goodWeight),
        integerCell(tally.badWeight),
        integerCell(tally.squaredWeight),
        integerCell(cluster),
        revision(),
        tally.borderline,
        tally.bounded,
        integerCell(tally.excludedWeight),
        integerCell(tally.faultWeight),
      );
      written.push({ objective, split: judged.split, atMs: judged.atMs, tally });
    }
    this.rollups.follow(written);
  }

  /** By objective, the starts of the steps that were written after a revision; null when there are more than `most`. */
  writtenSince(revision: number, most: number): ReadonlyMap<string, ReadonlySet<number>> | null {
    const rows = this.#since.all(revision, most + 1);
    if (rows.length > most) return null;
    const found = new Map<string, Set<number>>();
    for (const row of rows) {
      const objective = text(row, 'objective');
      const steps = found.get(objective) ?? new Set();
      found.set(objective, steps.add(number(row, 'at_ms')));
    }
    return found;
  }

  /**
   * Empties an objective's rows but keeps them, so that whoever mirrors the table learns that they are empty now.
   * @param isMeant of which steps
   */
  clear(objective: string, revision: () => bigint, isMeant: (atMs: number) => boolean = () => true): void {
    const written: Written[] = [];
    for (const row of this.#keys.all(objective)) {
      const [atMs, split] = [number(row, 'at_ms'), text(row, 'split')];
      if (!isMeant(atMs)) continue;
      this.#clear.run(revision(), objective, atMs, split);
      written.push({ objective, split, atMs, tally: EMPTY_TALLY });
    }
    this.rollups.follow(written);
  }

  /** Takes an objective's rows over from another ledger of the same form. */
  copy(objective: string, from: 'main'): void {
    this.#db.prepare(`INSERT INTO ${this.#table} SELECT * FROM ${from}.tallies WHERE objective = ?`).run(objective);
    this.rollups.copy(objective, from);
  }

  /** Whether anything was counted in a step within a stretch. */
  has(objective: string, { fromMs, toMs }: Stretch): boolean {
    return this.#any.get(objective, fromMs, toMs) !== undefined;
  }

  query(query: TallyQuery): readonly TallyRow[] {
    return summed(this.#steps(query), query);
  }

  *#steps({ objective, fromMs, toMs }: TallyQuery): Iterable<TallyRow> {
    for (const row of this.#range.iterate(objective, fromMs, toMs)) {
      yield { atMs: number(row, 'at_ms'), split: text(row, 'split'), ...tallyOf(row) };
    }
  }
}

/** Steps as a query wants them: summed into groups, splits apart or together. */
export function summed(
  steps: Iterable<TallyRow>,
  { fromMs, groupMs, bySplit = false }: Pick<TallyQuery, 'fromMs' | 'groupMs' | 'bySplit'>,
): readonly TallyRow[] {
  const groups = new Map<string, TallyRow>();
  for (const step of steps) {
    const atMs = groupMs === undefined ? step.atMs : fromMs + Math.floor((step.atMs - fromMs) / groupMs) * groupMs;
    const split = bySplit ? step.split : '';
    const key = `${atMs} ${split}`;
    groups.set(key, { atMs, split, ...addTallies(groups.get(key) ?? EMPTY_TALLY, step) });
  }
  return inOrder([...groups.values()]);
}

/** Ascending by time, then split. */
export function inOrder<Row extends Pick<TallyRow, 'atMs' | 'split'>>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => a.atMs - b.atMs || (a.split < b.split ? -1 : a.split > b.split ? 1 : 0));
}

function fromRow(row: Row): Judged {
  return {
    atMs: number(row, 'at_ms'),
    split: text(row, 'split'),
    tally: tallyOf(row),
    cluster: integer(row, 'cluster'),
    problem: null,
  };
}

/** The counts of a row that was read with big integers. */
export function tallyOf(row: Row): Tally {
  return {
    good: number(row, 'good'),
    bad: number(row, 'bad'),
    excluded: number(row, 'excluded'),
    faults: number(row, 'faults'),
    goodWeight: integer(row, 'good_weight'),
    badWeight: integer(row, 'bad_weight'),
    excludedWeight: integer(row, 'excluded_weight'),
    faultWeight: integer(row, 'fault_weight'),
    squaredWeight: integer(row, 'squared_weight'),
    borderline: number(row, 'borderline'),
    bounded: number(row, 'bounded'),
  };
}
