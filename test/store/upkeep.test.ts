import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sumTallies } from '../../slo/tally.ts';
import { judge, type Rule } from '../../store/judge.ts';
import { Ledger, type LedgerOptions } from '../../store/ledger.ts';
import type { Result } from '../../store/result.ts';
import type { UpkeepDone, UpkeepOrder } from '../../store/upkeep.ts';
import { AVAILABILITY, LATENCY, T0, aResult } from '../support/results.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const STEP = 60_000;
/** Between the runs of these tests. */
const GAP = 6 * HOUR;
const ALL = { fromMs: 0, toMs: T0 * 2 };
let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-upkeep-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (options: Partial<LedgerOptions> = {}): Ledger =>
  new Ledger({ path, stepMs: STEP, objectives: [AVAILABILITY, LATENCY], ...options });

/** A run each six hours, from the `from`th on, each stored when it was due, so that each is a segment of its own. */
function appendRuns(ledger: Ledger, from: number, count: number, differing: Partial<Result> = {}): void {
  for (let n = from; n < from + count; n += 1) {
    const scheduledMs = T0 + n * GAP;
    ledger.append([aResult(n, { scheduledMs, ...differing })], scheduledMs);
  }
}

const KEEP = { resultsMs: 10 * DAY, talliesMs: 40 * DAY };
const order = (nowMs: number | null, differing: Partial<UpkeepOrder> = {}): UpkeepOrder => ({
  nowMs,
  retention: KEEP,
  followers: [],
  ...differing,
});

/** What comes before: results leave when what reports read of them is added up. */
function measured(ledger: Ledger, what: UpkeepOrder): Ledger {
  while (ledger.measureSlice(what.nowMs) === 'worked');
  return ledger;
}

/** Slices until there is nothing left to do. */
function tidy(ledger: Ledger, what: UpkeepOrder): readonly UpkeepDone[] {
  const done: UpkeepDone[] = [];
  for (;;) {
    const slice = measured(ledger, what).upkeep(what, () => 0);
    if (slice.what === null) return done;
    done.push(slice);
  }
}

const seqs = (ledger: Ledger): readonly number[] => ledger.chained(0, 1e9, 1e6).map(({ seq }) => seq);
const steps = (ledger: Ledger, { id }: Rule): readonly number[] =>
  ledger.tallies({ objective: id, ...ALL }).map(({ atMs }) => (atMs - T0) / GAP);
const total = (ledger: Ledger, { id }: Rule) => sumTallies(ledger.tallies({ objective: id, ...ALL }));
const notes = (ledger: Ledger): readonly unknown[] =>
  ledger.events({ kind: 'note' }).map(({ body }) => body['text'] ?? body['detail']);

describe('results that are too old', () => {
  test('leave by whole segments; the segment, its hash and the tallies stay', () => {
    using ledger = open();
    appendRuns(ledger, 0, 15 * 4);
    // A segment with one result that is not too old stays as a whole.
    ledger.append(
      [aResult(9_000, { scheduledMs: T0 + DAY + 1 }), aResult(9_001, { scheduledMs: T0 + 14 * DAY })],
      T0 + 16 * DAY,
    );
    ledger.append([aResult(9_002, { scheduledMs: T0 + 15 * DAY })], T0 + 17 * DAY);
    const before = [ledger.segments({}), total(ledger, AVAILABILITY), steps(ledger, LATENCY)] as const;
    const nowMs = T0 + 15 * DAY;
    const done = tidy(ledger, order(nowMs));
    expect(done.filter(({ what }) => what === 'expired')).toHaveLength(5 * 4);
    expect(done.filter(({ what }) => what === 'results').reduce((sum, { count }) => sum + count, 0)).toBe(5 * 4);
    expect(seqs(ledger)[0]).toBe(5 * 4 + 1);
    expect(ledger.segments({})).toEqual(
      before[0].map((segment) => (segment.number <= 5 * 4 ? { ...segment, expiredMs: nowMs } : segment)),
    );
    expect(total(ledger, AVAILABILITY)).toEqual(before[1]);
    expect(steps(ledger, LATENCY)).toEqual(before[2]);
    expect(tidy(ledger, order(nowMs))).toEqual([]);
    // What comes goes on where it was.
    ledger.append([aResult(9_003, { scheduledMs: T0 + 15 * DAY + 1 })], nowMs);
    expect(seqs(ledger).at(-1)).toBe(15 * 4 + 4);
  });

  test('stay where nobody can vouch for the time, and until every follower has been given them', () => {
    using ledger = open();
    appendRuns(ledger, 0, 48);
    const names = (who: string) => ({
      results: `${who} r`,
      events: `${who} e`,
      budgets: `${who} b`,
      tallies: `${who} t`,
    });
    const nowMs = T0 + 30 * DAY;
    expect(tidy(ledger, order(null))).toEqual([]);
    const followers = [names('a'), names('b')];
    ledger.advance('a r', 40);
    expect(tidy(ledger, order(nowMs, { followers }))).toEqual([]);
    ledger.advance('b r', 10);
    tidy(ledger, order(nowMs, { followers }));
    expect(seqs(ledger)[0]).toBe(11);
    // Tallies are kept for longer; when they are too old they wait for their own cursors.
    const later = order(T0 + 90 * DAY, { followers });
    tidy(ledger, later);
    expect(steps(ledger, AVAILABILITY)).toHaveLength(48);
    ledger.advance('a t', 20);
    ledger.advance('b t', 30);
    tidy(ledger, later);
    // Each hour wrote two rows, one for each objective.
    expect([steps(ledger, AVAILABILITY), steps(ledger, LATENCY)].flat().length).toBe(2 * 48 - 20);
  });

  test('go on leaving where a slice was the last thing that happened', () => {
    {
      using ledger = open();
      for (let n = 0; n < 3; n += 1) {
        const results = Array.from({ length: 400 }, (_, k) => aResult(n * 400 + k));
        ledger.append(results, T0 + n * HOUR);
      }
      const what = order(T0 + 30 * DAY);
      expect(measured(ledger, what).upkeep(what, () => 0)).toEqual({ what: 'expired', count: 400 });
      expect(ledger.upkeep(what, () => 0)).toEqual({ what: 'results', count: 100 });
      expect(ledger.segments({}).map(({ expiredMs }) => expiredMs !== null)).toEqual([true, false, false]);
    }
    using ledger = open();
    tidy(ledger, order(T0 + 30 * DAY));
    // The last segment is open: it stays until results come again.
    expect(seqs(ledger)).toHaveLength(400);
  });
});

describe('tallies that are too old', () => {
  test('leave by whole days, with their roll-ups and the points of burn-downs', () => {
    using ledger = open();
    appendRuns(ledger, 0, 4 * 4);
    const point = (atMs: number) => ({
      objective: AVAILABILITY.id,
      service: 'api',
      atMs,
      colour: 'green',
      consumedPct: 0,
      attainmentPct: 100,
      burn1h: 0,
      validEvents: 1,
      badEvents: 0,
    });
    ledger.recordBudgets([point(T0), point(T0 + 3 * DAY)]);
    tidy(ledger, order(T0 + 42 * DAY));
    // T0 is noon: 12 hours of its day and the whole next one are older than the day that began forty days ago.
    expect(steps(ledger, AVAILABILITY)[0]).toBe(6);
    expect(steps(ledger, LATENCY)[0]).toBe(6);
    expect(ledger.budgets({ objective: AVAILABILITY.id, ...ALL })).toEqual([point(T0 + 3 * DAY)]);
    const read = { objective: LATENCY.id, ...ALL };
    const { rows } = ledger.rollups({
      reads: [
        { ...read, span: 'hour' },
        { ...read, span: 'day' },
      ],
      since: null,
    });
    expect(rows.map((each) => [each.length, ((each[0]?.atMs ?? 0) - T0) / GAP])).toEqual([
      [10, 6],
      [3, 6],
    ]);
  });
});

describe('orders', () => {
  test('leave with the results of their time once they are proven closed', () => {
    using ledger = open();
    const intend = (n: number, atMs: number) =>
      ledger.intendOrder({ clientOrderId: `o${n}`, probe: 'buy', venue: 'primary', runId: 'r', atMs });
    for (let n = 0; n < 120; n += 1) intend(n, n < 100 ? T0 : T0 + 20 * DAY);
    for (let n = 0; n < 120; n += 2) ledger.closeOrder(`o${n}`, 'filled', T0 + 1);
    for (let slice = 0; slice < 20; slice += 1) ledger.upkeep(order(T0 + 21 * DAY), () => 0);
    const left = ledger.ordersSince(0).map(({ clientOrderId }) => Number(clientOrderId.slice(1)));
    expect(left.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 120 }, (_, n) => n).filter((n) => n >= 100 || n % 2 === 1),
    );
  });
});

describe('the file', () => {
  test('shrinks once results have left it, slice by slice, and its pages are whole', () => {
    using ledger = open();
    for (let n = 0; n < 6; n += 1) {
      const results = Array.from({ length: 1_000 }, (_, k) => aResult(n * 1_000 + k, { detail: 'x'.repeat(300) }));
      ledger.append(results, T0 + n * HOUR);
    }
    const db = new DatabaseSync(path);
    const size = (): number => {
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return statSync(path).size;
    };
    const before = size();
    const done = tidy(ledger, order(T0 + 30 * DAY));
    const pages = done.filter(({ what }) => what === 'pages').map(({ count }) => count);
    expect(pages.length).toBeGreaterThan(1);
    expect(Math.max(...pages)).toBeLessThanOrEqual(500);
    const after = size();
    expect(after).toBeLessThan(before / 3);
    expect(before - after).toBeGreaterThanOrEqual(pages.reduce((sum, count) => sum + count, 0) * 4_096);
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    db.close();
  });

  test('of an earlier ledger, which cannot shrink, takes what comes into the pages that are free', () => {
    {
      // As it was made before: without the mode in which pages can leave.
      using ledger = open();
      ledger.close();
      const db = new DatabaseSync(path);
      db.exec('PRAGMA auto_vacuum = NONE; VACUUM');
      db.close();
    }
    using ledger = open();
    const fill = (from: number): void => {
      for (let n = from; n < from + 3; n += 1) {
        const results = Array.from({ length: 1_000 }, (_, k) => aResult(n * 1_000 + k, { detail: 'x'.repeat(300) }));
        ledger.append(results, T0 + n * HOUR);
      }
    };
    fill(0);
    const db = new DatabaseSync(path, { readOnly: true });
    const pages = (): unknown => db.prepare('PRAGMA page_count').get()?.['page_count'];
    expect(db.prepare('PRAGMA auto_vacuum').get()).toEqual({ auto_vacuum: 0 });
    const before = Number(pages());
    expect(tidy(ledger, order(T0 + 30 * DAY)).some(({ what }) => what === 'pages')).toBe(false);
    fill(3);
    tidy(ledger, order(T0 + 30 * DAY));
    fill(6);
    expect(Number(pages())).toBeLessThan(before * 1.6);
    db.close();
  });

  test('is worked on in slices that are the smaller the longer they take', () => {
    using ledger = open();
    for (let n = 0; n < 2; n += 1) {
      ledger.append(
        Array.from({ length: 500 }, (_, k) => aResult(n * 500 + k)),
        T0 + n * HOUR,
      );
    }
    const what = order(T0 + 30 * DAY);
    let nowMs = 0;
    const slow = (): number => (nowMs += 10);
    measured(ledger, what);
    const counts = Array.from({ length: 6 }, () => ledger.upkeep(what, slow).count);
    expect(counts).toEqual([500, 25, 12, 10, 10, 10]);
  });
});

describe('judging again', () => {
  const other: Rule = { ...AVAILABILITY, probes: ['status', 'other'] };
  const strict: Rule = { ...LATENCY, sli: { type: 'threshold', indicator: 'latency', ms: 10, strict: false } };

  /** Ten days of hours, of which the first five have expired. */
  function expired(): void {
    using ledger = open();
    appendRuns(ledger, 0, 10 * 4);
    tidy(ledger, order(T0 + 15 * DAY));
    expect(seqs(ledger)[0]).toBe(5 * 4 + 1);
  }
  // Nothing of a run is further than a day from when it was due; the last that expired was the twentieth.
  const FROM = 19 + 4;
  const fromText = new Date(T0 + FROM * GAP + STEP).toISOString();

  test('keeps what was counted of results that have expired, judges the others anew, and says so', () => {
    expired();
    const kept = `api-latency is judged anew from ${fromText} on; the results of before have expired, and what was counted of them stays as it was judged then`;
    using ledger = open({ objectives: [AVAILABILITY, strict] });
    const rows = ledger.tallies({ objective: LATENCY.id, ...ALL });
    expect(rows).toHaveLength(10 * 4);
    expect(rows.map(({ good }) => good)).toEqual(rows.map(({ atMs }) => (atMs > T0 + FROM * GAP ? 0 : 1)));
    expect(ledger.notices).toEqual([kept]);
    expect(notes(ledger)).toEqual([kept]);
  });

  test('does the same in memory for one who only reads, and changes nothing', () => {
    expired();
    {
      using reader = open({ objectives: [other, strict], readOnly: true });
      const rows = reader.tallies({ objective: LATENCY.id, ...ALL });
      expect(rows.map(({ good }) => good)).toEqual(rows.map(({ atMs }) => (atMs > T0 + FROM * GAP ? 0 : 1)));
      expect(total(reader, other)).toMatchObject({ good: 10 * 4 });
    }
    using ledger = open();
    expect(total(ledger, LATENCY)).toMatchObject({ good: 10 * 4 });
  });

  test('of a new objective begins where all results are there', () => {
    expired();
    const fresh: Rule = { ...AVAILABILITY, id: 'fresh' };
    using ledger = open({ objectives: [AVAILABILITY, LATENCY, fresh] });
    expect(steps(ledger, fresh)[0]).toBe(FROM + 1);
    expect(ledger.notices).toEqual([`fresh counts from ${fromText} on, because the results of before have expired`]);
  });

  test('of one that returns takes in all that came while it was away, as long as it is there', () => {
    {
      using ledger = open();
      appendRuns(ledger, 0, 4);
    }
    {
      using ledger = open({ objectives: [LATENCY] });
      appendRuns(ledger, 4, 9 * 4);
      tidy(ledger, order(T0 + 11 * DAY));
      expect(seqs(ledger)[0]).toBe(5);
    }
    using ledger = open();
    expect(total(ledger, AVAILABILITY)).toMatchObject({ good: 10 * 4 });
  });

  test('counts no late result of a time that has expired, since it may have been counted before', () => {
    expired();
    using ledger = open();
    const before = total(ledger, AVAILABILITY);
    ledger.append([aResult(3, { scheduledMs: T0 + 3 * GAP })], T0 + 15 * DAY);
    ledger.append([aResult(4, { scheduledMs: T0 + 4 * GAP })], T0 + 15 * DAY);
    expect(total(ledger, AVAILABILITY)).toEqual(before);
    expect(seqs(ledger).slice(-2)).toEqual([41, 42]);
    expect(notes(ledger)).toEqual([
      `came when the results of its time, up to ${new Date(T0 + 19 * GAP).toISOString()}, had expired: stored, and not counted`,
    ]);
  });

  test('comes out as the results that are there say, whatever had expired and was judged before', () => {
    let round = 0;
    fc.assert(
      fc.property(
        fc.array(fc.record({ hour: fc.nat(12 * 24), ms: fc.constantFrom(5, 20, 300) }), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.nat(12),
        (runs, days) => {
          round += 1;
          path = join(folder, `${round}.db`);
          const results = runs.map(({ hour, ms }, n) =>
            aResult(n, { scheduledMs: T0 + hour * HOUR, readings: [{ type: 'duration', indicator: 'latency', ms }] }),
          );
          using first = open();
          for (const [n, result] of results.entries()) first.append([result], T0 + n * HOUR);
          const was = first.tallies({ objective: LATENCY.id, ...ALL });
          tidy(first, order(T0 + (10 + days) * DAY));
          first.close();
          using again = open({ objectives: [AVAILABILITY, strict] });
          const left = again.chained(0, 1e9, 1e6).map(({ result }) => result);
          const gone = results.filter(({ runId }) => !left.some((each) => each.runId === runId));
          const wholeMs = Math.max(-Infinity, ...gone.map(({ scheduledMs }) => scheduledMs + DAY + 1));
          const expected = sumTallies([
            ...was.filter(({ atMs }) => atMs < wholeMs),
            ...left
              .flatMap((result) => judge(strict, result, STEP))
              .flatMap(({ atMs, tally }) => (atMs >= wholeMs ? [tally] : [])),
          ]);
          expect(total(again, strict)).toEqual(expected);
        },
      ),
      { numRuns: 20 },
    );
  });
});
