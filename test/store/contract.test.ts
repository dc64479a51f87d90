import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timeBase } from '../../slo/time-base.ts';
import { createEvaluation, evaluateAll } from '../../runner/evaluation.ts';
import type { Result } from '../../store/result.ts';
import { systemClock } from '../../runner/clock.ts';
import type { InfluxConnection } from '../../store/influx/connection.ts';
import { startInfluxExport } from '../../store/influx/exporter.ts';
import { openInfluxReader, type InfluxReader } from '../../store/influx/reader.ts';
import { openStore, type LedgerStore } from '../../store/open.ts';
import type { StoreReader } from '../../store/store.ts';
import { anObjective, START } from '../reports/sample.ts';
import { startInfluxd } from '../support/influxd.ts';
import { aResult, collect } from '../support/results.ts';
import { isMissing } from '../support/servers.ts';
import {
  CONTRACT_EVENTS,
  CONTRACT_OBJECTIVES,
  CONTRACT_RESULTS,
  contractBudgets,
  readerContract,
  referenceReader,
  STEP_MS,
} from './contract.ts';

let folder = '';
let ledger: LedgerStore;
let expected: StoreReader;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-contract-'));
  const budgets = await contractBudgets();
  expected = referenceReader(CONTRACT_RESULTS, CONTRACT_EVENTS, budgets);
  ledger = await openStore({
    path: join(folder, 'ledger.db'),
    objectives: CONTRACT_OBJECTIVES,
    stepMs: STEP_MS,
    clock: systemClock,
  });
  await ledger.append(CONTRACT_RESULTS);
  await ledger.recordEvents(CONTRACT_EVENTS);
  await ledger.recordBudgets(budgets);
});
afterAll(async () => {
  await ledger[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function shipTo(connection: InfluxConnection): Promise<void> {
  const said: unknown[] = [];
  await using exporter = startInfluxExport({
    store: ledger,
    connection,
    location: 'fra1',
    clock: systemClock,
    random: () => 0,
    onState: (state) => said.push(state),
  });
  const lag = await exporter.flush();
  expect({ lag: lag.total, said }).toEqual({ lag: 0, said: [] });
}

function openReader(connection: InfluxConnection): InfluxReader {
  const signal = new AbortController().signal;
  return openInfluxReader({ connection, stepMs: STEP_MS, objectives: CONTRACT_OBJECTIVES, signal });
}

describe('a ledger', () => {
  readerContract(() => ({ reader: ledger, expected }));
});

describe.skipIf(isMissing('influxd', 'influxdb'))('an InfluxDB 1.x that a ledger was shipped to', () => {
  const stack = new AsyncDisposableStack();
  let reader: InfluxReader;
  beforeAll(async () => {
    const influxd = stack.use(await startInfluxd());
    const connection = { url: influxd.url, database: influxd.database };
    await shipTo(connection);
    reader = stack.use(openReader(connection));
  });
  afterAll(() => stack.disposeAsync());

  readerContract(() => ({ reader, expected }));

  test('says when each run was recorded, and leaves out what was recorded later, as the ledger does', async () => {
    const all = { fromMs: START, toMs: START + 60_000 };
    const found = await collect(reader.results(all));
    expect(found).toEqual(await collect(ledger.results(all)));
    const recordedMs = found[0]?.recordedMs ?? 0;
    expect(recordedMs).toBeGreaterThan(0);
    for (const recordedBefore of [recordedMs, recordedMs + 1]) {
      const earlier = await collect(reader.results({ ...all, recordedBefore }));
      expect(earlier).toEqual(await collect(ledger.results({ ...all, recordedBefore })));
    }
  });
});

describe.skipIf(isMissing('influxd', 'influxdb'))('two ledgers that are shipped to one InfluxDB', () => {
  const rule = { ...anObjective({ id: 'places', split: 'location', probes: ['status'] }), windowMs: 86_400_000 };
  const at = (location: string, n: number): Result =>
    aResult(n, { runId: `${location}/${n}`, location, scheduledMs: START + n * 60_000, weightMs: 60_000 });

  test('are judged together, and who follows takes in what comes later and late, as if it had read all again', async () => {
    await using influxd = await startInfluxd();
    const connection = { url: influxd.url, database: influxd.database };
    const base = timeBase(1);
    const nowMs = START + 400 * 60_000;
    await using shared = openInfluxReader({
      connection,
      stepMs: STEP_MS,
      objectives: [rule],
      signal: new AbortController().signal,
    });
    const following = createEvaluation(shared, [rule], base);
    const stores = new Map<string, LedgerStore>();
    try {
      const ship = async (location: string, results: readonly Result[]): Promise<void> => {
        const path = join(folder, `${location}.db`);
        const store = stores.get(location) ?? (await openStore({ path, objectives: [rule], stepMs: STEP_MS }));
        stores.set(location, store);
        await store.append(results);
        await using exporter = startInfluxExport({ store, connection, location, clock: systemClock, random: () => 0 });
        expect((await exporter.flush()).total).toBe(0);
      };
      const some = (location: string, from: number, to: number): readonly Result[] =>
        Array.from({ length: to - from }, (_, n) => at(location, from + n));
      const counted = async () => {
        const [status] = await following.at(nowMs);
        const [fresh] = await evaluateAll(shared, [rule], { base, nowMs });
        expect(status).toEqual(fresh);
        return status?.splits.map(({ split, validEvents }) => [split, validEvents]);
      };
      await ship('fra1', some('fra1', 0, 300));
      expect(await counted()).toEqual([['fra1', 300]]);
      await ship('ams2', some('ams2', 0, 50));
      expect(await counted()).toEqual([
        ['ams2', 50],
        ['fra1', 300],
      ]);
      // Late, into hours that were read long ago.
      await ship('ams2', some('ams2', 100, 130));
      await ship('fra1', some('fra1', 300, 310));
      expect(await counted()).toEqual([
        ['ams2', 80],
        ['fra1', 310],
      ]);
      const found = await collect(shared.results({ fromMs: START, toMs: START + 60_000 }));
      expect(found.map(({ location }) => location)).toEqual(['ams2', 'fra1']);
      await using one = openInfluxReader({
        connection,
        stepMs: STEP_MS,
        objectives: [rule],
        locations: ['ams2'],
        signal: new AbortController().signal,
      });
      const [tally] = await one.tallies({ objective: rule.id, fromMs: START, toMs: nowMs, groupMs: 400 * 60_000 });
      expect(tally?.good).toBe(80);
    } finally {
      for (const store of stores.values()) await store[Symbol.asyncDispose]();
    }
  });
});

const { INFLUX_URL: url, INFLUX_TOKEN: token, INFLUX_ORG: org, INFLUX_BUCKET: bucket } = process.env;

describe.skipIf(url === undefined || bucket === undefined)('the InfluxDB 2.x or 3.x of INFLUX_URL', () => {
  const stack = new AsyncDisposableStack();
  let reader: InfluxReader;
  beforeAll(async () => {
    const connection = { url: url ?? '', org: org ?? '', bucket: bucket ?? '', token };
    await shipTo(connection);
    reader = stack.use(openReader(connection));
  });
  afterAll(() => stack.disposeAsync());

  readerContract(() => ({ reader, expected }));
});
