/** The whole way: the sandbox tells, a real Prometheus scrapes, the ledger keeps, the rows are judged. Policy minutes are short. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../../runner/clock.ts';
import type { Configuration } from '../../../runner/config/configuration.ts';
import { checkSources } from '../../../runner/doctor/sources.ts';
import { evaluateAll } from '../../../runner/evaluation.ts';
import { createTelemetry, type Telemetry } from '../../../runner/telemetry/telemetry.ts';
import { startSandbox, type Sandbox } from '../../../sandbox/start.ts';
import { openStore, type LedgerStore } from '../../../store/open.ts';
import type { Result } from '../../../store/result.ts';
import { ROOT } from '../../docs/markdown.ts';
import { startPrometheus, type Prometheus } from '../../support/prometheus.ts';
import { collect } from '../../support/results.ts';
import { eventually, freePort, isMissing } from '../../support/servers.ts';
import { configured } from '../configured.ts';

/** A policy minute lasts 2 s, and holds ten scrapes. */
const SCALE = 30;
const MINUTE = 60_000 / SCALE;
const SCRAPE = 200;
const LONG_MS = 60_000;
vi.setConfig({ testTimeout: 4 * LONG_MS, hookTimeout: 2 * LONG_MS });

let folder = '';
let sandbox: Sandbox;
let ports: { readonly venue: number; readonly venueControl: number };
let prometheus: Prometheus;
let configuration: Configuration;
let store: LedgerStore;
let stop: AbortController;
let telemetry: Telemetry;
let running: Promise<void>;
const trouble: string[] = [];

async function begin(): Promise<Sandbox> {
  return startSandbox({ ticksPerSecond: 50, ports });
}

async function turn(control: string, knobs: object): Promise<void> {
  const answer = await fetch(`${control}/knobs`, { method: 'PATCH', body: JSON.stringify(knobs) });
  expect(answer.status).toBe(200);
}

/** One order on each exchange: acknowledgements are told of orders alone. */
async function order(): Promise<void> {
  for (const venue of ['primary', 'backup']) {
    const [symbol] = sandbox.symbols;
    const body = { symbol, side: 'buy', quantity: 0.001, reference_price: 50_000, venue };
    const headers = { authorization: `Bearer ${sandbox.token}` };
    await fetch(`${sandbox.venueUrl}/api/v1/orders`, { method: 'POST', headers, body: JSON.stringify(body) });
  }
}

async function kept(objective: string): Promise<readonly Result[]> {
  return collect(store.results({ fromMs: 0, toMs: Infinity, probe: `telemetry:${objective}` }));
}

/** A slice is one event. */
function counts({ readings }: Result): { good: number; valid: number } {
  let [good, valid] = [0, 0];
  for (const reading of readings) {
    if (reading.type === 'median') {
      good += reading.ms <= 45_000 ? 1 : 0;
      valid += 1;
    }
    if (reading.type !== 'telemetry') continue;
    good += Number(reading.good);
    valid += Number(reading.valid);
  }
  return { good, valid };
}

/** Counted minutes that began after `sinceMs`, once there are so many. */
async function counted(objective: string, sinceMs: number, least: number): Promise<readonly Result[]> {
  return eventually(
    async () => {
      const found = (await kept(objective)).filter((each) => each.scheduledMs > sinceMs && each.outcome === 'good');
      return found.length >= least ? found : undefined;
    },
    `${least} minutes of ${objective}`,
    LONG_MS,
  );
}

async function statuses() {
  const { base, objectives } = configuration;
  const all = await evaluateAll(store, objectives, { base, nowMs: systemClock.wallMs() });
  return new Map(all.map((status) => [status.objective.id, status]));
}

describe.skipIf(isMissing('prometheus', 'prometheus'))('the rows that telemetry feeds', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pulsedrill-live-'));
    ports = { venue: await freePort(), venueControl: await freePort() };
    sandbox = await begin();
    prometheus = await startPrometheus({ targets: [`127.0.0.1:${ports.venue}`], scrapeMs: SCRAPE });
    const example = parse(readFileSync(join(ROOT, 'docs/examples/telemetry.config.yaml'), 'utf8'));
    configuration = configured(
      {
        ...example,
        timeScale: SCALE,
        sources: [{ ...example.sources[0], url: prometheus.url, lag: '1s', stale: '20s', catchUp: '10m' }],
      },
      folder,
    );
    store = await openStore({
      path: configuration.ledgerPath,
      objectives: configuration.objectives,
      stepMs: configuration.base.minuteMs,
    });
    stop = new AbortController();
    telemetry = createTelemetry({
      configuration,
      clock: systemClock,
      store,
      deliver: (result) => void store.append([result]),
      record: (event) => store.recordEvents([event]),
      warn: (line) => trouble.push(line),
    });
    running = telemetry.run(stop.signal);
  });
  afterAll(async () => {
    stop?.abort();
    await running;
    await telemetry?.[Symbol.asyncDispose]();
    await store?.[Symbol.asyncDispose]();
    await prometheus?.[Symbol.asyncDispose]();
    await sandbox?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are counted as the example binds them, and doctor finds nothing wrong', async () => {
    const placing = setInterval(() => void order(), 100);
    try {
      for (const { objective } of configuration.sources[0]?.bound ?? []) await counted(objective, 0, 2);
      const findings = await eventually(
        async () => {
          const found = await checkSources(configuration, systemClock, stop.signal);
          return found.every(({ verdict }) => verdict === 'ok') ? found : undefined;
        },
        'doctor is content',
        LONG_MS,
      );
      expect(findings.map(({ check }) => check)).toEqual([
        'source prom',
        'source prom, slo-strategy-jobs',
        'source prom, slo-strategy-latency',
        'source prom, slo-pipeline-accuracy',
        'source prom, kpi-ingestion-latency',
        'source prom, kpi-signal-freshness',
        'source prom, kpi-order-ack',
      ]);
    } finally {
      clearInterval(placing);
    }
    const all = await statuses();
    for (const { objective } of configuration.sources[0]?.bound ?? []) {
      expect([objective, all.get(objective)?.unknownBecause]).toEqual([objective, null]);
    }
    // What is drawn does not depend on how fast this machine is.
    for (const objective of ['slo-strategy-jobs', 'slo-strategy-latency', 'slo-pipeline-accuracy']) {
      expect([objective, all.get(objective)?.tally.bad]).toEqual([objective, 0]);
    }
    expect(
      all
        .get('kpi-order-ack')
        ?.splits.map(({ split }) => split)
        .toSorted(),
    ).toEqual(['backup', 'primary']);
    expect(all.get('slo-strategy-jobs-synthetic')?.objective.beside).toEqual({
      id: 'slo-strategy-jobs',
      label: 'synthetic',
    });
  });

  it('survive a reset of the counters and a gap in the scrapes: nothing of either is good, bad or counted twice', async () => {
    const objective = 'slo-strategy-jobs';
    await turn(sandbox.controls.venue, { jobsPerSecond: 50 });
    await counted(objective, systemClock.wallMs(), 2);
    const before = await total();

    await sandbox.stop();
    sandbox = await begin();
    await turn(sandbox.controls.venue, { jobsPerSecond: 50 });
    const resetMs = systemClock.wallMs();
    await counted(objective, resetMs, 2);

    await prometheus.stop();
    const goneMs = systemClock.wallMs();
    // Until three whole minutes are over in which nobody scraped.
    await eventually(() => (systemClock.wallMs() > goneMs + 4 * MINUTE ? true : undefined), 'a gap', LONG_MS);
    await prometheus.start();
    await counted(objective, systemClock.wallMs(), 2);

    const minutes = await kept(objective);
    const gap = minutes.filter(({ outcome }) => outcome === 'fault');
    expect(gap.length).toBeGreaterThanOrEqual(2);
    expect(gap.every(({ reason, detail }) => reason === 'no-data' && detail === 'no samples')).toBe(true);
    const whole = minutes.filter(({ outcome }) => outcome === 'good').map(counts);
    expect(whole.every(({ good, valid }) => good === valid && valid >= 0)).toBe(true);
    // Read again as a whole, a counter would stand in one minute with all that it ever counted.
    const seen = whole.reduce((sum, { valid }) => sum + valid, 0);
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(1.25 * (before + (await total())) + 100);
    expect(new Set(minutes.map(({ runId }) => runId)).size).toBe(minutes.length);
    const status = (await statuses()).get(objective);
    expect(status?.tally.bad).toBe(0);
    expect(status?.coverage).toBeLessThan(1);
    expect(trouble).toEqual([]);
  });

  it('turn bad with what they are about, each by a knob of its own', async () => {
    await turn(sandbox.controls.venue, {
      jobFailRatio: 1,
      parityFailRatio: 1,
      decisionLatency: { type: 'fixed', ms: 130 },
      registrationDelay: { type: 'fixed', ms: 60_000 },
      signalLatency: { type: 'fixed', ms: 700 },
    });
    for (const control of [sandbox.controls.primary, sandbox.controls.backup]) {
      await turn(control, { ackLatency: { type: 'fixed', ms: 300 } });
    }
    const placing = setInterval(() => void order(), 100);
    const illMs = systemClock.wallMs() + MINUTE;
    try {
      for (const { objective } of configuration.sources[0]?.bound ?? []) {
        const newest = (await counted(objective, illMs, 2)).at(-1);
        if (newest === undefined) throw new Error('none');
        const { good, valid } = counts(newest);
        expect([objective, good, valid > 0]).toEqual([objective, 0, true]);
      }
    } finally {
      clearInterval(placing);
    }
    const all = await statuses();
    for (const { objective } of configuration.sources[0]?.bound ?? []) {
      expect([objective, all.get(objective)?.colour]).toEqual([objective, 'red']);
    }
  });
});

/** Jobs since the venue began, as it tells itself. */
async function total(): Promise<number> {
  const text = await (await fetch(`${sandbox.venueUrl}/metrics`)).text();
  return [...text.matchAll(/^strategy_jobs_total\{.*\} (\d+)$/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
}
