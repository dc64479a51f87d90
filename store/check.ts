/** Whether a ledger is what it should be: its pages, the chain of its results, its tallies against them. Writes nothing. */
import { sumTallies, type Tally } from '../slo/tally.ts';
import { FIRST_HEAD } from './chain.ts';
import { cursorsAhead, type CursorAhead } from './cursors-ahead.ts';
import { openDatabase } from './database.ts';
import { talliedFromMs, wholeFromMs } from './expired.ts';
import { goneSince, lastNoted, type Gone } from './last-noted.ts';
import { LedgerError } from './ledger-error.ts';
import { unpack } from './packed.ts';
import { ResultTable } from './result-table.ts';
import { SPAN_STEPS } from './rollup-table.ts';
import { number, text, written } from './rows.ts';
import { RuleTable, type Stretch } from './rules.ts';
import { TEMP_TALLIES } from './schema.ts';
import { SegmentTable } from './segment-table.ts';
import { Sql } from './sql.ts';
import { explain } from './sqlite-error.ts';
import type { Segment } from './store.ts';
import { TallyTable, gatherAll } from './tally-table.ts';
import type { Rule } from './judge.ts';

export interface BrokenSegment extends Pick<Segment, 'number' | 'firstScheduledMs' | 'lastScheduledMs'> {
  readonly why: string;
  /** Results that it had, and that are not there. */
  readonly missing: number;
}

export interface ChainFinding {
  /** Those whose results are there, and of how many the results have expired. */
  readonly segments: number;
  readonly expired: number;
  readonly results: number;
  readonly broken: readonly BrokenSegment[];
  /** Of the last result that was ever stored. */
  readonly head: string;
}

export interface TallyFinding {
  readonly objective: string;
  /** Steps before it cannot be recomputed, because results have expired; null: all can. */
  readonly fromMs: number | null;
  /** Steps (of a split) that are not what their results add up to, and the first of them. */
  readonly different: number;
  readonly firstMs: number | null;
  /** The clock hours that these steps are in, those that follow each other as one. */
  readonly within: readonly Stretch[];
  /** Whether hours and days are the sums of their minutes. */
  readonly areRollupsWhole: boolean;
}

export interface LedgerFinding {
  /** Results that were stored after the last one that is there, as far as a note beside the file knows; null: none. */
  readonly gone: Gone | null;
  /** What was said of such a loss when the ledger went on after it. */
  readonly goneBefore: readonly string[];
  /** What SQLite says of its pages, a line each; empty: they are whole. */
  readonly pages: readonly string[];
  /** Null where the pages are so damaged that it cannot be read. */
  readonly chain: ChainFinding | null;
  readonly tallies: readonly TallyFinding[] | null;
  readonly cursors: readonly CursorAhead[];
}

/** @throws LedgerError when it cannot be opened at all */
export function checkLedger(path: string): LedgerFinding {
  const noted = lastNoted(path);
  using db = openDatabase({ path, readOnly: true });
  const sql = new Sql(db, path, true);
  const looked = (): readonly string[] =>
    sql.all('PRAGMA integrity_check(20)').map((row) => text(row, 'integrity_check'));
  const pages = unlessDamaged(path, looked) ?? ['SQLite cannot go through them'];
  const lastSeq = unlessDamaged(path, () => new SegmentTable(db).lastSeq());
  return {
    gone: lastSeq === null ? null : goneSince(noted, unlessDamaged(path, () => sql.meta('identity')) ?? '', lastSeq),
    goneBefore: unlessDamaged(path, () => saidGone(sql)) ?? [],
    pages: pages[0] === 'ok' ? [] : pages,
    chain: unlessDamaged(path, () => checkChain(sql)),
    tallies: unlessDamaged(path, () => checkTallies(sql)),
    cursors: unlessDamaged(path, () => sql.read(() => cursorsAhead(db))) ?? [],
  };
}

function saidGone(sql: Sql): readonly string[] {
  const rows = sql.all("SELECT body FROM events WHERE kind = 'note' AND id LIKE 'gone/%' ORDER BY seq");
  return rows.map((row) => written<{ readonly text: string }>(row, 'body', 'json').text);
}

function unlessDamaged<T>(path: string, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    const explained = explain(error, path);
    if (explained instanceof LedgerError && explained.code === 'corrupt') return null;
    throw explained;
  }
}

function checkChain(sql: Sql): ChainFinding {
  const table = new SegmentTable(sql.db);
  const numbers = table.select({}).map((segment) => segment.number);
  const broken: BrokenSegment[] = [];
  let [segments, expired, results] = [0, 0, 0];
  let before: Pick<Segment, 'head' | 'lastSeq'> = { head: FIRST_HEAD, lastSeq: 0 };
  for (const which of numbers) {
    // Each with its results at one moment: the last one may grow, and others expire, while this goes on.
    sql.read(() => {
      const segment = table.at(which);
      const why = segment === null ? 'it is not there any more' : whyBroken(table, segment, before);
      if (segment === null) return;
      if (why !== null) broken.push({ ...segment, why, missing: missingOf(table, segment) });
      if (segment.expiredMs === null) segments += 1;
      else expired += 1;
      if (segment.expiredMs === null) results += segment.results;
      before = segment;
    });
  }
  return { segments, expired, results, broken, head: before.head };
}

/** Null: it follows the one before, and its results are those that were stored. */
export function whyBroken(
  table: SegmentTable,
  segment: Segment,
  before: Pick<Segment, 'head' | 'lastSeq'>,
): string | null {
  if (segment.previous !== before.head) return 'it does not follow the head before it';
  return whyNotWhole(table, segment);
}

export function whyNotWhole(table: SegmentTable, segment: Segment): string | null {
  if (segment.expiredMs !== null) return null;
  try {
    const { head, results } = table.recomputed(segment);
    if (results !== segment.results) return `it holds ${results} results, of ${segment.results} that were stored`;
    return head === segment.head ? null : 'its results are not those that were stored';
  } catch (error) {
    return `its results cannot be read (${error instanceof Error ? error.message : String(error)})`;
  }
}

function missingOf(table: SegmentTable, segment: Segment): number {
  try {
    return Math.max(0, segment.results - table.recomputed(segment).results);
  } catch {
    return segment.results;
  }
}

const COLUMNS = `split, at_ms, good, bad, excluded, faults, good_weight, bad_weight, squared_weight, borderline, bounded,
  excluded_weight, fault_weight`;
const COUNTED = 'objective = ? AND at_ms >= ? AND (good > 0 OR bad > 0 OR excluded > 0 OR faults > 0 OR bounded > 0)';

function checkTallies(sql: Sql): readonly TallyFinding[] {
  const stepMs = Number(sql.meta('step_ms') ?? 60_000);
  sql.db.exec(TEMP_TALLIES);
  const [stored, own] = [new TallyTable(sql.db, 'main', stepMs), new TallyTable(sql.db, 'temp', stepMs)];
  const results = new ResultTable(sql);
  return new RuleTable(sql.db)
    .active()
    .map((rule) => sql.read(() => checkRule({ sql, stepMs, stored, own, results }, rule)));
}

interface Tables {
  readonly sql: Sql;
  readonly stepMs: number;
  readonly stored: TallyTable;
  readonly own: TallyTable;
  readonly results: ResultTable;
}

function checkRule({ sql, stepMs, stored, own, results }: Tables, rule: Rule): TallyFinding {
  const fromMs = Math.max(wholeFromMs(sql, stepMs), talliedFromMs(sql));
  let revision = 0n;
  const found = gatherAll(rule, results.storedAfter(0, rule.probes), { stepMs, isMeant: (atMs) => atMs >= fromMs });
  for (const gathered of found) own.add(gathered, () => (revision += 1n));
  const rows = (schema: string): string => `SELECT ${COLUMNS} FROM ${schema}.tallies WHERE ${COUNTED}`;
  const less = (one: string, other: string): string => `SELECT * FROM (${rows(one)} EXCEPT ${rows(other)})`;
  const steps = sql.all(
    `SELECT at_ms, count(*) AS n FROM (SELECT DISTINCT at_ms, split FROM
       (${less('main', 'temp')} UNION ALL ${less('temp', 'main')})) GROUP BY at_ms ORDER BY at_ms`,
    ...[0, 1, 2, 3].flatMap(() => [rule.id, fromMs]),
  );
  sql.db.exec('DELETE FROM temp.tallies; DELETE FROM temp.rollups;');
  const differing = steps.map((row) => number(row, 'at_ms'));
  return {
    objective: rule.id,
    fromMs: Number.isFinite(fromMs) ? fromMs : null,
    different: steps.reduce((sum, row) => sum + number(row, 'n'), 0),
    firstMs: differing[0] ?? null,
    within: hoursOf(differing, SPAN_STEPS.hour * stepMs),
    areRollupsWhole: areRollupsWhole(stored, rule.id),
  };
}

/** Whether hours and days of an objective come to what its minutes come to. */
export function areRollupsWhole(stored: TallyTable, objective: string): boolean {
  const all = { objective, fromMs: -8e15, toMs: 8e15 };
  const minutes = textOf(sumTallies(stored.query(all)));
  return (['hour', 'day'] as const).every((span) => {
    const sums = stored.rollups.read({ ...all, span }).map((each) => sumTallies(unpack(each.steps, 0, 1)));
    return textOf(sumTallies(sums)) === minutes;
  });
}

/** @param steps ascending */
function hoursOf(steps: readonly number[], hourMs: number): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const atMs of steps) {
    const fromMs = Math.floor(atMs / hourMs) * hourMs;
    const last = found.at(-1);
    if (last !== undefined && fromMs <= last.toMs) found[found.length - 1] = { ...last, toMs: fromMs + hourMs };
    else found.push({ fromMs, toMs: fromMs + hourMs });
  }
  return found;
}

function textOf(tally: Tally): string {
  return Object.entries(tally)
    .map(([key, value]) => `${key} ${String(value)}`)
    .toSorted()
    .join(', ');
}
