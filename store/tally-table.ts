import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { EMPTY_TALLY, addTallies } from '../slo/tally.ts';
import type { Tally } from '../slo/tally.ts';
import { judge, mergeJudged } from './judge.ts';
import type { Judged, Problem, Rule } from './judge.ts';
import type { Result } from './result.ts';
import { integer, integerCell, number, text } from './rows.ts';
import type { Row } from './rows.ts';
import type { Stretch } from './rules.ts';
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
  readonly steps = new Map<string, { readonly objective: string; judged: Judged }>();
  readonly unjudged: Unjudged[] = [];

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  /** @param isMeant the steps that are to be counted */
  add(rule: Rule, result: Result, isMeant: (atMs: number) => boolean = () => true): void {
    for (const judged of judge(rule, result, this.#stepMs)) {
      if (!isMeant(judged.atMs)) continue;
      if (judged.problem !== null) this.unjudged.push({ objective: rule.id, result, problem: judged.problem });
      const key = `${judged.atMs} ${rule.id}\0${judged.split}`;
      const earlier = this.steps.get(key);
      if (earlier === undefined) this.steps.set(key, { objective: rule.id, judged });
      else earlier.judged = mergeJudged(earlier.judged, judged);
    }
  }
}

/** The tallies of one ledger: `main.tallies`, or a table in memory of the same form. */
export class TallyTable {
  readonly #db: DatabaseSync;
  readonly #table: string;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #clear: StatementSync;
  readonly #range: StatementSync;
  readonly #keys: StatementSync;
  readonly #any: StatementSync;

  constructor(db: DatabaseSync, table: 'main.tallies' | 'temp.tallies') {
    this.#db = db;
    this.#table = table;
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
  }

  /** Adds the gathered shares. `revision` hands out the next number: every written row gets one of its own. */
  add(gathered: Gathered, revision: () => bigint): void {
    for (const { objective, judged } of gathered.steps.values()) {
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
    }
  }

  /**
   * Empties an objective's rows but keeps them, so that whoever mirrors the table learns that they are empty now.
   * @param isMeant of which steps
   */
  clear(objective: string, revision: () => bigint, isMeant: (atMs: number) => boolean = () => true): void {
    for (const row of this.#keys.all(objective)) {
      if (!isMeant(number(row, 'at_ms'))) continue;
      this.#clear.run(revision(), objective, number(row, 'at_ms'), text(row, 'split'));
    }
  }

  /** Takes an objective's rows over from another table of the same form. */
  copy(objective: string, from: 'main.tallies'): void {
    this.#db.prepare(`INSERT INTO ${this.#table} SELECT * FROM ${from} WHERE objective = ?`).run(objective);
  }

  /** Whether anything was counted in a step within a stretch. */
  has(objective: string, { fromMs, toMs }: Stretch): boolean {
    return this.#any.get(objective, fromMs, toMs) !== undefined;
  }

  query(query: TallyQuery): readonly TallyRow[] {
    const { objective, fromMs, toMs, groupMs, breaksMs = [], bySplit = false } = query;
    const groups = new Map<string, TallyRow>();
    for (const row of this.#range.iterate(objective, fromMs, toMs)) {
      const stepMs = number(row, 'at_ms');
      const groupStart = groupMs === undefined ? stepMs : fromMs + Math.floor((stepMs - fromMs) / groupMs) * groupMs;
      const atMs = Math.max(groupStart, breaksMs.findLast((breakMs) => breakMs <= stepMs) ?? groupStart);
      const split = bySplit ? text(row, 'split') : '';
      const key = `${atMs} ${split}`;
      groups.set(key, { atMs, split, ...addTallies(groups.get(key) ?? EMPTY_TALLY, tallyOf(row)) });
    }
    const rows = [...groups.values()];
    return rows.toSorted((a, b) => a.atMs - b.atMs || (a.split < b.split ? -1 : a.split > b.split ? 1 : 0));
  }
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
