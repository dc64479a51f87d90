import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../store/database.ts';
import { judge } from '../../store/judge.ts';
import type { Rule } from '../../store/judge.ts';
import { LedgerError } from '../../store/ledger-error.ts';
import { Ledger } from '../../store/ledger.ts';
import type { LedgerOptions } from '../../store/ledger.ts';
import type { Result } from '../../store/result.ts';
import { unpack } from '../../store/packed.ts';
import { RuleTable } from '../../store/rules.ts';
import { MIGRATIONS } from '../../store/schema.ts';
import type { Mark, RollupRow, TallyRow } from '../../store/store.ts';
import { sumTallies } from '../../slo/tally.ts';
import { AVAILABILITY, LATENCY, T0, aResult } from '../support/results.ts';
import { explain } from '../../store/sqlite-error.ts';

const ALL = { fromMs: 0, toMs: T0 * 2 };
const STEP = 60_000;
/** Takes back what was added when results were chained. */
const UNCHAINED = `ALTER TABLE results DROP COLUMN recorded_ms; ALTER TABLE events DROP COLUMN recorded_ms;
  DROP TABLE segments; DROP TABLE measured; DROP TABLE measure_rules; DROP TABLE measures; DROP TABLE budget_spans;`;
let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-ledger-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (options: Partial<LedgerOptions> = {}): Ledger =>
  new Ledger({ path, stepMs: STEP, objectives: [AVAILABILITY, LATENCY], ...options });

function failure(work: () => unknown): LedgerError {
  try {
    work();
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

const total = (ledger: Ledger, { id }: Rule) => sumTallies(ledger.tallies({ objective: id, ...ALL }));
const judged = (rule: Rule, results: readonly Result[]) =>
  sumTallies(results.flatMap((result) => judge(rule, result, STEP)).map(({ tally }) => tally));

describe('appending', () => {
  test('the same run twice stores and counts it once, within a batch, across batches and after a restart', () => {
    {
      using ledger = open();
      expect(ledger.append([aResult(0), aResult(1), aResult(0)])).toBe(2);
      expect(ledger.append([aResult(1), aResult(2)])).toBe(1);
    }
    using ledger = open();
    expect(ledger.append([aResult(0), aResult(1), aResult(2)])).toBe(0);
    expect([...ledger.results(ALL)]).toEqual([0, 1, 2].map((n) => aResult(n)));
    expect(total(ledger, AVAILABILITY)).toMatchObject({ good: 3, goodWeight: 3_000_000n });
  });

  test('keeps how long sending took and each request of a run, which a ledger from before does not know', () => {
    openDatabase({ path, migrations: MIGRATIONS.slice(0, 1) }).close();
    const before = new DatabaseSync(path);
    before.exec(`INSERT INTO series VALUES (1, 'status', 'http', 'api', 'fra1', NULL, NULL);
      INSERT INTO results VALUES (1, 'old', 1, 1, ${T0 - 1000}, ${T0 - 1000}, 0, 1, 'green', 1000, 'good', NULL, NULL,
        NULL, NULL, NULL, 1, 1, '[]', '{}', NULL, NULL)`);
    before.close();
    const result = aResult(0, {
      phases: { ...aResult(0).phases, sentMs: 0.25 },
      trail: [{ name: 'login', url: 'https://a/b', status: null, ms: null }],
    });
    using ledger = open();
    ledger.append([result]);
    const [old, ...others] = [...ledger.results(ALL)];
    expect(old?.phases).toMatchObject({ sentMs: null, firstByteMs: 1 });
    expect(old?.trail).toBeUndefined();
    expect(others).toEqual([result]);
  });

  test('keeps how many events were near to a limit, of which one from before knows nothing', () => {
    const rule: Rule = {
      id: 'freshness',
      sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true },
      weighing: 'count',
      split: null,
      probes: ['status'],
    };
    const ticks = (n: number, near: number): Result =>
      aResult(n, {
        readings: [
          {
            type: 'counts',
            indicator: 'tick-age',
            atMs: T0,
            valid: 100,
            within: { 'lt:1500': 98 },
            borderline: { 'lt:1500': near },
            weigh: 'each',
            p50Ms: null,
            p99Ms: null,
            maxMs: null,
          },
        ],
      });
    openDatabase({ path, migrations: MIGRATIONS.slice(0, 2) }).close();
    const before = new DatabaseSync(path);
    before.exec(`INSERT INTO tallies VALUES ('freshness', '', ${T0}, 5, 1, 0, 0, 5, 1, 36, 6, 1);
      INSERT INTO meta VALUES ('revision', '1')`);
    before.close();
    new RuleTable(openDatabase({ path })).use([rule], 0);
    {
      using ledger = open({ objectives: [rule] });
      ledger.append([ticks(0, 7)]);
      ledger.append([ticks(1, 4)]);
    }
    using ledger = open({ objectives: [rule] });
    expect(total(ledger, rule)).toMatchObject({ good: 201, bad: 5, borderline: 11, bounded: 200 });
    using strict = open({ readOnly: true, objectives: [{ ...rule, split: 'endpoint' }] });
    expect(total(strict, rule)).toMatchObject({ good: 196, bad: 4, borderline: 11, bounded: 200 });
  });

  test('knows what was left out by its weight, also of results that were judged before that was kept', () => {
    {
      using ledger = open();
      ledger.append([
        aResult(0),
        aResult(1, { outcome: 'excluded', weightMs: 15_000 }),
        aResult(2, { outcome: 'fault', weightMs: 60_000 }),
        aResult(3, { outcome: 'skipped', weightMs: 480_000, values: { missed: 8 } }),
      ]);
    }
    const before = new DatabaseSync(path);
    before.exec(`${UNCHAINED}
      ALTER TABLE tallies DROP COLUMN excluded_weight;
      ALTER TABLE tallies DROP COLUMN fault_weight;
      DROP TABLE rollups;
      PRAGMA user_version = 3`);
    before.close();
    const expected = { good: 1, excluded: 1, excludedWeight: 15_000_000n, faults: 9, faultWeight: 540_000_000n };
    {
      // Whoever names no objectives goes on with those of the ledger, judged as this version judges.
      using ledger = new Ledger({ path });
      expect(total(ledger, AVAILABILITY)).toMatchObject(expected);
    }
    using ledger = open();
    expect(total(ledger, AVAILABILITY)).toEqual(judged(AVAILABILITY, [...ledger.results(ALL)]));
    expect(total(ledger, LATENCY)).toMatchObject({ excludedWeight: 15_000_000n, faultWeight: 540_000_000n });
  });

  test('however results are cut into batches, results and tallies come out the same', () => {
    const results = fc.array(
      fc.record({
        n: fc.nat(500),
        outcome: fc.constantFrom('good', 'bad', 'excluded', 'fault', 'skipped'),
        endpoint: fc.constantFrom('/orders', '/positions', null),
        weightMs: fc.constantFrom(1_000, 15_000, 60_000),
        cut: fc.boolean(),
      }),
      { maxLength: 40 },
    );
    let round = 0;
    fc.assert(
      fc.property(results, (drawn) => {
        round += 1;
        using ledger = open({ path: join(folder, `${round}.db`) });
        const unique = new Map<string, Result>();
        let batch: Result[] = [];
        for (const { n, cut, ...differing } of drawn) {
          const result = aResult(n, differing);
          batch.push(unique.get(result.runId) ?? result);
          unique.set(result.runId, unique.get(result.runId) ?? result);
          if (!cut) continue;
          ledger.append(batch);
          batch = [];
        }
        ledger.append(batch);
        const sorted = [...unique.values()].toSorted((a, b) => a.scheduledMs - b.scheduledMs);
        expect([...ledger.results(ALL)]).toEqual(sorted);
        for (const rule of [AVAILABILITY, LATENCY]) expect(total(ledger, rule)).toEqual(judged(rule, sorted));
      }),
      { numRuns: 25 },
    );
  });

  test('a batch with a result that cannot be stored leaves nothing of itself behind', () => {
    using ledger = open();
    expect(() => ledger.append([aResult(0, { endpoint: '/new' }), aResult(1, { weightMs: 0.5 })])).toThrow(Error);
    expect([...ledger.results(ALL)]).toEqual([]);
    expect(ledger.tallies({ objective: AVAILABILITY.id, ...ALL })).toEqual([]);
    ledger.append([aResult(0, { endpoint: '/new' })]);
    expect([...ledger.results(ALL)]).toEqual([aResult(0, { endpoint: '/new' })]);
  });

  test('weights longer than 64 bits are kept exactly', () => {
    const rule: Rule = {
      id: 'fills',
      sli: { type: 'quantity' },
      weighing: 'quantity',
      split: null,
      probes: ['status'],
    };
    const huge = (n: number): Result =>
      aResult(n, { weightMs: 86_400_000, readings: [{ type: 'quantity', submitted: '99999999999', executed: '3' }] });
    using ledger = open({ objectives: [rule] });
    ledger.append([huge(0)]);
    ledger.append([huge(1)]);
    const weight = 99_999_999_999_000_000n * 86_400_000n;
    expect(total(ledger, rule)).toMatchObject({
      goodWeight: 2n * 3_000_000n * 86_400_000n,
      badWeight: 2n * (weight - 3_000_000n * 86_400_000n),
      squaredWeight: 2n * 99_999_999_999_000_000n ** 2n,
    });
  });

  test('a reading that cannot be judged becomes a fault and one note, not a refused append', () => {
    const other: Rule = {
      ...LATENCY,
      id: 'ticks',
      sli: { type: 'threshold', indicator: 'tick-age', ms: 9, strict: false },
    };
    using ledger = open({ objectives: [other] });
    const counts = { type: 'counts', indicator: 'tick-age', weigh: 'shared', p50Ms: 1, p99Ms: 1, maxMs: 1 } as const;
    const readings = [{ ...counts, atMs: T0, valid: 4, within: { 'lt:1500': 4 } }];
    ledger.append([aResult(0, { readings })]);
    ledger.append([aResult(1, { readings })]);
    expect(total(ledger, other)).toMatchObject({ good: 0, bad: 0, faults: 2 });
    expect(ledger.events({ kind: 'note' })).toEqual([
      {
        id: 'unjudged/ticks/status/threshold-not-counted',
        atMs: T0,
        kind: 'note',
        service: 'api',
        subject: 'ticks',
        body: {
          probe: 'status',
          runId: aResult(0).runId,
          code: 'threshold-not-counted',
          detail: 'tick-age was not counted within le:9, only within: lt:1500',
        },
      },
    ]);
  });
});

describe('tallies', () => {
  test('are grouped from the start of the query, kept apart by split when asked, and summed otherwise', () => {
    using ledger = open();
    const at = (minute: number, endpoint: string): Result =>
      aResult(minute, { scheduledMs: T0 + minute * STEP, endpoint, runId: `${minute}${endpoint}` });
    ledger.append([at(0, '/b'), at(0, '/a'), at(1, '/a'), at(5, '/b')]);
    const query = { objective: LATENCY.id, fromMs: T0, toMs: T0 + 6 * STEP };
    const brief = (rows: ReturnType<Ledger['tallies']>) =>
      rows.map(({ atMs, split, good }) => [(atMs - T0) / STEP, split, good]);
    expect(brief(ledger.tallies(query))).toEqual([
      [0, '', 2],
      [1, '', 1],
      [5, '', 1],
    ]);
    expect(brief(ledger.tallies({ ...query, bySplit: true }))).toEqual([
      [0, '/a', 1],
      [0, '/b', 1],
      [1, '/a', 1],
      [5, '/b', 1],
    ]);
    expect(brief(ledger.tallies({ ...query, groupMs: 3 * STEP }))).toEqual([
      [0, '', 3],
      [3, '', 1],
    ]);
    expect(brief(ledger.tallies({ ...query, fromMs: T0 + STEP, groupMs: 3 * STEP }))).toEqual([
      [1, '', 1],
      [4, '', 1],
    ]);
    expect(brief(ledger.tallies({ ...query, toMs: T0 + STEP }))).toEqual([[0, '', 2]]);
  });
});

describe('results', () => {
  test('are found by time, probe, service and game-day, in order of schedule across pages', () => {
    using ledger = open();
    const results = Array.from({ length: 1_200 }, (_, n) =>
      aResult(n, {
        probe: n % 3 === 0 ? 'other' : 'status',
        service: n % 2 === 0 ? 'api' : 'feed',
        gameday: n > 1_190 ? 'g' : null,
      }),
    );
    ledger.append(results.toReversed());
    const found = (query: object): readonly Result[] => [...ledger.results({ ...ALL, ...query })];
    expect(found({})).toEqual(results);
    expect(found({ fromMs: T0 + 3_000, toMs: T0 + 5_000 })).toEqual(results.slice(3, 5));
    expect(found({ probe: 'other' })).toEqual(results.filter(({ probe }) => probe === 'other'));
    expect(found({ service: 'feed', probe: 'status' })).toHaveLength(400);
    expect(found({ gameday: 'g' })).toEqual(results.slice(1_191));
  });
});

describe('roll-ups', () => {
  const HOUR = 60 * STEP;
  const DAY = 24 * HOUR;

  test('are the sums of the minutes, by the hour and by the day, whatever came in whichever order', () => {
    const drawn = fc.array(
      fc.record({
        n: fc.nat(200),
        minute: fc.integer({ min: -3000, max: 3000 }),
        outcome: fc.constantFrom('good', 'bad', 'excluded', 'fault', 'skipped'),
        endpoint: fc.constantFrom('/orders', '/positions', null),
        again: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    let round = 0;
    fc.assert(
      fc.property(drawn, (each) => {
        round += 1;
        using ledger = open({ path: join(folder, `rollups-${round}.db`) });
        for (const { n, minute, outcome, endpoint, again } of each) {
          const result = aResult(n, { runId: `run/${n}`, scheduledMs: T0 + minute * STEP, outcome, endpoint });
          ledger.append(again ? [result, result] : [result]);
        }
        for (const { id: objective } of [AVAILABILITY, LATENCY]) {
          const stretch = { objective, fromMs: T0 - 3 * DAY, toMs: T0 + 3 * DAY };
          const reads = [
            { ...stretch, span: 'hour' as const },
            { ...stretch, span: 'day' as const },
          ];
          const [hours = [], days = []] = ledger.rollups({ reads, since: null }).rows;
          const steps = (rows: readonly RollupRow[], stepMs: number) =>
            rows.flatMap(({ atMs, split, steps: packed }) =>
              unpack(packed, atMs, stepMs).map((step) => ({ ...step, split })),
            );
          const bySplit = (rows: readonly TallyRow[]) =>
            rows.toSorted((a, b) => a.atMs - b.atMs || (a.split < b.split ? -1 : 1));
          expect(bySplit(steps(hours, STEP))).toEqual(ledger.tallies({ ...stretch, bySplit: true }));
          expect(bySplit(steps(days, HOUR))).toEqual(ledger.tallies({ ...stretch, bySplit: true, groupMs: HOUR }));
        }
      }),
      { numRuns: 25 },
    );
  });

  test('of a changed definition are its own, also for one who only reads', () => {
    const changed: Rule = { ...AVAILABILITY, split: 'endpoint' };
    const read = { objective: AVAILABILITY.id, span: 'day' as const, fromMs: T0, toMs: T0 + 1 };
    const splits = (ledger: Ledger) =>
      ledger.rollups({ reads: [read], since: null }).rows[0]?.map(({ split }) => split);
    {
      using ledger = open();
      ledger.append([aResult(0), aResult(1, { endpoint: '/orders' })]);
      expect(splits(ledger)).toEqual(['']);
    }
    using reading = open({ readOnly: true, objectives: [changed] });
    expect(splits(reading)).toEqual(['', '/orders']);
    using writing = open({ objectives: [changed] });
    expect(splits(writing)).toEqual(['', '/orders']);
  });

  test('are made for a ledger from before, by the first who writes', () => {
    {
      using ledger = open();
      ledger.append([aResult(0), aResult(1)]);
    }
    const before = new DatabaseSync(path);
    before.exec(`${UNCHAINED} DROP TABLE rollups; PRAGMA user_version = 4`);
    before.close();
    using ledger = new Ledger({ path });
    const read = { objective: AVAILABILITY.id, span: 'hour' as const, fromMs: T0, toMs: T0 + 1 };
    const [row] = ledger.rollups({ reads: [read], since: null }).rows[0] ?? [];
    expect(unpack(row?.steps ?? new Uint8Array(), T0, STEP)).toMatchObject([{ atMs: T0, good: 2 }]);
  });

  test('tell who follows them which hours have changed since, and when to read everything again', () => {
    using ledger = open();
    using beside = open();
    const ask = (since: Mark) => ledger.rollups({ reads: [], since });
    const { mark } = ledger.rollups({ reads: [], since: null });
    expect(ask(mark).changed).toEqual([]);
    beside.append([aResult(0, { scheduledMs: T0 + HOUR }), aResult(1, { scheduledMs: T0 - 5 * DAY })]);
    const answer = ask(mark);
    expect(answer.changed?.map(({ objective, hours }) => [objective, hours])).toEqual([
      [AVAILABILITY.id, [T0 - 5 * DAY, T0 + HOUR]],
      [LATENCY.id, [T0 - 5 * DAY, T0 + HOUR]],
    ]);
    expect(answer.changed?.[0]?.rows.map(({ atMs }) => atMs)).toEqual([T0 - 5 * DAY, T0 + HOUR]);
    expect(ask(answer.mark).changed).toEqual([]);
    expect(ask({ ...answer.mark, revision: answer.mark.revision + 1 }).changed).toBeNull();
    expect(ask({ ...answer.mark, identity: 'of another file' }).changed).toBeNull();
    ledger.append(Array.from({ length: 10_001 }, (_, n) => aResult(n, { scheduledMs: T0 + n * STEP })));
    expect(ask(answer.mark).changed).toBeNull();
  });
});

describe('objectives that change', () => {
  const strict: Rule = { ...LATENCY, sli: { type: 'threshold', indicator: 'latency', ms: 10, strict: false } };

  test('have their tallies built again from the stored results', () => {
    {
      using ledger = open({ objectives: [AVAILABILITY] });
      ledger.append([aResult(0), aResult(1)]);
    }
    {
      using ledger = open();
      expect(total(ledger, LATENCY)).toMatchObject({ good: 2, bad: 0 });
      ledger.append([aResult(2)]);
    }
    using ledger = open({ objectives: [AVAILABILITY, strict] });
    expect(total(ledger, LATENCY)).toMatchObject({ good: 0, bad: 3 });
    expect(total(ledger, AVAILABILITY)).toMatchObject({ good: 3 });
  });

  test('and leave nothing behind in steps where they count no more', () => {
    {
      using ledger = open();
      ledger.append([aResult(0)]);
    }
    using ledger = open({ objectives: [{ ...AVAILABILITY, probes: ['elsewhere'] }] });
    expect(ledger.tallies({ objective: AVAILABILITY.id, ...ALL })).toEqual([]);
    expect(ledger.pending('tallies', { name: 'follower', location: 'fra1', nowMs: 5 }, 10).lines).toContain(
      'pulsedrill_tally,location=fra1,objective=api-availability good=0i,bad=0i,excluded=0i,faults=0i,borderline=0i,bounded=0i,' +
        `good_us=0i,bad_us=0i,excluded_us=0i,fault_us=0i,squared_ms2=0i,written_ms=5i ${T0}000000`,
    );
  });

  test('catch up with what was stored while they were out of use', () => {
    {
      using ledger = open();
      ledger.append([aResult(0)]);
    }
    {
      using ledger = open({ objectives: [LATENCY] });
      ledger.append([aResult(1)]);
      expect(total(ledger, AVAILABILITY)).toMatchObject({ good: 1 });
    }
    using ledger = open();
    ledger.append([aResult(2)]);
    expect(total(ledger, AVAILABILITY)).toMatchObject({ good: 3 });
    expect(total(ledger, LATENCY)).toMatchObject({ good: 3 });
  });

  test('are judged alike by every process that appends: the ledger says how', () => {
    using early = open();
    early.append([aResult(0)]);
    using late = open({ objectives: [AVAILABILITY, strict] });
    early.append([aResult(1)]);
    late.append([aResult(2)]);
    expect(total(late, LATENCY)).toMatchObject({ good: 0, bad: 3 });
    using nameless = new Ledger({ path });
    nameless.append([aResult(3)]);
    expect(nameless.stepMs).toBe(STEP);
    expect(total(nameless, LATENCY)).toMatchObject({ good: 0, bad: 4 });
  });

  test('are judged in memory for a reader, who changes nothing', () => {
    {
      using ledger = open();
      ledger.append([aResult(0)]);
    }
    {
      using reader = open({ readOnly: true, objectives: [AVAILABILITY, strict] });
      expect(total(reader, LATENCY)).toMatchObject({ good: 0, bad: 1 });
      expect(total(reader, AVAILABILITY)).toMatchObject({ good: 1 });
      expect(failure(() => reader.append([aResult(1)])).message).toBe(
        `ledger ${path}: it was opened for reading only: open it for writing`,
      );
    }
    using ledger = open();
    expect(total(ledger, LATENCY)).toMatchObject({ good: 1, bad: 0 });
  });
});

describe('timestamps', () => {
  test('are the scheduled nanosecond, made unique within a series by rule, and stay as they are', () => {
    using ledger = open();
    const same = { scheduledMs: T0 + 0.25 };
    ledger.append([aResult(0, same), aResult(1, same), aResult(2, { ...same, endpoint: '/orders' }), aResult(3, same)]);
    ledger.append([aResult(1, same)]);
    const stamps = ledger
      .pending('results', { name: 'f', location: 'fra1', nowMs: 5 }, 10)
      .lines.map((line) => line.split(' ').at(-1));
    expect(stamps).toEqual([`${T0}250000`, `${T0}250001`, `${T0}250000`, `${T0}250002`]);
  });
});

describe('a follower', () => {
  test('has a cursor of its own that never goes back', () => {
    using ledger = open();
    ledger.append([aResult(0), aResult(1), aResult(2)]);
    const page = ledger.pending('results', { name: 'a', location: 'fra1', nowMs: 5 }, 2);
    expect([page.lines.length, page.upTo, page.more]).toEqual([2, 2, true]);
    ledger.advance('a', 2);
    ledger.advance('a', 1);
    expect(ledger.pending('results', { name: 'a', location: 'fra1', nowMs: 5 }, 2)).toMatchObject({
      upTo: 3,
      more: false,
    });
    expect(ledger.waiting('results', 'b')).toEqual({ rows: 3, oldestMs: T0 });
    ledger.advance('a', 3);
    expect(ledger.pending('results', { name: 'a', location: 'fra1', nowMs: 5 }, 2)).toEqual({
      lines: [],
      upTo: null,
      more: false,
    });
  });
});

describe('a ledger that cannot be used says so in one line', () => {
  const refusal = (options: Partial<LedgerOptions> = {}): readonly [string, string] => {
    const error = failure(() => open(options)[Symbol.dispose]());
    return [error.code, error.message];
  };

  test('when it is not a database', () => {
    writeFileSync(path, 'this is a letter to my grandmother, not a database. '.repeat(20));
    expect(refusal()).toEqual([
      'corrupt',
      `ledger ${path}: the file is not a database: name another file in store.ledger; if this was a ledger, its first page is damaged: "pulsedrill ledger recover --to FILE" finds that page in the -wal where one is left beside it, else only a copy helps`,
    ]);
  });

  test('when its pages are damaged', () => {
    {
      using ledger = open();
      ledger.append(Array.from({ length: 200 }, (_, n) => aResult(n)));
    }
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xab, 4096));
    expect(refusal()[0]).toBe('corrupt');
  });

  test('when it belongs to another program', () => {
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE recipes (name TEXT)');
    other.close();
    expect(refusal()).toEqual([
      'mismatch',
      `ledger ${path}: this database belongs to another program: name another file in store.ledger`,
    ]);
  });

  test('when its folder cannot be made, or is a file', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(refusal({ path: join(file, 'ledger.db') })).toEqual([
      'unwritable',
      `ledger ${join(file, 'ledger.db')}: the folder ${file} cannot be made (ENOTDIR): name a folder that can be written in store.ledger`,
    ]);
    // Asked for all folders at once, Node would look for a first one here for ever.
    expect(refusal({ path: '/proc/nope/below/ledger.db' })).toEqual([
      'unwritable',
      'ledger /proc/nope/below/ledger.db: the folder /proc/nope/below cannot be made (ENOENT): name a folder that can be written in store.ledger',
    ]);
    mkdirSync(path);
    expect(refusal()).toEqual([
      'unwritable',
      `ledger ${path}: cannot be opened: check that the folder exists and that this user may write in it`,
    ]);
  });

  test.each([
    [8, 'unwritable', 'it is read-only: give this user the right to write the file and its folder'],
    [10 | (3 << 8), 'unwritable', 'the disk failed to read or write: look at the disk and at the system log'],
  ])('when SQLite answers with code %i', (errcode, code, said) => {
    const cause = Object.assign(new Error('disk'), { errcode });
    expect(explain(cause, path)).toMatchObject({ code, message: `ledger ${path}: ${said}`, cause });
  });

  test('when its steps have another length', () => {
    open()[Symbol.dispose]();
    expect(refusal({ stepMs: 500 })).toEqual([
      'mismatch',
      `ledger ${path}: its tally steps are 60000 ms long, the configuration's are 500 ms: ` +
        'name another file in store.ledger, or use the time scale it was made with',
    ]);
  });

  test('when a later version wrote it', () => {
    open()[Symbol.dispose]();
    openDatabase({ path, migrations: [...MIGRATIONS, 'CREATE TABLE novelty (x INTEGER)'] }).close();
    expect(refusal()).toEqual([
      'newer',
      `ledger ${path}: its schema is version ${MIGRATIONS.length + 1}, this program knows ${MIGRATIONS.length}: ` +
        'use the pulsedrill that wrote it, or a later one',
    ]);
  });

  test('when another process holds it for too long', () => {
    using ledger = open({ busyMs: 50 });
    const other = new DatabaseSync(path);
    const said = (state: string): string =>
      `ledger ${path}: another process holds it; ${state}: ` +
      `end the other process ("fuser -v ${path}" names it), or wait until it is done`;
    other.exec('BEGIN IMMEDIATE');
    expect(failure(() => ledger.append([aResult(0)])).message).toBe(said('it holds no result'));
    other.exec('ROLLBACK');
    expect(ledger.append([aResult(0), aResult(1)])).toBe(2);
    other.exec('BEGIN IMMEDIATE');
    const due = new Date(aResult(1).scheduledMs).toISOString();
    expect(failure(() => ledger.append([aResult(2)])).message).toBe(
      said(`all is stored up to result 2, which was due ${due}`),
    );
    other.exec('ROLLBACK');
    ledger.close();
    // Locked against readers as well.
    other.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    expect(failure(() => open({ busyMs: 50 })).message).toBe(said('it cannot even be read meanwhile'));
    other.exec('ROLLBACK');
    other.close();
    using again = open();
    expect(again.append([aResult(2)])).toBe(1);
  });

  test('when the disk is full; what was stored stays, and with space again it goes on', () => {
    const batch = (n: number): readonly Result[] =>
      Array.from({ length: 50 }, (_, k) => aResult(n * 50 + k, { detail: 'x'.repeat(500) }));
    let stored = 0;
    {
      using ledger = open({ maxPages: 120 });
      const full = failure(() => {
        for (;;) {
          ledger.append(batch(stored));
          stored += 1;
        }
      });
      expect([full.code, full.message]).toEqual([
        'full',
        `ledger ${path}: the disk is full; all is stored up to result ${stored * 50}, which was due ` +
          `${new Date(aResult(stored * 50 - 1).scheduledMs).toISOString()}: ` +
          `free some space ("df -h ${folder}" shows it); nothing that was stored is lost`,
      ]);
      expect(stored).toBeGreaterThan(0);
      expect(failure(() => ledger.append(batch(stored))).code).toBe('full');
      expect([...ledger.results(ALL)]).toHaveLength(stored * 50);
      expect(total(ledger, AVAILABILITY)).toMatchObject({ good: stored * 50 });
    }
    using ledger = open();
    ledger.append(batch(stored));
    expect([...ledger.results(ALL)]).toHaveLength((stored + 1) * 50);
    expect(total(ledger, AVAILABILITY)).toMatchObject({ good: (stored + 1) * 50 });
  });
});

describe('the schema', () => {
  test('is brought up to date step by step, keeping what is there', () => {
    const first = ['CREATE TABLE a (x INTEGER)'];
    const db = openDatabase({ path, migrations: first });
    db.exec('INSERT INTO a VALUES (7)');
    db.close();
    const error = failure(() =>
      openDatabase({ path, readOnly: true, migrations: [...first, 'ALTER TABLE a ADD y INTEGER'] }),
    );
    expect(error.message).toBe(
      `ledger ${path}: its schema is version 1, this program reads 2: ` +
        'open it once for writing (pulsedrill run) to bring it up to date',
    );
    const later = openDatabase({ path, migrations: [...first, 'ALTER TABLE a ADD y INTEGER DEFAULT 8'] });
    expect({ ...later.prepare('SELECT * FROM a').get() }).toEqual({ x: 7, y: 8 });
    later.close();
  });

  test('is not half changed by a migration that fails', () => {
    openDatabase({ path, migrations: ['CREATE TABLE a (x INTEGER)'] }).close();
    expect(() =>
      openDatabase({ path, migrations: ['', 'CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER)'] }),
    ).toThrow('table a already exists');
    const db = openDatabase({ path, migrations: ['', 'CREATE TABLE b (x INTEGER)'] });
    expect(db.prepare('SELECT count(*) AS n FROM b').get()?.['n']).toBe(0);
    db.close();
  });
});
