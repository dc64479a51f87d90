import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { knownAt, type Recorded } from '../../store/as-of.ts';
import type { Rule } from '../../store/judge.ts';
import { Ledger } from '../../store/ledger.ts';
import { openStore } from '../../store/open.ts';
import type { Result } from '../../store/result.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import { AVAILABILITY, LATENCY, T0, aResult, collect } from '../support/results.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-as-of-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Ticks of one minute are one cluster: what came late cannot simply be taken away. */
const TICKS: Rule = {
  id: 'ticks',
  sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: false },
  weighing: 'count',
  split: 'venue',
  probes: ['ticks'],
};
const RULES = [AVAILABILITY, LATENCY, TICKS];

/** The ledger without its thread. */
function storeOf(ledger: Ledger): Recorded {
  return {
    tallies: (query) => Promise.resolve(ledger.tallies(query)),
    rollups: (query) => Promise.resolve(ledger.rollups(query)),
    results: (query) => later(ledger.results(query)),
    events: (query) => Promise.resolve(ledger.events(query)),
    budgets: (query) => Promise.resolve(ledger.budgets(query)),
    segments: (query = {}) => Promise.resolve(ledger.segments(query)),
    chained: ({ firstSeq, lastSeq }) => later(ledger.chained(firstSeq - 1, lastSeq, 100_000)),
  };
}

async function* later<T>(items: Iterable<T>): AsyncIterable<T> {
  yield* await Promise.resolve(items);
}

function ticks(n: number, atMs: number, valid: number, venue: string | null): Result {
  const within = Math.floor(valid / 3);
  const reading = {
    type: 'counts',
    indicator: 'tick-age',
    atMs,
    valid,
    within: { 'le:1500': within },
    weigh: 'each',
  } as const;
  const p = { p50Ms: 1, p99Ms: 2, maxMs: 3 };
  return aResult(n, {
    runId: `ticks/${n}`,
    probe: 'ticks',
    kind: 'market-data',
    scheduledMs: atMs,
    venue,
    readings: [{ ...reading, ...p }],
  });
}

interface Stored {
  readonly result: Result;
  readonly recordedMs: number;
}

const anyStored: fc.Arbitrary<readonly Stored[]> = fc
  .array(
    fc.record({
      minute: fc.integer({ min: 0, max: 150 }),
      lateness: fc.oneof(
        { weight: 3, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }) },
      ),
      isTicks: fc.boolean(),
      isBad: fc.boolean(),
      place: fc.constantFrom(null, 'a', 'b'),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((drawn) =>
    drawn
      .map(({ minute, lateness, isTicks, isBad, place }, n) => {
        // Around midnight, so that a day ends in the middle.
        const atMs = T0 + 11 * HOUR + minute * MINUTE;
        const result = isTicks
          ? ticks(n, atMs, 3 + n, place)
          : aResult(n, { scheduledMs: atMs, endpoint: place, ...(isBad ? { outcome: 'bad', reason: 'timeout' } : {}) });
        return { result, recordedMs: atMs + 1000 + lateness * MINUTE };
      })
      .toSorted((a, b) => a.recordedMs - b.recordedMs),
  );

function fill(path: string, stored: readonly Stored[]): Ledger {
  const ledger = new Ledger({ path: join(folder, path), objectives: RULES, stepMs: MINUTE });
  for (const { result, recordedMs } of stored) ledger.append([result], recordedMs);
  return ledger;
}

/** Everything that a report asks of an objective. */
async function asked(reader: StoreReader, objective: string): Promise<unknown> {
  const range = { objective, fromMs: T0 - DAY, toMs: T0 + 3 * DAY };
  const { rows } = await reader.rollups({
    reads: [
      { ...range, span: 'hour' },
      { ...range, span: 'day' },
      { ...range, span: 'hour', fromMs: T0 + 12 * HOUR + 1, toMs: T0 + 12 * HOUR + 2 },
    ],
    since: null,
  });
  return {
    steps: await reader.tallies({ ...range, bySplit: true }),
    grouped: await reader.tallies({ ...range, groupMs: 7 * MINUTE }),
    rows: rows.map((each) => each.map((row) => ({ ...row, steps: Buffer.from(row.steps).toString('hex') }))),
  };
}

describe('a store as of a moment', () => {
  test('says exactly what a ledger says that never got what came later', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(anyStored, fc.integer({ min: 0, max: 400 }), async (stored, minutes) => {
        run += 1;
        const asOfMs = T0 + 11 * HOUR + minutes * MINUTE;
        const known = stored.filter(({ recordedMs }) => recordedMs <= asOfMs);
        using all = fill(`all-${run}.db`, stored);
        using then = fill(`then-${run}.db`, known);
        const found = await knownAt(storeOf(all), { asOfMs, untilMs: T0 + 3 * DAY, stepMs: MINUTE, rules: RULES });
        if (!found.ok) throw new Error(found.message);
        for (const { id } of RULES) expect(await asked(found.reader, id)).toEqual(await asked(storeOf(then), id));
        const range = { fromMs: 0, toMs: T0 * 2 };
        const ids = async (reader: StoreReader) => (await collect(reader.results(range))).map(({ runId }) => runId);
        expect(await ids(found.reader)).toEqual(await ids(storeOf(then)));
      }),
      { numRuns: 25 },
    );
  });

  test('leaves out events that were recorded later, and budget points of later', async () => {
    using ledger = fill('events.db', []);
    const event = (id: string, atMs: number): LedgerEvent => ({
      id,
      atMs,
      kind: 'note',
      service: null,
      subject: id,
      body: {},
    });
    ledger.recordEvents([event('in time', T0)], T0 + 1);
    ledger.recordEvents([event('late', T0)], T0 + 11);
    const point = {
      service: 's',
      colour: 'green',
      consumedPct: 1,
      attainmentPct: 99,
      burn1h: 0,
      validEvents: 1,
      badEvents: 0,
    };
    ledger.recordBudgets([T0, T0 + 20].map((atMs) => ({ ...point, objective: 'o', atMs })));
    const found = await knownAt(storeOf(ledger), { asOfMs: T0 + 10, untilMs: T0 + HOUR, stepMs: MINUTE, rules: RULES });
    if (!found.ok) throw new Error(found.message);
    expect((await found.reader.events({ kind: 'note' })).map(({ id }) => id)).toEqual(['in time']);
    expect((await found.reader.budgets({ objective: 'o', fromMs: 0, toMs: T0 * 2 })).map(({ atMs }) => atMs)).toEqual([
      T0,
    ]);
  });

  test('refuses where raw results have expired that may have been recorded later', async () => {
    using ledger = fill('expired.db', [{ result: aResult(0), recordedMs: T0 + HOUR }]);
    const store = storeOf(ledger);
    const expired: Recorded = {
      ...store,
      segments: async () =>
        (await store.segments()).map((each) => ({ ...each, closedMs: T0 + 2 * HOUR, expiredMs: T0 + 9 * DAY })),
    };
    const options = { untilMs: T0 + HOUR, stepMs: MINUTE, rules: RULES };
    expect(await knownAt(expired, { ...options, asOfMs: T0 + 90 * MINUTE })).toEqual({
      ok: false,
      message:
        'what was known at 2026-01-15T13:30:00.000Z cannot be told any more: segment 1 of raw results (due 2026-01-15T12:00:00.000Z to 2026-01-15T12:00:00.000Z), which may hold results that were recorded later, has expired; ask as of a later moment, or keep raw results longer',
    });
    // All of the segment had been recorded by then.
    expect(await knownAt(expired, { ...options, asOfMs: T0 + 3 * HOUR })).toMatchObject({
      ok: true,
      late: { results: 0, steps: 0 },
    });
  });

  test('a snapshot stays as it is while somebody writes', async () => {
    const path = join(folder, 'ledger.db');
    let nowMs = T0 + 5000;
    const clock = { wallMs: () => nowMs };
    await using writer = await openStore({ path, objectives: RULES, stepMs: MINUTE, clock });
    await writer.append([aResult(0)]);
    {
      await using seen = await openStore({ path, objectives: RULES, stepMs: MINUTE, readOnly: true, snapshot: true });
      nowMs += 1000;
      await writer.append([aResult(1)]);
      await writer.recordEvents([{ id: 'e', atMs: T0, kind: 'note', service: null, subject: 's', body: {} }]);
      const range = { fromMs: 0, toMs: T0 * 2 };
      expect(await collect(seen.results(range))).toHaveLength(1);
      expect((await seen.tallies({ objective: AVAILABILITY.id, ...range })).map(({ good }) => good)).toEqual([1]);
      expect(await seen.events({ kind: 'note' })).toEqual([]);
      expect(await seen.recordedMs()).toBe(T0 + 5000);
    }
    expect(await writer.recordedMs()).toBe(T0 + 6000);
  });
});
