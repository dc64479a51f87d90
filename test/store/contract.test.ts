import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../runner/clock.ts';
import type { InfluxConnection } from '../../store/influx/connection.ts';
import { startInfluxExport } from '../../store/influx/exporter.ts';
import { openInfluxReader, type InfluxReader } from '../../store/influx/reader.ts';
import { openStore, type LedgerStore } from '../../store/open.ts';
import type { StoreReader } from '../../store/store.ts';
import { START } from '../reports/sample.ts';
import { startInfluxd } from '../support/influxd.ts';
import { collect } from '../support/results.ts';
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
