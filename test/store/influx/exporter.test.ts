import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../runner/clock.ts';
import { startInfluxExport } from '../../../store/influx/exporter.ts';
import type { ExportState } from '../../../store/influx/exporter.ts';
import { NO_LAG } from '../../../store/influx/lag.ts';
import { openStore } from '../../../store/open.ts';
import type { LedgerStore } from '../../../store/open.ts';
import { startInfluxd } from '../../support/influxd.ts';
import type { Influxd } from '../../support/influxd.ts';
import { AVAILABILITY, LATENCY, T0, aResult } from '../../support/results.ts';
import { eventually, isMissing } from '../../support/servers.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-influx-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): Promise<LedgerStore> =>
  openStore({ path: join(folder, 'ledger.db'), objectives: [AVAILABILITY, LATENCY], stepMs: 60_000 });

function exportTo(influxd: Influxd, store: LedgerStore, states: ExportState[] = []) {
  return startInfluxExport({
    store,
    connection: { url: influxd.url, database: influxd.database },
    location: 'fra1',
    clock: systemClock,
    random: () => 0,
    onState: (state) => states.push(state),
    pollMs: 20,
    batchRows: 100,
  });
}

async function runIds(influxd: Influxd): Promise<readonly unknown[]> {
  return (await influxd.query('SELECT run_id FROM pulsedrill_run')).map((row) => row['run_id']);
}

describe.skipIf(isMissing('influxd', 'influxdb'))('an export to InfluxDB 1.x', () => {
  test('brings every point exactly once, although the server is down for a while', { timeout: 120_000 }, async () => {
    await using influxd = await startInfluxd();
    await using store = await open();
    const states: ExportState[] = [];
    await using exporter = exportTo(influxd, store, states);

    // Some runs of two probes share a moment with another of their own series.
    const results = Array.from({ length: 900 }, (_, n) =>
      aResult(n, { scheduledMs: T0 + Math.floor(n / 3) * 500, endpoint: n % 2 === 0 ? '/orders' : null }),
    );
    const appendFrom = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n += 10) await store.append(results.slice(n, n + 10));
    };
    await appendFrom(0, 300);
    await eventually(async () => ((await runIds(influxd)).length > 0 ? true : undefined), 'the first points arrive');

    await influxd.stop('SIGTERM');
    await appendFrom(300, 450);
    expect((await exporter.flush()).results).toBeGreaterThan(0);
    await eventually(() => states.find(({ state }) => state === 'held'), 'the export says that it is held');
    await influxd.start();
    await appendFrom(450, 600);
    await influxd.stop('SIGKILL');
    await appendFrom(600, 900);
    await store.recordEvents([
      { id: 'e', atMs: T0, kind: 'note', service: null, subject: 'line\nfeed "quoted"', body: {} },
    ]);
    await influxd.start();
    await eventually(
      async () => ((await exporter.flush()).total === 0 ? true : undefined),
      'everything is shipped',
      60_000,
    );

    const arrived = await influxd.query('SELECT run_id, probe, endpoint FROM pulsedrill_run');
    expect(arrived).toHaveLength(900);
    expect(new Set(arrived.map((row) => row['run_id']))).toEqual(new Set(results.map(({ runId }) => runId)));
    expect(await influxd.query('SELECT count(run_id) AS n, sum(is_good) AS good FROM pulsedrill_run')).toMatchObject([
      { n: 900, good: 900 },
    ]);
    expect(
      await influxd.query(
        `SELECT sum(good_us) / (sum(good_us) + sum(bad_us)) AS share FROM pulsedrill_tally WHERE objective = '${AVAILABILITY.id}'`,
      ),
    ).toMatchObject([{ share: 1 }]);
    const tallies = await store.tallies({ objective: AVAILABILITY.id, fromMs: 0, toMs: T0 * 2 });
    expect(
      await influxd.query(`SELECT good, good_us FROM pulsedrill_tally WHERE objective = '${AVAILABILITY.id}'`),
    ).toEqual(tallies.map(({ atMs, good }) => ({ time: `${atMs}000000`, good, good_us: good * 1_000_000 })));
    expect(await influxd.query('SELECT subject, id FROM pulsedrill_event')).toEqual([
      { time: `${T0}000000`, subject: 'line feed "quoted"', id: 'e' },
    ]);
    expect(states.at(-1)).toEqual({ state: 'shipping' });
  });

  test('goes on where it stopped, and ships a tally again when it has changed', async () => {
    await using influxd = await startInfluxd();
    await using store = await open();
    for (const batch of [0, 1]) {
      await store.append([aResult(batch * 2), aResult(batch * 2 + 1)]);
      await using exporter = exportTo(influxd, store);
      expect(await exporter.flush()).toEqual(NO_LAG);
      const steps = await influxd.query(`SELECT good FROM pulsedrill_tally WHERE objective = '${AVAILABILITY.id}'`);
      expect(steps).toEqual([{ time: `${T0}000000`, good: batch * 2 + 2 }]);
    }
    expect(await runIds(influxd)).toEqual([0, 1, 2, 3].map((n) => aResult(n).runId));
  });

  test('passes over a line that InfluxDB will never take, says which, and ships the others', async () => {
    await using influxd = await startInfluxd();
    // Somebody else has written this field as text: a number can no longer be stored in it.
    const spoilt = `pulsedrill_run,probe=other value_weird="text" ${T0}000000`;
    await fetch(`${influxd.url}/write?db=${influxd.database}`, { method: 'POST', body: spoilt });
    await using store = await open();
    const states: ExportState[] = [];
    await store.append(Array.from({ length: 40 }, (_, n) => aResult(n, n === 17 ? { values: { weird: 1 } } : {})));
    await using exporter = exportTo(influxd, store, states);
    expect((await exporter.flush()).total).toBe(0);
    expect((await runIds(influxd)).length).toBe(39);
    const rejected = states.filter((state) => state.state === 'rejected');
    expect(rejected).toHaveLength(1);
    expect(rejected[0]?.line).toContain(`run_id="${aResult(17).runId}"`);
    expect(rejected[0]?.why).toBe(
      'InfluxDB answered 400: partial write: field type conflict: input field "value_weird" on measurement ' +
        '"pulsedrill_run" is type float, already exists as type string dropped=1',
    );
  });

  test('loses nothing while the database does not exist', async () => {
    await using influxd = await startInfluxd();
    await influxd.query(`DROP DATABASE "${influxd.database}"`);
    await using store = await open();
    await store.append([aResult(0)]);
    const states: ExportState[] = [];
    await using exporter = exportTo(influxd, store, states);
    const held = await eventually(() => states.find((state) => state.state === 'held'), 'the export is held');
    expect(held).toMatchObject({
      why: 'InfluxDB answered 404: database not found: "pulsedrill"',
      lag: { results: 1, events: 0, budgets: 0, tallies: 2, total: 3, oldestMs: T0 },
    });
    await influxd.query(`CREATE DATABASE "${influxd.database}"`);
    expect((await exporter.flush()).total).toBe(0);
    expect(await runIds(influxd)).toEqual([aResult(0).runId]);
  });
});
