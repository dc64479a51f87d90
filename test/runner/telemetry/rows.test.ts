import { describe, expect, it } from 'vitest';
import type { Objective } from '../../../slo/objective.ts';
import { configured } from '../configured.ts';

const SIGNAL = {
  id: 'signals',
  kind: 'signal',
  service: 'strategy-runtime',
  url: 'ws://127.0.0.1:1/ws',
};
const PREDICT = {
  id: 'predict',
  kind: 'http',
  service: 'strategy-runtime',
  endpoint: '/predict',
  url: 'http://127.0.0.1:1/',
};
const CANARY = { ...PREDICT, id: 'canary', endpoint: '/jobs/canary' };
const counts = { source: 'prom', good: 'good', valid: 'valid' };

function objectives(bind: object, probes: readonly object[] = [PREDICT]): ReadonlyMap<string, Objective> {
  const { objectives: all } = configured({
    probes,
    sources: [{ id: 'prom', kind: 'prometheus', url: 'http://127.0.0.1:1', stale: '7m' }],
    objectives: { bind },
  });
  return new Map(all.map((objective) => [objective.id, objective]));
}

describe('rows that telemetry feeds', () => {
  it('are fed by their binding alone, minute by minute', () => {
    expect(objectives({ 'slo-strategy-jobs': counts }).get('slo-strategy-jobs')).toMatchObject({
      probes: ['telemetry:slo-strategy-jobs'],
      sli: { type: 'telemetry', what: 'jobs completed ÷ jobs attempted' },
      weighing: 'fraction',
      unknownBecause: null,
      telemetry: { source: 'prom', stepMs: 60_000, staleMs: 420_000 },
    });
  });

  it('judge a median by slices of five minutes', () => {
    const row = objectives({ 'kpi-ingestion-latency': { source: 'prom', median: 'm' } }).get('kpi-ingestion-latency');
    expect(row).toMatchObject({ sli: { medianMs: 45_000 }, telemetry: { stepMs: 300_000 } });
  });

  it('keep what probes see beside them, under an id of its own, and never in them', () => {
    const all = objectives({ 'kpi-signal-freshness': counts }, [SIGNAL]);
    expect(all.get('kpi-signal-freshness')).toMatchObject({ probes: ['telemetry:kpi-signal-freshness'] });
    expect(all.get('kpi-signal-freshness-synthetic')).toMatchObject({
      probes: ['signals'],
      sli: { type: 'threshold', indicator: 'signal-age', ms: 500, strict: false },
      weighing: 'count',
      target: '0.992',
      unknownBecause: null,
      beside: { id: 'kpi-signal-freshness', label: 'synthetic' },
    });
    expect(all.get('kpi-signal-freshness-synthetic')?.telemetry).toBeUndefined();
  });

  it('are fed by probes while nothing is bound, with nothing beside them', () => {
    const all = objectives({ 'slo-strategy-jobs': counts }, [SIGNAL]);
    expect(all.get('kpi-signal-freshness')).toMatchObject({ probes: ['signals'], sli: { type: 'threshold' } });
    expect(all.has('kpi-signal-freshness-synthetic')).toBe(false);
  });

  it('have the canary job and the prediction endpoint beside them, bound or not', () => {
    const all = objectives({ 'slo-strategy-jobs': counts }, [PREDICT, CANARY]);
    expect(all.get('slo-strategy-jobs-synthetic')).toMatchObject({
      probes: ['canary'],
      sli: { type: 'availability' },
      weighing: 'time',
    });
    expect(all.get('slo-strategy-latency')?.unknownBecause).toBe('no query of a telemetry source is bound to it');
    expect(all.get('slo-strategy-latency-synthetic')).toMatchObject({
      probes: ['predict'],
      sli: { type: 'threshold', indicator: 'latency', ms: 120, strict: false },
      unknownBecause: null,
    });
  });

  it('take the window of their override with them', () => {
    const { objectives: all } = configured({
      probes: [CANARY],
      objectives: { override: [{ id: 'slo-strategy-jobs', window: '14d' }] },
    });
    const windows = all.filter(({ id }) => id.startsWith('slo-strategy-jobs')).map(({ windowMs }) => windowMs);
    expect(windows).toEqual([14 * 86_400_000, 14 * 86_400_000]);
  });

  it('may be of one’s own', () => {
    const { objectives: all, sources } = configured({
      probes: [PREDICT],
      sources: [{ id: 'prom', kind: 'prometheus', url: 'http://127.0.0.1:1' }],
      objectives: [
        {
          id: 'fills',
          service: 'desk',
          target: '0.99',
          window: '7d',
          split: 'venue',
          source: 'prom',
          good: 'a',
          valid: 'b',
        },
      ],
    });
    expect(all).toMatchObject([{ id: 'fills', probes: ['telemetry:fills'], split: 'venue', weighing: 'fraction' }]);
    expect(sources.map(({ bound }) => bound)).toMatchObject([
      [{ objective: 'fills', split: 'venue', stepMs: 60_000, ask: { good: 'a', valid: 'b' } }],
    ]);
  });

  it('leave a source that nobody uses with a warning', () => {
    const { warnings } = configured({
      probes: [PREDICT],
      sources: [{ id: 'prom', kind: 'prometheus', url: 'http://127.0.0.1:1' }],
    });
    expect(warnings).toContain('source prom: no objective is bound to it, so nothing is asked of it');
  });
});
