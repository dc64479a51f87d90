/**
 * Roll-ups of the tallies: each clock hour by its minutes, each clock day by its hours, one row a split. Written in the
 * transaction that writes the minutes, so that they are never of another moment.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { sumTallies, type Tally } from '../slo/tally.ts';
import { joined, packStep, stepsIn, unpack } from './packed.ts';
import { bytes, number, text } from './rows.ts';
import type { ChangedHours, RollupAnswer, RollupRead, RollupRow, RollupSpan } from './store.ts';

/** One step as it stands now. */
export interface Written {
  readonly objective: string;
  readonly split: string;
  readonly atMs: number;
  readonly tally: Tally;
}

const MINUTES_AN_HOUR = 60;
const HOURS_A_DAY = 24;
/** How long a row is, in tally steps. */
export const SPAN_STEPS: Readonly<Record<RollupSpan, number>> = {
  hour: MINUTES_AN_HOUR,
  day: MINUTES_AN_HOUR * HOURS_A_DAY,
};

export class RollupTable {
  readonly #db: DatabaseSync;
  readonly #table: string;
  readonly #stepMs: number;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #range: StatementSync;

  constructor(db: DatabaseSync, table: 'main.rollups' | 'temp.rollups', stepMs: number) {
    this.#db = db;
    this.#table = table;
    this.#stepMs = stepMs;
    this.#get = db.prepare(`SELECT steps FROM ${table} WHERE objective = ? AND span = ? AND at_ms = ? AND split = ?`);
    this.#put = db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?, ?, ?)`);
    this.#range = db.prepare(
      `SELECT at_ms, split, steps FROM ${table}
       WHERE objective = ? AND span = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, split`,
    );
  }

  /** Brings the roll-ups up to the minutes that were just written. */
  follow(written: Iterable<Written>): void {
    const hours: Written[] = [];
    for (const { objective, split, atMs, steps } of this.#grouped('hour', written)) {
      const row = this.#replaced('hour', { objective, split, atMs }, steps, this.#stepMs);
      hours.push({ objective, split, atMs, tally: sumTallies(unpack(row, atMs, this.#stepMs)) });
    }
    for (const { objective, split, atMs, steps } of this.#grouped('day', hours)) {
      this.#replaced('day', { objective, split, atMs }, steps, this.#stepMs * MINUTES_AN_HOUR);
    }
  }

  /** Every row of the hours that these steps are in. */
  changed(objective: string, steps: Iterable<number>): ChangedHours {
    const found = new Set<number>();
    for (const atMs of steps) found.add(this.#startOf('hour', atMs));
    const hours = [...found].toSorted((a, b) => a - b);
    const rows = hours.flatMap((atMs) => this.read({ objective, span: 'hour', fromMs: atMs, toMs: atMs + 1 }));
    return { objective, hours, rows };
  }

  /** Rows that overlap a stretch, ascending. */
  read({ objective, span, fromMs, toMs }: RollupRead): readonly RollupRow[] {
    return this.#range.all(objective, span, this.#startOf(span, fromMs), toMs).map((row) => ({
      atMs: number(row, 'at_ms'),
      split: text(row, 'split'),
      steps: bytes(row, 'steps'),
    }));
  }

  copy(objective: string, from: 'main'): void {
    this.#db.prepare(`INSERT INTO ${this.#table} SELECT * FROM ${from}.rollups WHERE objective = ?`).run(objective);
  }

  #startOf(span: RollupSpan, atMs: number): number {
    const lengthMs = SPAN_STEPS[span] * this.#stepMs;
    return Math.floor(atMs / lengthMs) * lengthMs;
  }

  /** By the row that they belong to. */
  #grouped(span: RollupSpan, written: Iterable<Written>): Iterable<Omit<Written, 'tally'> & { steps: Written[] }> {
    const groups = new Map<string, Omit<Written, 'tally'> & { steps: Written[] }>();
    for (const step of written) {
      const atMs = this.#startOf(span, step.atMs);
      const key = `${atMs} ${step.objective}\0${step.split}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { objective: step.objective, split: step.split, atMs, steps: [step] });
      else group.steps.push(step);
    }
    return groups.values();
  }

  #replaced(
    span: RollupSpan,
    { objective, split, atMs }: Omit<Written, 'tally'>,
    steps: readonly Written[],
    stepMs: number,
  ): Uint8Array {
    const row = this.#get.get(objective, span, atMs, split);
    const parts = row === undefined ? new Map<number, Uint8Array>() : stepsIn(bytes(row, 'steps'));
    for (const step of steps) {
      const index = Math.round((step.atMs - atMs) / stepMs);
      parts.set(index, packStep(index, step.tally));
    }
    const all = joined(parts);
    this.#put.run(objective, span, atMs, split, all);
    return all;
  }
}

/** The same answer with all its bytes in one buffer: between threads that is one copy instead of thousands. */
export function inOneBuffer(answer: RollupAnswer): RollupAnswer {
  const changed = answer.changed ?? [];
  const whole = Buffer.concat([...answer.rows, ...changed.map(({ rows }) => rows)].flat().map(({ steps }) => steps));
  let at = 0;
  const moved = (rows: readonly RollupRow[]): readonly RollupRow[] =>
    rows.map((row) => {
      const from = at;
      at += row.steps.length;
      return { ...row, steps: new Uint8Array(whole.buffer, whole.byteOffset + from, row.steps.length) };
    });
  const rows = answer.rows.map(moved);
  return {
    ...answer,
    rows,
    changed: answer.changed && changed.map((each) => ({ ...each, rows: moved(each.rows) })),
  };
}
