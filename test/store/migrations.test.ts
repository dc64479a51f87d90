import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkLedger } from '../../store/check.ts';
import { openDatabase } from '../../store/database.ts';
import { Ledger } from '../../store/ledger.ts';
import { mergeCell, newCell } from '../../store/measures/cell.ts';
import { joinedRows, spanOf } from '../../store/measures/hour.ts';
import { rowOf } from '../../store/measures/packed-row.ts';
import { textOf, type RowText } from '../../store/measures/text.ts';
import type { Result } from '../../store/result.ts';
import { MIGRATIONS } from '../../store/schema.ts';
import { brokenSegments } from '../support/chain.ts';
import { AVAILABILITY, LATENCY, T0, aResult } from '../support/results.ts';

const ALL = { fromMs: 0, toMs: T0 * 2 };
/** When the chain came. */
const CHAINED = 6;
let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-migrations-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const RESULTS: readonly Result[] = Array.from({ length: 150 }, (_, n) =>
  aResult(n, {
    ...(n % 7 === 0
      ? { outcome: 'bad', reason: 'timeout' }
      : n % 11 === 0
        ? { outcome: 'excluded', weightMs: 2_000 }
        : {}),
    endpoint: n % 2 === 0 ? '/orders' : null,
    detail: n % 7 === 0 ? 'no answer – nach 5 s' : null,
  }),
);
const EVENT = { id: 'e', atMs: T0, kind: 'note' as const, service: null, subject: 's', body: { a: 1 } };
const ORDER = { clientOrderId: 'c', probe: 'buy', venue: 'primary', runId: 'r', atMs: T0 };
const POINT = {
  objective: AVAILABILITY.id,
  service: 'api',
  atMs: T0,
  colour: 'green',
  consumedPct: 1.5,
  attainmentPct: 99.5,
  burn1h: null,
  validEvents: 10,
  badEvents: 1,
};

function openToday(): Ledger {
  return new Ledger({ path, stepMs: 60_000, objectives: [AVAILABILITY, LATENCY] });
}

/** All that a ledger remembers, but for when it was stored. */
function remembered(ledger: Ledger): unknown {
  const tallies = [AVAILABILITY, LATENCY].map(({ id }) => ledger.tallies({ objective: id, ...ALL, bySplit: true }));
  return {
    results: [...ledger.results(ALL)].map((result) => ({ ...result, recordedMs: undefined })),
    tallies,
    events: ledger.events({}),
    budgets: ledger.budgets({ objective: AVAILABILITY.id, ...ALL }),
    orders: ledger.ordersSince(0),
    left: ledger.waiting('results', 'influx').rows,
    identity: ledger.identity,
  };
}

/** Fills today's ledger, and gives its rows, as far as it had columns for them, to one of an earlier version at `path`. */
function makeEarlier(version: number): unknown {
  const today = join(folder, 'today.db');
  let expected: unknown;
  {
    using ledger = new Ledger({ path: today, stepMs: 60_000, objectives: [AVAILABILITY, LATENCY] });
    ledger.append(RESULTS, T0);
    ledger.recordEvents([EVENT], T0);
    ledger.recordBudgets([POINT]);
    ledger.intendOrder(ORDER);
    ledger.advance('influx', 40);
    expected = remembered(ledger);
  }
  using db = openDatabase({ path, migrations: MIGRATIONS.slice(0, version) });
  db.exec('PRAGMA foreign_keys = OFF');
  db.prepare('ATTACH ? AS today').run(today);
  const tables = db
    .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map((row) => String(row['name']));
  for (const table of tables) {
    const columns = db
      .prepare(`PRAGMA main.table_info(${table})`)
      .all()
      .map((row) => `"${String(row['name'])}"`);
    db.exec(`INSERT INTO main.${table} (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM today.${table}`);
  }
  return expected;
}

const VERSIONS = MIGRATIONS.map((_, index) => index + 1);

describe('a ledger of an earlier version', () => {
  test.each(VERSIONS)('%i is brought up to date with every record, the same tallies and a whole chain', (version) => {
    const expected = makeEarlier(version);
    {
      using ledger = openToday();
      expect(remembered(ledger)).toEqual(expected);
      const known = version < CHAINED ? undefined : T0;
      expect([...ledger.results(ALL)].every(({ recordedMs }) => recordedMs === known)).toBe(true);
      // And it goes on from there.
      expect(ledger.append([aResult(3), aResult(1_000)], T0 + 1)).toBe(1);
    }
    expect(brokenSegments(path)).toEqual([]);
    const found = checkLedger(path);
    expect(found).toMatchObject({ pages: [], chain: { results: 151, expired: 0, broken: [] } });
    expect(found.tallies?.map(({ different, areRollupsWhole }) => [different, areRollupsWhole])).toEqual([
      [0, true],
      [0, true],
    ]);
  });

  test('that is an empty file becomes a ledger', () => {
    writeFileSync(path, '');
    using ledger = openToday();
    expect(ledger.append([aResult(0)])).toBe(1);
  });

  test.each([1, 3, 5])(
    '%i is as it was when a kill meets its migration, and is brought up to date later',
    (version) => {
      const expected = makeEarlier(version);
      const script = `
      import { openDatabase } from ${JSON.stringify(join(import.meta.dirname, '../../store/database.ts'))};
      import { MIGRATIONS } from ${JSON.stringify(join(import.meta.dirname, '../../store/schema.ts'))};
      const last = (db) => process.kill(process.pid, 'SIGKILL');
      openDatabase({ path: ${JSON.stringify(path)}, migrations: [...MIGRATIONS.slice(0, ${CHAINED}), last] });
      process.exit(0);`;
      const child = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', script]);
      expect([child.signal, child.stderr.toString()]).toEqual(['SIGKILL', '']);
      {
        using db = new DatabaseSync(path);
        expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: version });
        expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'segments'").get()).toEqual({ n: 0 });
        expect(db.prepare('SELECT count(*) AS n FROM results').get()).toEqual({ n: 150 });
      }
      using ledger = openToday();
      expect(remembered(ledger)).toEqual(expected);
      expect(brokenSegments(path)).toEqual([]);
    },
  );

  test('with more results than a segment holds is chained in several, the last of which is open', () => {
    makeEarlier(CHAINED - 1);
    {
      using db = new DatabaseSync(path);
      db.exec(`WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 10100)
        INSERT INTO results (run_id, series, ts_ns, scheduled_ms, started_ms, lateness_ms, duration_ms, cadence, weight_ms,
          outcome, readings, "values")
        SELECT 'more/' || n, 1, n, ${T0} - n, ${T0} - n, 0, 1, 'green', 0, 'good', '[]', '{}' FROM more`);
    }
    using ledger = openToday();
    expect(ledger.segments({}).map(({ results, closedMs }) => [results, closedMs])).toEqual([
      [10_000, 0],
      [250, null],
    ]);
    expect(brokenSegments(path)).toEqual([]);
  });
});

/** When measures became bytes. */
const PACKED = 8;

/** Rows as version 7 wrote them, of an hour each. */
const AS_TEXT: readonly { span: string; atMs: number; probe: string; body: RowText & TextRow }[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/measures-as-text.json'), 'utf8'),
);

interface TextRow {
  readonly series: Readonly<Record<string, { readonly cells: readonly TextCell[] }>>;
}

interface TextCell {
  readonly at: number;
  readonly events: number;
  readonly never: number;
  readonly max: number | null;
  readonly values: readonly [min: number, max: number, low: number, ...bins: number[]];
}

test('measures that were text are bytes, with the same figures', () => {
  makeEarlier(PACKED - 1);
  {
    using db = new DatabaseSync(path);
    const insert = db.prepare('INSERT INTO measures (span, at_ms, probe, body) VALUES (?, ?, ?, ?)');
    for (const { span, atMs, probe, body } of AS_TEXT) insert.run(span, atMs, probe, JSON.stringify(body));
    db.exec(`INSERT INTO measure_rules VALUES (1, '[]')`);
    db.exec(`INSERT INTO measured SELECT DISTINCT span, at_ms, 1, ${T0}, 0 FROM measures`);
  }
  using ledger = openToday();
  const fromMs = AS_TEXT[0]?.atMs ?? 0;
  const [stretch] = ledger.measures({ fromMs, toMs: fromMs + 3_600_000, cellMs: 3_600_000 }, null).stretches;
  const rows = stretch?.rows.map(({ probe, body }) => rowOf(probe, body)) ?? [];
  expect(rows.map(({ measure }) => measure.probe).toSorted()).toEqual(AS_TEXT.map(({ probe }) => probe).toSorted());
  for (const row of rows) {
    const { measure, orders, causes } = row;
    const text = AS_TEXT.find(({ probe }) => probe === measure.probe)?.body;
    if (text === undefined) throw new Error(`a row of ${measure.probe}`);
    const { series: _text, ...before } = text;
    const { series: _now, ...now } = textOf({
      measure: joinedRows([row], spanOf('hour', 60_000).grid).measure,
      orders,
      causes,
    });
    expect(now).toEqual(before);
    for (const [indicator, series] of measure.series) {
      for (const [atMs, cell] of series.cells) {
        const written = text.series[indicator]?.cells.find(({ at }) => at === atMs);
        if (written === undefined) throw new Error(`a cell at ${atMs}`);
        const values = newCell();
        mergeCell(values, cell);
        const { events, never, maxMs } = values;
        expect({ events, never, maxMs }).toEqual({ events: written.events, never: written.never, maxMs: written.max });
        expect(values.values.at(0.5)).toBe(medianOf(written));
      }
    }
  }
});

/** As version 7 found it. */
function medianOf({ values: [min, max, low, ...steps] }: TextCell): number {
  const counts = steps.filter((_, index) => index % 2 === 1);
  const rank = Math.max(1, Math.ceil(0.5 * counts.reduce((sum, count) => sum + count, low)));
  let [bin, seen] = [0, low];
  for (let place = 0; seen < rank; place += 1) {
    bin += steps[2 * place] ?? 0;
    seen += counts[place] ?? 0;
  }
  return Math.min(max, Math.max(min, Math.exp((bin + 0.5) * Math.log(1.01))));
}

test('a migration that has been released is not edited: each version is the schema that it was', () => {
  const versions = VERSIONS.map((version) => {
    rmSync(path, { force: true });
    using db = openDatabase({ path, migrations: MIGRATIONS.slice(0, version) });
    const schema = db.prepare('SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name').all();
    return createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 16);
  });
  expect(versions).toEqual([
    '26ae3b7240e9a87a',
    '48f0ae1fe74eb850',
    '4a7f5b38c7a97d84',
    '5faae2a29a092cb6',
    '29a581f3c2504a42',
    'd16aacb3cc49ac74',
    '3c6f993c9138787f',
    'aa2154a159e16c19',
  ]);
});
