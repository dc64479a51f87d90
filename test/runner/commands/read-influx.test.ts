import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startExport } from '../../../runner/export.ts';
import { loadConfiguration } from '../../../runner/config/load.ts';
import { openStore } from '../../../store/open.ts';
import type { LedgerEvent } from '../../../store/store.ts';
import { startInfluxd, type Influxd } from '../../support/influxd.ts';
import { aResult } from '../../support/results.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { isMissing } from '../../support/servers.ts';
import { commandAt } from './support.ts';

const NOW = Date.UTC(2026, 0, 15, 12, 0, 30);
const clock = new ManualClock(0, NOW);

let folder = '';
let influxd: Influxd;

/** The same configuration at each place, with a ledger of its own. */
function configure(location: string, store: object): string {
  const own = join(folder, location);
  mkdirSync(own, { recursive: true });
  const objective = { service: 'client-api', target: '0.99', window: '30d', probes: ['status'], sli: 'availability' };
  const document = {
    location,
    probes: [{ id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/status' }],
    objectives: [
      { id: 'availability', ...objective },
      { id: 'places', ...objective, split: 'location' },
    ],
    store: { influx: { url: influxd.url, database: influxd.database }, ...store },
  };
  writeFileSync(join(own, 'pulsedrill.config.json'), JSON.stringify(document));
  return own;
}

/** Two hours at one place: one failure in `every`. */
async function remember(location: string, every: number): Promise<void> {
  const loaded = await loadConfiguration({ file: undefined, folder: configure(location, {}), environment: {} });
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  const { configuration } = loaded;
  await using store = await openStore({
    path: configuration.ledgerPath,
    objectives: configuration.objectives,
    stepMs: 60_000,
    clock,
  });
  await store.append(
    Array.from({ length: 240 }, (_, n) =>
      aResult(n, {
        runId: `${location}/${n}`,
        location,
        service: 'client-api',
        weightMs: 30_000,
        scheduledMs: NOW - (240 - n) * 30_000,
        ...(n % every === 0 ? { outcome: 'bad', reason: 'timeout' } : {}),
      }),
    ),
  );
  const body = { from: 'unknown', to: 'red', consumed: 2.5 };
  const event: LedgerEvent = {
    id: 'c',
    atMs: NOW - 60_000,
    kind: 'colour',
    service: 'client-api',
    subject: 'availability',
    body,
  };
  await store.recordEvents([event]);
  await using exporter = startExport(configuration, store, (line) => expect.fail(line));
  expect((await exporter?.flush())?.total).toBe(0);
}

/** Half a minute later: what is recorded has settled. */
const later = new ManualClock(0, NOW + 29_000);
const run = (own: string, ...words: readonly string[]) => commandAt(later, own, ...words);

describe.skipIf(isMissing('influxd', 'influxdb'))('commands that read a shared InfluxDB', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pulsedrill-shared-'));
    influxd = await startInfluxd();
    await remember('fra1', 20);
    await remember('ams2', 60);
  });
  afterAll(async () => {
    await influxd[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('say of one location what its ledger says, to the last digit', async () => {
    const own = configure('fra1', { read: { from: 'influx', locations: ['fra1'] } });
    for (const words of [
      ['budget', '--json'],
      ['gate', 'client-api', '--json'],
    ]) {
      const shared = await run(own, ...words);
      expect(shared.complained).toBe('');
      expect(shared).toEqual(await run(own, ...words, '--read', 'ledger'));
    }
    const reports = [];
    for (const read of ['influx', 'ledger']) {
      const out = join(folder, read);
      expect(await run(own, 'report', 'sla', '--read', read, '--from', '3h', '--out', out)).toMatchObject({ code: 0 });
      reports.push(
        readdirSync(out).map((name) => [
          name,
          readFileSync(join(out, name), 'utf8').replace(/^- As known at .*\n/m, ''),
        ]),
      );
    }
    expect(reports[0]).toEqual(reports[1]);
  });

  it('add up what several locations have counted, and say where something happened', async () => {
    const own = configure('ams2', { read: 'influx' });
    const { printed, code } = await run(own, 'budget', '--json');
    const [availability, places] = JSON.parse(printed).objectives;
    expect([availability.events.valid, availability.events.bad, code]).toEqual([480, 12 + 4, 1]);
    expect(places.splits).toMatchObject([
      { split: 'ams2', good: 236, valid: 240 },
      { split: 'fra1', good: 228, valid: 240 },
    ]);
    const out = join(folder, 'both');
    await run(own, 'report', 'sla', '--from', '3h', '--out', out);
    const page = readFileSync(join(out, 'sla.md'), 'utf8');
    expect(page).toContain('every location that ships to InfluxDB');
    expect(page).toContain('at ams2: unknown → red');
    expect(page).toContain('at fra1: unknown → red');
  });

  it('doctor says that InfluxDB has everything, whose it has, and how many series there can be', async () => {
    const own = configure('ams2', { read: 'influx' });
    const { printed } = await run(own, 'doctor');
    expect(printed.split('\n').filter((line) => line.includes('InfluxDB'))).toEqual([
      `ok       InfluxDB ${influxd.url}: answers, status 204`,
      `ok       InfluxDB writing: ${influxd.url} db=pulsedrill takes what is written`,
      'ok       InfluxDB lag: it has everything; at most 133 series from ams2',
      'ok       InfluxDB reading: locations that have shipped: ams2, fra1',
    ]);
  });

  it('cannot say of several ledgers what was known when', async () => {
    const own = configure('ams2', { read: 'influx' });
    expect(await run(own, 'report', 'sla', '--as-of', '1h')).toEqual({
      code: 2,
      printed: '',
      complained:
        'report sla: expected --as-of of a ledger, whose chain says what was known when, got a shared InfluxDB; --read ledger reads the ledger',
    });
  });

  it('refuse to read what is not configured, and say how to go on where it does not answer', async () => {
    const none = join(folder, 'none');
    mkdirSync(none);
    const probes = [{ id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/status' }];
    writeFileSync(join(none, 'pulsedrill.config.json'), JSON.stringify({ probes }));
    expect(await run(none, 'budget', '--read', 'influx')).toEqual({
      code: 2,
      printed: '',
      complained: '--read influx: expected store.influx in the configuration, got none',
    });
    const gone = configure('gone', { influx: { url: 'http://127.0.0.1:1', database: 'd' }, read: 'influx' });
    expect(await run(gone, 'budget')).toEqual({
      code: 3,
      printed: '',
      complained:
        'InfluxDB http://127.0.0.1:1 db=d: cannot be reached: connect ECONNREFUSED 127.0.0.1:1: see store.influx, or read the ledger of this machine instead (store.read)',
    });
  });
});
