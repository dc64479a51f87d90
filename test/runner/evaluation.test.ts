import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluateAll, type EvaluationOptions } from '../../runner/evaluation.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import { timeBase } from '../../slo/time-base.ts';
import { openStore } from '../../store/open.ts';
import type { ResultQuery, StoreReader } from '../../store/store.ts';
import { objective } from '../slo/fixtures.ts';
import { aResult, T0 } from '../support/results.ts';

const MINUTE = 60_000;
const NOW = T0 + 10 * MINUTE + 20_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-evaluation-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const p95 = (change: Partial<Objective> = {}): Objective =>
  objective({
    id: 'latency',
    target: '0.95',
    slidingMs: 5 * MINUTE,
    sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
    probes: ['status'],
    ...change,
  });

interface Run {
  readonly ms: number | null;
  readonly atMs: number;
  readonly endpoint?: string;
}

/** @returns the status, and what was asked of the results */
async function evaluated(of: Objective, all: readonly Run[], options: Partial<EvaluationOptions> = {}) {
  await using store = await openStore({
    path: join(folder, 'ledger.db'),
    objectives: [of],
    stepMs: MINUTE,
    nowMs: NOW,
  });
  await store.append(
    all.map(({ ms, atMs, endpoint = null }, n) =>
      aResult(n, {
        scheduledMs: atMs + n,
        endpoint,
        outcome: ms === null ? 'bad' : 'good',
        readings: ms === null ? [] : [{ type: 'duration', indicator: 'latency', ms }],
      }),
    ),
  );
  const asked: ResultQuery[] = [];
  const reader: StoreReader = {
    tallies: (query) => store.tallies(query),
    rollups: (query) => store.rollups(query),
    events: (query) => store.events(query),
    budgets: (query) => store.budgets(query),
    results(query) {
      asked.push(query);
      return store.results(query);
    },
  };
  const [status] = await evaluateAll(reader, [of], { base: timeBase(1), nowMs: NOW, ...options });
  if (status === undefined) throw new Error('no status');
  return { status, asked };
}

/** Twenty runs of the live window, of which the two slowest took as long as said: the second of them is the p95. */
const withSlowest = (ms: number | null): readonly Run[] =>
  Array.from({ length: 20 }, (_, n) => ({ ms: n < 18 ? 100 : ms, atMs: NOW - 2 * MINUTE }));

const shown = ({ live, regression }: Status) => [live?.percentile?.ms, live?.pass, regression];

describe('the regression of a percentile row, from the runs themselves', () => {
  it('is none at 255.0 ms against 250, is one at 255.1, and is one where the percentile never ended', async () => {
    expect(shown((await evaluated(p95(), withSlowest(255))).status)).toEqual([255, false, false]);
    rmSync(join(folder, 'ledger.db'));
    expect(shown((await evaluated(p95(), withSlowest(255.1))).status)).toEqual([255.1, false, true]);
    rmSync(join(folder, 'ledger.db'));
    expect(shown((await evaluated(p95(), withSlowest(null))).status)).toEqual([null, false, true]);
    rmSync(join(folder, 'ledger.db'));
    expect(shown((await evaluated(p95(), withSlowest(250))).status)).toEqual([250, true, false]);
  });

  it('is told by the samples of the live window only, and they are read around it only', async () => {
    const before = withSlowest(900).map((each) => ({ ...each, atMs: NOW - 7 * MINUTE }));
    const { status, asked } = await evaluated(p95(), [...before, ...withSlowest(251)]);
    expect(status.live).toMatchObject({ valid: 20, percentile: { ms: 251, samples: 20 } });
    expect(asked).toEqual([{ probes: ['status'], fromMs: T0 + MINUTE, toMs: T0 + 11 * MINUTE }]);
  });

  it('costs a running process nothing while the live window passes', async () => {
    const running = { percentiles: 'failing' as const };
    const passing = await evaluated(p95(), withSlowest(200), running);
    expect(passing.asked).toEqual([]);
    expect(shown(passing.status)).toEqual([undefined, true, false]);
    rmSync(join(folder, 'ledger.db'));
    expect(shown((await evaluated(p95(), withSlowest(300), running)).status)).toEqual([300, false, true]);
  });

  it('is that of the worst endpoint, though the endpoints together would pass', async () => {
    const all = [
      ...withSlowest(300).map((each) => ({ ...each, endpoint: '/b' })),
      ...withSlowest(100).map((each) => ({ ...each, endpoint: '/a' })),
    ];
    const { status } = await evaluated(p95({ split: 'endpoint', minEvents: 10 }), all);
    expect(status.worstSplit?.split).toBe('/b');
    expect(shown(status)).toEqual([300, false, true]);
    expect(status.own?.live).toMatchObject({ pass: true, percentile: { ms: 100 } });
  });

  it('is judged by the limit that holds', async () => {
    const limited = (ms: number, fromMs: number | null) => ({
      version: null,
      target: '0.95',
      limit: { ms, strict: false },
      fromMs,
      rfc: null,
      signOffs: [],
      lacks: [],
    });
    const versions = [limited(250, null), limited(300, NOW + MINUTE)];
    const { status } = await evaluated(
      p95({ versions, sli: { type: 'threshold', indicator: 'latency', ms: 300, strict: false } }),
      withSlowest(260),
    );
    expect(shown(status)).toEqual([260, false, true]);
    expect(status.objective.sli).toMatchObject({ ms: 250 });
  });
});
