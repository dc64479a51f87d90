import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_PHASES } from '../../probes/probe.ts';
import { canonicalText, nextHead } from '../../store/chain.ts';
import { Ledger } from '../../store/ledger.ts';
import { openStore } from '../../store/open.ts';
import type { Result } from '../../store/result.ts';
import { brokenSegments } from '../support/chain.ts';
import { AVAILABILITY, T0, aResult, collect } from '../support/results.ts';

const HOUR = 3_600_000;
const ALL = { fromMs: 0, toMs: T0 * 2 };
const ZEROS = '0'.repeat(64);
let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-chain-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): Ledger => new Ledger({ path, stepMs: 60_000, objectives: [AVAILABILITY] });

function change(sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

describe('the chain', () => {
  test('has a head that anybody can compute from what the documentation says', () => {
    using ledger = open();
    ledger.append([aResult(0)], T0 + 60);
    const text =
      `[1,1,"status/${T0.toString(36)}/0","status","http","api","fra1",null,null,"${T0}000000",${T0},${T0 + 1.5},1.5,21.25,` +
      '"green",1000,"good",null,null,null,null,null,null,18.5,0.75,' +
      '"[{\\"type\\":\\"duration\\",\\"indicator\\":\\"latency\\",\\"ms\\":20}]","{\\"status\\":200}",null,0.5,null,' +
      `${T0 + 60}]`;
    const [cells = []] = ledger.links(0, 1);
    expect(canonicalText({ cells })).toBe(text);
    expect(ledger.segments({})).toEqual([
      {
        number: 1,
        firstSeq: 1,
        lastSeq: 1,
        results: 1,
        firstScheduledMs: T0,
        lastScheduledMs: T0,
        closedMs: null,
        previous: ZEROS,
        head: '2904188318c4d2bcf0c5173b5cdff77e346d68a66989d2f9c342514e952ea9f2',
        expiredMs: null,
      },
    ]);
  });

  test('is cut after ten thousand results and after an hour, each piece beginning where the last one ended', () => {
    using ledger = open();
    const run = (from: number, count: number): readonly Result[] =>
      Array.from({ length: count }, (_, n) => aResult(from + n));
    ledger.append(run(0, 9_999), T0);
    ledger.append(run(9_999, 2), T0 + 1);
    ledger.append(run(10_001, 1), T0 + HOUR);
    ledger.append(run(10_002, 1), T0 + 1 + HOUR);
    // A clock that is set back by more than an hour begins another one as well.
    ledger.append(run(10_003, 1), T0 - 1);
    const segments = ledger.segments({});
    expect(
      segments.map(({ number, firstSeq, lastSeq, results, closedMs }) => [
        number,
        firstSeq,
        lastSeq,
        results,
        closedMs,
      ]),
    ).toEqual([
      [1, 1, 10_000, 10_000, T0 + 1],
      [2, 10_001, 10_002, 2, T0 + 1 + HOUR],
      [3, 10_003, 10_003, 1, T0 - 1],
      [4, 10_004, 10_004, 1, null],
    ]);
    expect(segments.slice(1).map(({ previous }) => previous)).toEqual(segments.slice(0, -1).map(({ head }) => head));
    expect(ledger.segments({ fromMs: T0 + 9_999_001, toMs: T0 + 10_001_001 }).map(({ number }) => number)).toEqual([2]);
    expect(brokenSegments(path)).toEqual([]);
  });

  test('has every stored result once, whatever was refused or came twice', () => {
    {
      using ledger = open();
      ledger.append([aResult(0), aResult(1), aResult(0)], T0);
      expect(() => ledger.append([aResult(2), aResult(3, { weightMs: 0.5 })], T0)).toThrow('weight_ms');
      ledger.append([aResult(1), aResult(4)], T0);
    }
    {
      // Another process in between.
      using ledger = open();
      using other = open();
      ledger.append([aResult(5)], T0);
      other.append([aResult(6)], T0);
      ledger.append([aResult(7)], T0);
      expect(ledger.chained(0, 99).map(({ seq, result }) => [seq, result.runId])).toEqual(
        [0, 1, 4, 5, 6, 7].map((n, index) => [index + 1, aResult(n).runId]),
      );
    }
    expect(brokenSegments(path)).toEqual([]);
  });

  test.each([
    ['a cell', "UPDATE results SET outcome = 'good' WHERE seq = 15"],
    ['a reading', "UPDATE results SET readings = replace(readings, '20', '21') WHERE seq = 15"],
    ['when it was stored', 'UPDATE results SET recorded_ms = recorded_ms + 1 WHERE seq = 15'],
    ['the series of all of them', "UPDATE series SET location = 'ams1'"],
    ['its number', 'UPDATE results SET seq = 99 WHERE seq = 15'],
    [
      'which of two came first',
      'UPDATE results SET seq = -seq WHERE seq IN (19, 21); UPDATE results SET seq = 40 + seq WHERE seq < 0',
    ],
    ['that it is there', 'DELETE FROM results WHERE seq = 15'],
  ])('shows by a head that does not fit when somebody changes %s', (_what, sql) => {
    {
      using ledger = open();
      const outcome = (n: number): Partial<Result> => (n === 14 ? { outcome: 'bad', reason: 'timeout' } : {});
      ledger.append(
        Array.from({ length: 30 }, (_, n) => aResult(n, outcome(n))),
        T0,
      );
    }
    expect(brokenSegments(path)).toEqual([]);
    change(sql);
    expect(brokenSegments(path)).toEqual([1]);
  });

  test('is the same for a result that is about to be stored as for its row, whatever is in it', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\0', 'a\0b', '\ud800', 'é\udc00x', ''));
    const real = fc.oneof(
      fc.double({ noNaN: false }),
      fc.integer(),
      fc.constantFrom(-0, 5e-324, 1e21, 0.1, Infinity, NaN),
    );
    const cells = fc.record({
      runId: fc.uuid(),
      service: anything,
      // No endpoint and an empty one are the same series.
      endpoint: fc.oneof(fc.constantFrom(null, ''), anything),
      detail: fc.option(anything),
      gameday: fc.option(anything),
      startedMs: fc.double({ noNaN: true }),
      durationMs: fc.option(real),
      loopDelayMs: fc.option(real),
      phases: fc.record({ dnsMs: fc.option(real) }).map((given) => ({ ...NO_PHASES, ...given })),
      values: fc.dictionary(anything, real),
    });
    using ledger = open();
    fc.assert(
      fc.property(fc.array(cells, { minLength: 1, maxLength: 5 }), (given) => {
        ledger.append(
          given.map((each, n) => aResult(n, each)),
          T0,
        );
        expect(brokenSegments(path)).toEqual([]);
        // And for its cells, as they are walked through.
        for (const { previous, firstSeq, lastSeq, head } of ledger.segments({}))
          expect(
            ledger.links(firstSeq - 1, lastSeq, 9_999).reduce((at, link) => nextHead(at, { cells: link }), previous),
          ).toBe(head);
      }),
      // All in one ledger: what broke it once stays broken.
      { numRuns: 100, endOnFailure: true },
    );
  });
});

describe('a store', () => {
  test('knows when results and events were stored, and what was known before a moment', async () => {
    let nowMs = T0 + 0.75;
    const clock = { wallMs: () => nowMs };
    await using store = await openStore({ path, objectives: [AVAILABILITY], clock });
    const note = (id: string) => ({ id, atMs: T0, kind: 'note' as const, service: null, subject: id, body: {} });
    await store.append([aResult(1)]);
    await store.recordEvents([note('a')]);
    nowMs += 5;
    // A late one, about an earlier moment.
    await store.append([aResult(0)]);
    await store.recordEvents([note('b')]);
    expect(await collect(store.results(ALL))).toEqual([
      { ...aResult(0), recordedMs: T0 + 5 },
      { ...aResult(1), recordedMs: T0 },
    ]);
    const known = await collect(store.results({ ...ALL, recordedBefore: T0 + 5 }));
    expect(known).toEqual([{ ...aResult(1), recordedMs: T0 }]);
    expect((await store.events({ recordedBefore: T0 + 5 })).map(({ id }) => id)).toEqual(['a']);

    const segments = await store.segments();
    expect(segments).toMatchObject([{ results: 2, closedMs: null }]);
    expect(await store.segments({ fromMs: T0 + 1_001 })).toEqual([]);
    const links = await collect(store.chained({ firstSeq: 1, lastSeq: 2 }));
    expect(links.map(({ seq, result }) => [seq, result.recordedMs])).toEqual([
      [1, T0],
      [2, T0 + 5],
    ]);
  });

  test('walks through a segment of any length', async () => {
    await using store = await openStore({ path });
    await store.append(Array.from({ length: 1_100 }, (_, n) => aResult(n)));
    const links = await collect(store.chained({ firstSeq: 2, lastSeq: 1_099 }));
    expect(links.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_098 }, (_, n) => n + 2));
  });
});
