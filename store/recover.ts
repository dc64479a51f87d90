/** Saves what can be read of a damaged ledger into a new one. The damaged file is only read. */
import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { FIRST_HEAD, linkOf } from './chain.ts';
import { whyBroken } from './check.ts';
import { cursorsAhead, setBack } from './cursors-ahead.ts';
import { mustHoldSomething, openDatabase } from './database.ts';
import { goneSince, goneText, lastNoted } from './last-noted.ts';
import { LedgerError } from './ledger-error.ts';
import { Ledger } from './ledger.ts';
import { openRemains } from './remains.ts';
import { RollupTable } from './rollup-table.ts';
import { number, parsed, text } from './rows.ts';
import type { Row } from './rows.ts';
import { MIGRATIONS } from './schema.ts';
import { SegmentTable } from './segment-table.ts';
import { SELECT_RESULTS } from './select-results.ts';
import { DAMAGED, explain, explainReading } from './sqlite-error.ts';
import { talliesFromHours } from './tallies-from-hours.ts';
import { tallyOf } from './tally-table.ts';

export interface SavedTable {
  readonly table: string;
  readonly saved: number;
  /** Null: some, and nobody knows how many. */
  readonly lost: number | null;
}

export interface Recovered {
  readonly tables: readonly SavedTable[];
  /** The chain is whole up to this segment, of so many; 0: not even the first. */
  readonly wholeUpTo: number;
  readonly segments: number;
  readonly tallies: 'saved' | 'judged anew' | 'lost in part';
  readonly notices: readonly string[];
}

/** Tables whose rows have a number, by which a damaged page can be stepped over. */
const NUMBERED = [
  ['series', 'id'],
  ['segments', 'number'],
  ['results', 'seq'],
  ['events', 'seq'],
  ['budgets', 'seq'],
  ['measure_rules', 'id'],
  ['measures', 'id'],
] as const;
/** Tables that are read from both ends, as far as that goes. */
const KEYED = [
  ['meta', ['key']],
  ['objectives', ['id']],
  ['tallies', ['objective', 'at_ms', 'split']],
  ['orders', ['client_order_id']],
  ['cursors', ['name']],
  ['measured', ['span', 'at_ms']],
  ['budget_spans', ['objective', 'span', 'at_ms']],
] as const;
/** Columns of JSON: a row that lost its sense would stop whoever reads it. */
const JSON_COLUMNS: ReadonlyMap<string, readonly string[]> = new Map([
  ['results', ['readings', 'values', 'trail']],
  ['events', ['body']],
  ['objectives', ['rule']],
]);
/** What reports read instead of results: as a whole, or not at all. */
const MEASURES = ['measure_rules', 'measures', 'measured', 'budget_spans'];
/** Numbers in a row that could not be read, after which nothing more is looked for. */
const MOST_MISSES = 100_000;
const PAGE = 5_000;

/** @throws LedgerError when `from` cannot be opened at all, or `to` is there already */
export function recoverLedger(from: string, to: string): Recovered {
  if (existsSync(to)) throw new LedgerError('unwritable', to, 'it exists already', 'name a file that does not exist');
  mustHoldSomething(from);
  try {
    using source = openRemains(from);
    mustHaveTables(source, from);
    const version = Number(source.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    openDatabase({ path: to, migrations: MIGRATIONS.slice(0, version) }).close();
    let tables: readonly SavedTable[];
    {
      using target = new DatabaseSync(to, { enableForeignKeyConstraints: false });
      tables = save(source, target);
    }
    return finished({ from, source, to }, tables);
  } catch (error) {
    // What was not finished would be taken for a ledger that is whole.
    for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${to}${end}`, { force: true });
    throw explain(error, from);
  }
}

/** Where the list of its tables is gone, nobody knows which page is of which. @throws LedgerError */
function mustHaveTables(source: DatabaseSync, path: string): void {
  try {
    if (source.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'results'").get() !== undefined) return;
  } catch (error) {
    const known = explainReading(error, path);
    if (!(known instanceof LedgerError) || known.mend !== DAMAGED.mend) throw known;
  }
  throw new LedgerError('corrupt', path, 'the file is damaged where its tables are listed', 'only a copy of it helps');
}

function save(source: DatabaseSync, target: DatabaseSync): readonly SavedTable[] {
  const known = new Set(
    target
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map((row) => row['name']),
  );
  target.exec('BEGIN IMMEDIATE');
  const tables = [
    ...NUMBERED.flatMap(([table, key]) => (known.has(table) ? [saveNumbered(source, target, table, key)] : [])),
    ...KEYED.flatMap(([table, keys]) => (known.has(table) ? [saveKeyed(source, target, table, keys)] : [])),
  ];
  // Hours without a word in `measured` are read from their results; one that is there in part would be believed.
  if (tables.some(({ table, lost }) => MEASURES.includes(table) && lost !== 0))
    for (const table of MEASURES.filter((each) => each !== 'measure_rules')) target.exec(`DELETE FROM ${table}`);
  // A result whose series is lost is about nobody knows what.
  const orphans = Number(
    target.prepare('DELETE FROM results WHERE series NOT IN (SELECT id FROM series)').run().changes,
  );
  target.exec('COMMIT');
  return tables.map((each) =>
    each.table === 'results' && orphans > 0
      ? { ...each, saved: each.saved - orphans, lost: (each.lost ?? 0) + orphans }
      : each,
  );
}

interface Places {
  readonly from: string;
  readonly source: DatabaseSync;
  readonly to: string;
}

/** Brings the new file up to date, and makes what was not saved from what was. */
function finished({ from, source, to }: Places, saved: readonly SavedTable[]): Recovered {
  let tables = saved;
  const isWhole = (which: string): boolean => tables.find(({ table }) => table === which)?.lost === 0;
  // With results lost, tallies that are there know more than results that are there.
  const isJudgedAnew = !isWhole('tallies') && isWhole('results') && isWhole('series');
  let isKnown: boolean;
  {
    using db = openDatabase({ path: to });
    db.exec('BEGIN IMMEDIATE');
    isKnown = metaOf(db, 'identity') !== null;
    countOn(db);
    chainTheRest(db);
    if (isJudgedAnew) db.exec("UPDATE objectives SET hash = ''");
    else if (!isWhole('tallies')) tables = withHours(source, db, tables);
    rollUp(db);
    setBack(db, cursorsAhead(db));
    db.exec('COMMIT');
  }
  using ledger = new Ledger({ path: to });
  using db = openDatabase({ path: to, readOnly: true });
  const table = new SegmentTable(db);
  const segments = table.select({});
  let before = { head: FIRST_HEAD, lastSeq: 0 };
  const broken = segments.find((segment) => {
    const why = whyBroken(table, segment, before);
    before = segment;
    return why !== null;
  });
  const gone = goneSince(lastNoted(from), ledger.identity, table.lastSeq());
  return {
    tables,
    wholeUpTo: broken === undefined ? (segments.at(-1)?.number ?? 0) : broken.number - 1,
    segments: segments.at(-1)?.number ?? 0,
    tallies: isWhole('tallies') ? 'saved' : isJudgedAnew ? 'judged anew' : 'lost in part',
    notices: [
      ...ledger.notices,
      ...(gone === null ? [] : [goneText(gone)]),
      ...(isKnown ? [] : [unknown(ledger.identity)]),
    ],
  };
}

/** With the tallies that hours have and that are not there. */
function withHours(source: DatabaseSync, db: DatabaseSync, tables: readonly SavedTable[]): readonly SavedTable[] {
  let revision = BigInt(metaOf(db, 'revision') ?? '0');
  const more = talliesFromHours(source, db, stepOf(db), () => (revision += 1n));
  db.prepare("INSERT OR REPLACE INTO meta VALUES ('revision', ?)").run(String(revision));
  return tables.map((each) =>
    each.table === 'tallies'
      ? { table: each.table, saved: each.saved + more.saved, lost: more.isWhole ? 0 : each.lost }
      : each,
  );
}

function metaOf(db: DatabaseSync, key: string): string | null {
  const row = db.prepare('SELECT value FROM meta WHERE key = ?').get(key);
  return row === undefined ? null : text(row, 'value');
}

function stepOf(db: DatabaseSync): number {
  return Number(metaOf(db, 'step_ms') ?? 60_000);
}

/** Where tallies are lost, how far they were shipped may be the last word on how many there were. */
const SHIPPED = "SELECT position FROM cursors WHERE name LIKE '% tallies'";

function unknown(identity: string): string {
  return (
    `its identity is lost, and is ${identity} from now on: results that were put aside for it (<identity>-….ndjson in ` +
    `store.spill) are taken in once their names begin with ${identity}, and "verify --ledger" of earlier documents names both`
  );
}

/** What `meta` said last and other tables say as well; a revision is never given twice. */
function countOn(db: DatabaseSync): void {
  for (const [key, value, where] of [
    ['revision', 'max(revision)', `(SELECT revision FROM tallies UNION ALL ${SHIPPED})`],
    ['expired_through_ms', 'max(last_scheduled_ms)', 'segments WHERE expired_ms IS NOT NULL'],
    ['expired_through_seq', 'max(last_seq)', 'segments WHERE expired_ms IS NOT NULL'],
  ]) {
    const sql = `SELECT '${key}' AS key, CAST(${value} AS TEXT) AS value FROM ${where}`;
    db.exec(`INSERT OR IGNORE INTO meta SELECT * FROM (${sql}) WHERE value IS NOT NULL`);
  }
}

function saveNumbered(source: DatabaseSync, target: DatabaseSync, table: string, key: string): SavedTable {
  const put = inserting(target, table);
  const walk = source.prepare(`SELECT * FROM ${table} WHERE ${key} >= ? ORDER BY ${key}`);
  const one = source.prepare(`SELECT * FROM ${table} WHERE ${key} = ?`);
  walk.setReadBigInts(true);
  one.setReadBigInts(true);
  const lastKey = lastOf(source, table, key);
  let [saved, lost, next, misses] = [0, 0, 1, 0];
  const keep = (row: Readonly<Record<string, SQLOutputValue>>): void => {
    if (put(row)) saved += 1;
    else lost += 1;
    next = number(row, key) + 1;
    misses = 0;
  };
  const isOver = (): boolean => misses >= MOST_MISSES || next > lastKey;
  /** Number by number, until a page can be read again. */
  const stepOver = (): void => {
    while (!isOver()) {
      try {
        const row = one.get(next);
        if (row !== undefined) {
          keep(row);
          return;
        }
      } catch {
        lost += 1;
        misses += 1;
      }
      next += 1;
    }
  };
  while (!isOver()) {
    try {
      for (const row of walk.iterate(next)) keep(row);
      break;
    } catch {
      stepOver();
    }
  }
  // Without an end, what was looked for in vain says nothing of how many there were.
  return { table, saved, lost: misses > 0 && lastKey === Infinity ? null : lost };
}

/** The last number that a table has; where that can be read nowhere, there is no end. */
function lastOf(source: DatabaseSync, table: string, key: string): number {
  for (const sql of [
    `SELECT max(${key}) AS last FROM ${table}`,
    `SELECT seq AS last FROM sqlite_sequence WHERE name = '${table}'`,
  ]) {
    try {
      const last = source.prepare(sql).get()?.['last'];
      if (typeof last === 'number') return last;
    } catch {
      // The next place may be readable.
    }
  }
  return Infinity;
}

function saveKeyed(source: DatabaseSync, target: DatabaseSync, table: string, keys: readonly string[]): SavedTable {
  const put = inserting(target, table);
  let saved = 0;
  for (const way of ['ASC', 'DESC']) {
    let refused = 0;
    const order = keys.map((key) => `${key} ${way}`).join(', ');
    try {
      const walk = source.prepare(`SELECT * FROM ${table} ORDER BY ${order}`);
      walk.setReadBigInts(true);
      for (const row of walk.iterate()) {
        if (put(row)) saved += 1;
        else refused += 1;
      }
      return { table, saved, lost: way === 'ASC' ? refused : null };
    } catch {
      // From the other end there may be more.
    }
  }
  return { table, saved, lost: null };
}

/** @returns whether it was taken: what a damaged page holds may be nonsense */
function inserting(target: DatabaseSync, table: string): (row: Readonly<Record<string, SQLOutputValue>>) => boolean {
  const columns = target
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .map((row) => text(row, 'name'));
  const put = target.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns.map((column) => `"${column}"`).join(', ')})
     VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const ofJson = JSON_COLUMNS.get(table) ?? [];
  return (row) => {
    try {
      for (const column of ofJson) if (row[column] !== null) parsed(text(row, column), column);
      return put.run(...columns.map((column) => row[column] ?? null)).changes > 0;
    } catch {
      return false;
    }
  };
}

/** Results after the last segment that was saved become the next ones. */
function chainTheRest(db: DatabaseSync): void {
  const segments = new SegmentTable(db);
  const walk = db.prepare(`${SELECT_RESULTS} WHERE r.seq > ? ORDER BY r.seq`);
  walk.setReadBigInts(true);
  for (const rows of inPieces(walk.iterate(segments.lastSeq()))) segments.link(rows.map(linkOf), 0);
}

function rollUp(db: DatabaseSync): void {
  const rollups = new RollupTable(db, 'main.rollups', stepOf(db));
  const walk = db.prepare('SELECT * FROM tallies ORDER BY objective, at_ms, split');
  walk.setReadBigInts(true);
  for (const rows of inPieces(walk.iterate())) {
    rollups.follow(
      rows.map((row) => ({
        objective: text(row, 'objective'),
        split: text(row, 'split'),
        atMs: number(row, 'at_ms'),
        tally: tallyOf(row),
      })),
    );
  }
}

function* inPieces(rows: Iterable<Row>): Iterable<readonly Row[]> {
  let piece: Row[] = [];
  for (const row of rows) {
    piece.push(row);
    if (piece.length < PAGE) continue;
    yield piece;
    piece = [];
  }
  yield piece;
}
