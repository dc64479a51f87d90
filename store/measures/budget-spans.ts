/** Of months of budget points, those that a chart shows: of each hour and day the first, the lowest, the highest and the last. */
import { number, text, toBudget, written } from '../rows.ts';
import type { Sql } from '../sql.ts';
import type { BudgetPoint } from '../store.ts';
import { spanOf, type MeasureSpan } from './hour.ts';
import type { MeasureTable } from './measure-table.ts';

/** Points that a stretch is reduced to, at most. */
const POINTS_A_SPAN = 5;

export class BudgetSpans {
  readonly #sql: Sql;
  readonly #table: MeasureTable;
  readonly #stepMs: number;

  constructor(sql: Sql, table: MeasureTable, stepMs: number) {
    this.#sql = sql;
    this.#table = table;
    this.#stepMs = stepMs;
  }

  /** @returns how many points there were */
  *build(span: MeasureSpan, atMs: number): Generator<'worked', number, void> {
    const toMs = atMs + spanOf(span, this.#stepMs).lengthMs;
    const count = this.countOf(atMs, toMs);
    for (const objective of this.#objectives()) {
      const points = extremes(this.#points(objective, atMs, toMs));
      this.#sql.writeSoon(() => {
        this.#sql.run('DELETE FROM budget_spans WHERE objective = ? AND span = ? AND at_ms = ?', objective, span, atMs);
        if (points.length === 0) return;
        const body = JSON.stringify(points);
        this.#sql.run('INSERT INTO budget_spans VALUES (?, ?, ?, ?)', objective, span, atMs, body);
      });
      yield 'worked';
    }
    return count;
  }

  countOf(fromMs: number, toMs: number): number {
    return this.#objectives().reduce((sum, objective) => {
      const sql = 'SELECT count(*) AS n FROM budgets WHERE objective = ? AND at_ms >= ? AND at_ms < ?';
      const row = this.#sql.first(sql, objective, fromMs, toMs);
      return sum + (row === undefined ? 0 : number(row, 'n'));
    }, 0);
  }

  /**
   * Those of a range by which a line of about so many points can be drawn: of the longest whole spans that still give as
   * many, their extremes; where there are none, every point.
   */
  thinned(objective: string, fromMs: number, toMs: number, most: number): readonly BudgetPoint[] {
    const span = SPANS.find((each) => ((toMs - fromMs) / this.#table.lengthOf(each)) * POINTS_A_SPAN * 2 >= most);
    if (span === undefined) return this.#points(objective, fromMs, toMs);
    const lengthMs = this.#table.lengthOf(span);
    const kept = new Map(
      this.#sql
        .all(
          'SELECT at_ms, points FROM budget_spans WHERE objective = ? AND span = ? AND at_ms >= ? AND at_ms < ?',
          objective,
          span,
          fromMs,
          toMs,
        )
        .map((row) => [number(row, 'at_ms'), row] as const),
    );
    const points: BudgetPoint[] = [];
    let atMs = fromMs;
    for (const marker of this.#table.markers(span, fromMs, toMs)) {
      if (marker.atMs + lengthMs > toMs) break;
      points.push(...this.#points(objective, atMs, marker.atMs));
      const row = kept.get(marker.atMs);
      if (row !== undefined) points.push(...written<readonly BudgetPoint[]>(row, 'points', 'json'));
      atMs = marker.atMs + lengthMs;
    }
    points.push(...this.#points(objective, atMs, toMs));
    return points;
  }

  #objectives(): readonly string[] {
    // One look for each objective instead of one for each point.
    const sql = `WITH RECURSIVE known (objective) AS (SELECT min(objective) FROM budgets UNION ALL
      SELECT (SELECT min(objective) FROM budgets WHERE objective > known.objective) FROM known WHERE objective IS NOT NULL)
      SELECT objective FROM known WHERE objective IS NOT NULL`;
    return this.#sql.all(sql).map((row) => text(row, 'objective'));
  }

  #points(objective: string, fromMs: number, toMs: number): readonly BudgetPoint[] {
    if (fromMs >= toMs) return [];
    return this.#sql
      .all(
        'SELECT * FROM budgets WHERE objective = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms',
        objective,
        fromMs,
        toMs,
      )
      .map(toBudget);
  }
}

const SPANS = ['day', 'hour'] as const;

function extremes(points: readonly BudgetPoint[]): readonly BudgetPoint[] {
  const known = points.filter(({ consumedPct }) => consumedPct !== null);
  const by = (isBetter: (a: number, b: number) => boolean): BudgetPoint | undefined =>
    known.reduce<BudgetPoint | undefined>(
      (best, point) => (best === undefined || isBetter(point.consumedPct ?? 0, best.consumedPct ?? 0) ? point : best),
      undefined,
    );
  const wanted = [
    points[0],
    by((a, b) => a < b),
    by((a, b) => a > b),
    points.find((point) => point.consumedPct === null),
    points.at(-1),
  ];
  return [...new Set(wanted)].filter((point) => point !== undefined).toSorted((a, b) => a.atMs - b.atMs);
}
