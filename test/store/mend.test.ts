import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sumTallies } from '../../slo/tally.ts';
import { checkLedger } from '../../store/check.ts';
import { compactLedger } from '../../store/compact.ts';
import { Ledger } from '../../store/ledger.ts';
import { mendLedger } from '../../store/mend.ts';
import { openStore } from '../../store/open.ts';
import { recoverLedger } from '../../store/recover.ts';
import { brokenSegments } from '../support/chain.ts';
import { AVAILABILITY, LATENCY, T0, aResult, collect } from '../support/results.ts';

const HOUR = 3_600_000;
const ALL = { fromMs: 0, toMs: T0 * 2 };
let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-mend-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): Ledger => new Ledger({ path, stepMs: 60_000, objectives: [AVAILABILITY, LATENCY] });

/** Four segments of a hundred runs. Only the table itself holds what their details say. */
function fill(): void {
  using ledger = open();
  for (let n = 0; n < 4; n += 1) {
    const results = Array.from({ length: 100 }, (_, k) =>
      aResult(n * 100 + k, { detail: `needle-${n * 100 + k}-${'x'.repeat(200)}` }),
    );
    ledger.append(results, T0 + n * HOUR);
  }
  ledger.recordEvents([{ id: 'e', atMs: T0, kind: 'note', service: null, subject: 's', body: {} }], T0);
  ledger.intendOrder({ clientOrderId: 'c', probe: 'buy', venue: 'primary', runId: 'r', atMs: T0 });
}

function change(sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

/** Overwrites the pages that hold these texts. */
function damage(...needles: readonly string[]): void {
  const bytes = readFileSync(path);
  for (const needle of needles) {
    const at = bytes.indexOf(needle);
    expect(at).toBeGreaterThan(4_096);
    const page = Math.floor(at / 4_096) * 4_096;
    bytes.fill(0xab, page, page + 4_096);
  }
  writeFileSync(path, bytes);
}

/** Overwrites the first page of each, by which the others are found. */
function damageTables(...names: readonly string[]): void {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const root = db.prepare('SELECT rootpage AS page FROM sqlite_schema WHERE name = ?');
  const roots = names.map((name) => Number(root.get(name)?.['page']));
  db.close();
  const bytes = readFileSync(path);
  for (const page of roots) bytes.fill(0xab, (page - 1) * 4_096, page * 4_096);
  writeFileSync(path, bytes);
}

const tallied = (objective: string) => ({
  objective,
  fromMs: null,
  different: 0,
  firstMs: null,
  within: [],
  areRollupsWhole: true,
});
const hours = (from: number, to: number) => ({ fromMs: T0 + from * HOUR, toMs: T0 + to * HOUR });
function identity(): string {
  using ledger = new Ledger({ path, readOnly: true });
  return ledger.identity;
}
const total = (ledger: Ledger, { id }: { readonly id: string }) =>
  sumTallies(ledger.tallies({ objective: id, ...ALL }));

describe('a check', () => {
  test('finds a ledger whole that is, while it is written to', () => {
    fill();
    using ledger = open();
    ledger.append([aResult(1_000)], T0 + 3 * HOUR);
    const head = ledger.segments({}).at(-1)?.head;
    expect(checkLedger(path)).toEqual({
      gone: null,
      goneBefore: [],
      pages: [],
      chain: { segments: 4, expired: 0, results: 401, broken: [], head },
      tallies: [tallied(AVAILABILITY.id), tallied(LATENCY.id)],
      cursors: [],
    });
  });

  test('names the segment in which a result was changed, and the steps that do not follow from it any more', () => {
    fill();
    change("UPDATE results SET outcome = 'bad' WHERE seq = 150; DELETE FROM results WHERE seq = 399");
    const found = checkLedger(path);
    const stretch = (n: number) => ({ firstScheduledMs: T0 + n * 100_000, lastScheduledMs: T0 + n * 100_000 + 99_000 });
    expect(found.chain?.broken).toMatchObject([
      { number: 2, ...stretch(1), why: 'its results are not those that were stored', missing: 0 },
      { number: 4, ...stretch(3), why: 'it holds 99 results, of 100 that were stored', missing: 1 },
    ]);
    expect(found.tallies).toMatchObject([
      { objective: AVAILABILITY.id, different: 2, firstMs: T0 + 120_000 },
      { objective: LATENCY.id, different: 2, firstMs: T0 + 120_000 },
    ]);
    change('UPDATE segments SET head = previous WHERE number = 1');
    expect(checkLedger(path).chain?.broken.map(({ number, why }) => [number, why])).toEqual([
      [1, 'its results are not those that were stored'],
      [2, 'it does not follow the head before it'],
      [4, 'it holds 99 results, of 100 that were stored'],
    ]);
  });

  test('finds a tally and a roll-up that somebody changed, and judging anew mends them', () => {
    fill();
    change(`UPDATE tallies SET good = good + 1 WHERE objective = '${AVAILABILITY.id}' AND at_ms = ${T0 + 60_000};
      DELETE FROM rollups WHERE objective = '${LATENCY.id}' AND span = 'day'`);
    const found = checkLedger(path);
    expect(found.chain?.broken).toEqual([]);
    expect(found.tallies).toEqual([
      {
        ...tallied(AVAILABILITY.id),
        different: 1,
        firstMs: T0 + 60_000,
        within: [hours(0, 1)],
        areRollupsWhole: false,
      },
      { ...tallied(LATENCY.id), areRollupsWhole: false },
    ]);
    expect(mendLedger(path, checkLedger(path))).toEqual([]);
    expect(checkLedger(path).tallies).toEqual([tallied(AVAILABILITY.id), tallied(LATENCY.id)]);
  });

  test('judges anew only the hours in which something is wrong', () => {
    {
      using ledger = open();
      const results = Array.from({ length: 600 }, (_, n) => aResult(n, { scheduledMs: T0 + n * 60_000 }));
      ledger.append(results, T0);
    }
    const revisions = (): ReadonlyMap<number, number> => {
      const db = new DatabaseSync(path, { readOnly: true });
      const rows = db.prepare('SELECT at_ms, revision FROM tallies WHERE objective = ?').all(LATENCY.id);
      db.close();
      return new Map(rows.map((row) => [Number(row['at_ms']), Number(row['revision'])]));
    };
    const before = revisions();
    const wrong = [2, 3, 5].map((hour) => T0 + hour * HOUR + 7 * 60_000);
    change(`UPDATE tallies SET bad = bad + 1 WHERE objective = '${LATENCY.id}' AND at_ms IN (${wrong.slice(1).join(', ')});
      DELETE FROM tallies WHERE objective = '${LATENCY.id}' AND at_ms = ${wrong[0]}`);
    const found = checkLedger(path);
    const differing = { different: 3, firstMs: wrong[0], within: [hours(2, 4), hours(5, 6)], areRollupsWhole: false };
    expect(found.tallies).toEqual([tallied(AVAILABILITY.id), { ...tallied(LATENCY.id), ...differing }]);
    expect(mendLedger(path, found)).toEqual([]);
    expect(checkLedger(path).tallies).toEqual([tallied(AVAILABILITY.id), tallied(LATENCY.id)]);
    const after = revisions();
    const isHour = (atMs: number): boolean => [2, 3, 5].includes(Math.floor((atMs - T0) / HOUR));
    for (const [atMs, revision] of before) expect(after.get(atMs) === revision).toBe(!isHour(atMs));
    expect(after.size).toBe(600);
  });

  test('looks only at what can be recomputed where results have expired', () => {
    fill();
    {
      using ledger = open();
      const late = { scheduledMs: T0 + 10 * 24 * HOUR };
      ledger.append([aResult(1_000, late)], T0 + 10 * 24 * HOUR);
      const order = {
        nowMs: T0 + 5 * 24 * HOUR,
        retention: { resultsMs: HOUR, talliesMs: 90 * 24 * HOUR },
        followers: [],
      };
      while (ledger.upkeep(order, () => 0).what !== null);
    }
    const fromMs = T0 + 399_000 + 24 * HOUR + 21_000;
    expect(checkLedger(path)).toMatchObject({
      pages: [],
      chain: { segments: 1, expired: 4, results: 1, broken: [] },
      tallies: [
        { ...tallied(AVAILABILITY.id), fromMs },
        { ...tallied(LATENCY.id), fromMs },
      ],
    });
  });
});

describe('a damaged file', () => {
  test('is said with its last whole segment and the command that saves what can be read', async () => {
    fill();
    damage('needle-250-', 'needle-399-');
    await using store = await openStore({ path, objectives: [AVAILABILITY, LATENCY], stepMs: 60_000 });
    const until = new Date(T0 + 199_000).toISOString();
    await expect(collect(store.chained({ firstSeq: 1, lastSeq: 400 }))).rejects.toThrow(
      `ledger ${path}: the file is damaged; the last segment that is whole before the damage is 2 of 4, with results up to ${until}: ` +
        '"pulsedrill ledger recover --to FILE" saves what can be read; or restore it from a copy',
    );
    const found = checkLedger(path);
    expect(found.pages.length).toBeGreaterThan(0);
    expect(found.chain?.broken.map(({ number }) => number)).toEqual([3, 4]);
  });

  test('is saved but for the rows of its damaged pages; tallies keep what was counted of them', () => {
    fill();
    damage('needle-250-');
    const to = join(folder, 'saved.db');
    const saved = recoverLedger(path, to);
    const lost = saved.tables.find(({ table }) => table === 'results')?.lost ?? 0;
    expect(lost).toBeGreaterThan(1);
    expect(lost).toBeLessThan(20);
    expect(saved).toEqual({
      tables: [
        { table: 'series', saved: 1, lost: 0 },
        { table: 'segments', saved: 4, lost: 0 },
        { table: 'results', saved: 400 - lost, lost },
        { table: 'events', saved: 1, lost: 0 },
        { table: 'budgets', saved: 0, lost: 0 },
        { table: 'measure_rules', saved: 0, lost: 0 },
        { table: 'measures', saved: 0, lost: 0 },
        { table: 'meta', saved: 4, lost: 0 },
        { table: 'objectives', saved: 2, lost: 0 },
        { table: 'tallies', saved: 14, lost: 0 },
        { table: 'orders', saved: 1, lost: 0 },
        { table: 'cursors', saved: 0, lost: 0 },
        { table: 'measured', saved: 0, lost: 0 },
        { table: 'budget_spans', saved: 0, lost: 0 },
      ],
      wholeUpTo: 2,
      segments: 4,
      tallies: 'saved',
      notices: [],
    });
    const before = path;
    path = to;
    expect(brokenSegments(path)).toEqual([3]);
    using ledger = open();
    expect(total(ledger, LATENCY)).toMatchObject({ good: 400 });
    expect(ledger.append([aResult(7), aResult(400)], T0 + 5 * HOUR)).toBe(1);
    expect(brokenSegments(path)).toEqual([3]);
    expect(() => recoverLedger(before, to)).toThrow(`ledger ${to}: it exists already: name a file that does not exist`);
  });

  test('has its tallies judged anew where only they are damaged, and its end chained anew where segments are', () => {
    fill();
    damageTables('tallies', 'segments');
    const to = join(folder, 'saved.db');
    const saved = recoverLedger(path, to);
    expect(saved).toMatchObject({ wholeUpTo: 1, segments: 1, tallies: 'judged anew' });
    path = to;
    const found = checkLedger(path);
    expect(found).toMatchObject({ pages: [], chain: { results: 400, broken: [] } });
    expect(found.tallies).toEqual([tallied(AVAILABILITY.id), tallied(LATENCY.id)]);
  });

  test('that lost its identity says so, counts on where it was, and knows which results have expired', () => {
    fill();
    change(`UPDATE segments SET expired_ms = ${T0} WHERE number = 1; DELETE FROM results WHERE seq <= 100`);
    change("INSERT INTO cursors VALUES ('influx 2 http://a db=b tallies', 70)");
    const before = identity();
    damageTables('meta');
    const to = join(folder, 'saved.db');
    const { notices } = recoverLedger(path, to);
    path = to;
    expect(identity()).not.toBe(before);
    expect(notices).toEqual([
      `its identity is lost, and is ${identity()} from now on: results that were put aside for it (<identity>-….ndjson in ` +
        `store.spill) are taken in once their names begin with ${identity()}, and "verify --ledger" of earlier documents names both`,
    ]);
    expect(checkLedger(path).tallies).toMatchObject([{ different: 0 }, { different: 0 }]);
    {
      using ledger = open();
      expect(total(ledger, LATENCY)).toMatchObject({ good: 400 });
      expect(ledger.append([aResult(400)], T0 + 5 * HOUR)).toBe(1);
      expect(total(ledger, LATENCY)).toMatchObject({ good: 401 });
    }
    const db = new DatabaseSync(path, { readOnly: true });
    const revisions = db.prepare('SELECT max(revision) AS last FROM tallies').get();
    db.close();
    expect(revisions).toEqual({ last: 72 });
  });

  test('that lost pages of tallies and of results has its tallies saved from its hours, with all that they had counted', () => {
    fill();
    damageTables('tallies');
    damage('needle-250-');
    const to = join(folder, 'saved.db');
    const saved = recoverLedger(path, to);
    const lost = saved.tables.find(({ table }) => table === 'results')?.lost ?? 0;
    expect(lost).toBeGreaterThan(1);
    expect(saved).toMatchObject({ tallies: 'saved', wholeUpTo: 2, segments: 4 });
    expect(saved.tables.find(({ table }) => table === 'tallies')).toEqual({ table: 'tallies', saved: 14, lost: 0 });
    path = to;
    // Only the minutes of what is missing differ, by what only they still know.
    const found = checkLedger(path);
    expect(found.tallies?.map(({ different, areRollupsWhole }) => [different <= 2, areRollupsWhole])).toEqual([
      [true, true],
      [true, true],
    ]);
    using ledger = open();
    expect(total(ledger, LATENCY)).toMatchObject({ good: 400 });
    expect(ledger.append([aResult(7), aResult(400)], T0 + 5 * HOUR)).toBe(1);
    expect(total(ledger, LATENCY)).toMatchObject({ good: 401 });
  });

  test('that lost tallies, hours and some results says so, and is judged by the results that are there', () => {
    fill();
    damageTables('tallies', 'rollups');
    damage('needle-250-');
    const to = join(folder, 'saved.db');
    const saved = recoverLedger(path, to);
    expect(saved.tallies).toBe('lost in part');
    const kept = saved.tables.find(({ table }) => table === 'results')?.saved ?? 0;
    path = to;
    expect(mendLedger(path, checkLedger(path))).toEqual([]);
    expect(checkLedger(path).tallies).toEqual([tallied(AVAILABILITY.id), tallied(LATENCY.id)]);
    using ledger = open();
    expect(total(ledger, LATENCY)).toMatchObject({ good: kept });
  });

  test('that lost its cursors is shipped again from the beginning', () => {
    fill();
    change("INSERT INTO cursors VALUES ('influx 2 http://a db=b results', 390)");
    damageTables('cursors');
    const to = join(folder, 'saved.db');
    const saved = recoverLedger(path, to);
    expect(saved.tables.filter(({ lost }) => lost !== 0)).toEqual([{ table: 'cursors', saved: 0, lost: null }]);
    expect(saved).toMatchObject({ tallies: 'saved', wholeUpTo: 4 });
    path = to;
    using ledger = open();
    const follower = { name: 'influx 2 http://a db=b results', location: 'fra1', nowMs: T0 };
    expect(ledger.pending('results', follower, 500)).toMatchObject({ upTo: 400, more: false });
    expect(checkLedger(path)).toMatchObject({ cursors: [], chain: { broken: [] } });
  });

  test('that lost an objective whose rule makes no sense is saved without it, and a run judges it anew', () => {
    fill();
    change(`UPDATE objectives SET rule = '{"id' WHERE id = '${LATENCY.id}'`);
    expect(checkLedger(path)).toMatchObject({ pages: [], tallies: null });
    const to = join(folder, 'saved.db');
    const saved = recoverLedger(path, to);
    expect(saved.tables.filter(({ lost }) => lost !== 0)).toEqual([{ table: 'objectives', saved: 1, lost: 1 }]);
    path = to;
    expect(checkLedger(path).tallies).toEqual([tallied(AVAILABILITY.id)]);
    using ledger = open();
    expect(total(ledger, LATENCY)).toMatchObject({ good: 400 });
    expect(checkLedger(path).tallies).toEqual([tallied(AVAILABILITY.id), tallied(LATENCY.id)]);
  });

  test('without its first page is saved whole where the -wal beside it has that page, and not without', () => {
    using ledger = open();
    ledger.append(
      Array.from({ length: 50 }, (_, n) => aResult(n)),
      T0,
    );
    const broken = join(folder, 'broken.db');
    copyFileSync(path, broken);
    copyFileSync(`${path}-wal`, `${broken}-wal`);
    writeFileSync(broken, readFileSync(broken).fill(0xab, 0, 4_096));
    const saved = recoverLedger(broken, join(folder, 'saved.db'));
    expect(saved).toMatchObject({ wholeUpTo: 1, segments: 1, tallies: 'saved' });
    expect(checkLedger(join(folder, 'saved.db'))).toMatchObject({ pages: [], chain: { results: 50, broken: [] } });
    for (const end of ['-wal', '-shm']) rmSync(`${broken}${end}`, { force: true });
    expect(() => recoverLedger(broken, join(folder, 'again.db'))).toThrow('the file is not a database');
  });

  test('of which nothing can be read says so', () => {
    writeFileSync(path, 'this is a letter to my grandmother, not a database. '.repeat(200));
    expect(() => recoverLedger(path, join(folder, 'saved.db'))).toThrow(
      `ledger ${path}: the file is not a database: name another file in store.ledger; if this was a ledger, its first page is damaged: "pulsedrill ledger recover --to FILE" finds that page in the -wal where one is left beside it, else only a copy helps`,
    );
  });
});

test('a ledger that is compacted has no free pages, and from then on shrinks by itself', () => {
  fill();
  change('PRAGMA auto_vacuum = NONE; VACUUM');
  change('DELETE FROM results WHERE seq < 300');
  copyFileSync(path, join(folder, 'copy.db'));
  const before = statSync(path).size;
  compactLedger(path);
  expect(statSync(path).size).toBeLessThan(before * 0.7);
  const db = new DatabaseSync(path, { readOnly: true });
  expect(db.prepare('PRAGMA auto_vacuum').get()).toEqual({ auto_vacuum: 2 });
  expect(db.prepare('PRAGMA freelist_count').get()).toEqual({ freelist_count: 0 });
  db.close();
});

describe('what a disk may leave of a ledger', () => {
  const to = (): string => join(folder, 'saved.db');

  test('a stored text that makes no sense is damage, and what is saved does without its row', async () => {
    fill();
    change(`UPDATE results SET readings = '{"latency' WHERE seq = 150`);
    const found = checkLedger(path);
    expect(found.pages).toEqual([]);
    expect(found.chain?.broken.map(({ number }) => number)).toEqual([2]);
    expect(found.tallies).toBeNull();
    {
      await using store = await openStore({ path, objectives: [AVAILABILITY, LATENCY], stepMs: 60_000 });
      await expect(collect(store.results(ALL))).rejects.toThrow(
        `ledger ${path}: the file is damaged; the last segment that is whole before the damage is 1 of 4, ` +
          `with results up to ${new Date(T0 + 99_000).toISOString()}: "pulsedrill ledger recover`,
      );
    }
    const saved = recoverLedger(path, to());
    expect(saved.tables.find(({ table }) => table === 'results')).toEqual({ table: 'results', saved: 399, lost: 1 });
    expect(checkLedger(to()).tallies).toHaveLength(2);
    await using store = await openStore({ path: to(), objectives: [AVAILABILITY, LATENCY], stepMs: 60_000 });
    expect(await collect(store.results(ALL))).toHaveLength(399);
  });

  test('of a file that lost its end, the rest is saved, and what comes next is shipped', () => {
    fill();
    {
      using ledger = open();
      const event = { atMs: T0, kind: 'note', service: null, subject: 's', body: { text: 'y'.repeat(200) } } as const;
      ledger.recordEvents(
        Array.from({ length: 100 }, (_, n) => ({ ...event, id: `e${n}` })),
        T0,
      );
      ledger.advance('influx 2 http://a db=b events', 101);
    }
    change('PRAGMA wal_checkpoint(TRUNCATE)');
    truncateSync(path, Math.floor((statSync(path).size * 2) / 3));
    expect(() => checkLedger(path)).toThrow('the file is damaged');
    const saved = recoverLedger(path, to());
    const results = saved.tables.find(({ table }) => table === 'results');
    expect(results?.saved).toBeGreaterThan(50);
    expect(results?.lost).not.toBe(0);
    expect(checkLedger(to())).toMatchObject({ pages: [], cursors: [] });
    // What comes next has numbers that were given before: whoever was served these is served them.
    using ledger = new Ledger({ path: to() });
    ledger.recordEvents([{ id: 'next', atMs: T0, kind: 'note', service: null, subject: 's', body: {} }], T0);
    const follower = { name: 'influx 2 http://a db=b events', location: 'fra1', nowMs: T0 };
    expect(ledger.pending('events', follower, 10).lines).toHaveLength(1);
  });

  test('an empty file is said to be one, is saved as nothing, and a run that begins in it says so', () => {
    writeFileSync(path, '');
    const empty =
      `ledger ${path}: the file is empty: restore it from a copy if it ever held results; ` +
      'if not, "pulsedrill run" begins it';
    expect(() => checkLedger(path)).toThrow(empty);
    expect(() => recoverLedger(path, to())).toThrow(empty);
    expect(existsSync(to())).toBe(false);
    using ledger = open();
    expect(ledger.notices).toEqual([
      `ledger ${path}: the file was empty, and a new record begins in it: if it ever held results, end this and restore a copy`,
    ]);
  });

  test('an emptied file whose -wal is still there is not begun anew, since that would remove the -wal', () => {
    using ledger = open();
    ledger.append([aResult(1)], T0);
    const other = join(folder, 'emptied.db');
    writeFileSync(other, '');
    copyFileSync(`${path}-wal`, `${other}-wal`);
    const emptied = `ledger ${other}: somebody emptied the file: it holds nothing, and its -wal holds the newest of what it held`;
    expect(() => new Ledger({ path: other })).toThrow(emptied);
    expect(() => checkLedger(other)).toThrow(emptied);
    expect(statSync(`${other}-wal`).size).toBeGreaterThan(0);
  });

  test('a recovery that fails leaves no file that would be taken for a ledger', () => {
    fill();
    change('PRAGMA wal_checkpoint(TRUNCATE)');
    writeFileSync(path, readFileSync(path).fill(0, 100, 4_096));
    expect(() => recoverLedger(path, to())).toThrow(
      `ledger ${path}: the file is damaged where its tables are listed: only a copy of it helps`,
    );
    expect(existsSync(to())).toBe(false);
  });
});
