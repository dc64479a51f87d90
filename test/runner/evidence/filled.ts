/** A folder with a configuration and a ledger that a runner could have left there: an hour of runs, a failure, a change of colour. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Configuration } from '../../../runner/config/configuration.ts';
import { loadConfiguration } from '../../../runner/config/load.ts';
import { targetEvents } from '../../../runner/target-record.ts';
import { openStore } from '../../../store/open.ts';
import type { Result } from '../../../store/result.ts';
import type { LedgerEvent } from '../../../store/store.ts';
import { aResult } from '../../support/results.ts';

/** A while ago, on a step's start: nothing here depends on when the test runs. */
export const BEGAN = Date.UTC(2026, 1, 3, 9, 0, 0);
export const MINUTE = 60_000;
export const ENDED = BEGAN + 60 * MINUTE;

const DOCUMENT = `environment: staging
location: fra1
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:9/status", every: 15s }
  - { id: positions, kind: http, service: client-api, url: "http://127.0.0.1:9/positions", every: 15s, endpoint: /positions }
  - { id: orders, kind: http, service: client-api, url: "http://127.0.0.1:9/orders", every: 15s, endpoint: /orders }
objectives:
  - { id: sla-availability, title: Availability, commitment: sla, service: client-api, target: "0.995", window: 90d, sli: availability, probes: [status], minEvents: 100 }
  - { id: latency, service: client-api, target: "0.95", window: 30d, sliding: 5m, sli: { indicator: latency, within: 250ms }, split: endpoint, probes: [positions, orders], minEvents: 10 }
evidence: { key: keys/evidence-key.pem }
`;

export async function newFolder(document = DOCUMENT): Promise<{ folder: string; configuration: Configuration }> {
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-evidence-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), document);
  return { folder, configuration: await configurationIn(folder) };
}

export async function configurationIn(folder: string): Promise<Configuration> {
  const loaded = await loadConfiguration({ file: undefined, folder, environment: {} });
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  return loaded.configuration;
}

export function runs(): readonly Result[] {
  const all: Result[] = [];
  for (let n = 0; n < 240; n += 1) {
    const at = BEGAN + n * 15_000;
    const common = { service: 'client-api', weightMs: 15_000, cadence: 'green' } as const;
    const isBad = n === 100 || n === 101;
    const failed = isBad ? ({ outcome: 'bad', reason: 'timeout' } as const) : {};
    all.push(aResult(n, { ...common, runId: `status/${n}`, scheduledMs: at, ...failed }));
    for (const [probe, shift] of [
      ['positions', 3000],
      ['orders', 7000],
    ] as const) {
      const ms = n % 29 === 0 ? 300 + n : 40 + (n % 13);
      const readings = [{ type: 'duration', indicator: 'latency', ms }] as const;
      const place = { probe, endpoint: `/${probe}`, scheduledMs: at + shift, readings };
      all.push(aResult(n, { ...common, runId: `${probe}/${n}`, ...place }));
    }
  }
  return all;
}

export const COLOURS: readonly LedgerEvent[] = [
  {
    id: 'colour/1',
    atMs: BEGAN + 26 * MINUTE,
    kind: 'colour',
    service: 'client-api',
    subject: 'sla-availability',
    body: { from: 'green', to: 'red', consumed: 1.6, good: 98, bad: 2, burnNow: 2.31 },
  },
];

/** Stores as a runner does, each at its recorded time. */
export async function fill(
  { ledgerPath, objectives, base }: Configuration,
  recordedMs: number,
  results: readonly Result[],
  events: readonly LedgerEvent[] = [],
): Promise<void> {
  await using store = await openStore({
    path: ledgerPath,
    objectives,
    stepMs: base.minuteMs,
    nowMs: recordedMs,
    clock: { wallMs: () => recordedMs },
  });
  await store.append(results);
  const known = await store.events({ kind: 'target' });
  await store.recordEvents([...targetEvents(objectives, known, base, recordedMs), ...events]);
}

/** Runs that were due in time and came days later: a machine that was cut off. */
export function lateRuns(): readonly Result[] {
  return Array.from({ length: 5 }, (_, n) =>
    aResult(n, {
      runId: `status/late/${n}`,
      service: 'client-api',
      weightMs: 15_000,
      scheduledMs: BEGAN + 40 * MINUTE + n * 15_000 + 100,
      outcome: 'bad',
      reason: 'connect-refused',
    }),
  );
}
