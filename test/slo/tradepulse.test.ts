import { describe, expect, it } from 'vitest';
import type { Objective } from '../../slo/objective.ts';
import { timeBase } from '../../slo/time-base.ts';
import { tradepulseObjectives, type BoundProbe } from '../../slo/tradepulse.ts';

const DAY = 86_400_000;

const PROBES: readonly BoundProbe[] = [
  { id: 'status', kind: 'http', service: 'client-api' },
  { id: 'positions', kind: 'http', service: 'client-api', endpoint: '/positions' },
  { id: 'other', kind: 'http', service: 'strategy-runtime', endpoint: '/orders' },
  { id: 'ticks', kind: 'market-data', service: 'market-data', mode: 'continuous' },
  { id: 'session', kind: 'market-data', service: 'market-data', mode: 'session' },
  { id: 'paper', kind: 'paper-order', service: 'order-execution' },
];

function rows(probes = PROBES, brokerSlaMs: number | undefined = 400, scale = 1): Map<string, Objective> {
  const settings = { minEvents: 1000, ...(brokerSlaMs === undefined ? {} : { brokerSlaMs }) };
  const all = tradepulseObjectives({ base: timeBase(scale), settings, probes });
  return new Map(all.map((objective) => [objective.id, objective]));
}

describe('the TradePulse rows', () => {
  it('are the sixteen of the playbook, with their targets and windows', () => {
    expect(
      [...rows().values()].map(({ id, target, windowMs, slidingMs }) => [id, target, windowMs / DAY, slidingMs]),
    ).toEqual([
      ['sla-api-availability', '0.995', 90, null],
      ['sla-order-latency', '0.95', 90, null],
      ['sla-market-data-freshness', '0.99', 90, null],
      ['slo-api-availability', '0.999', 30, null],
      ['slo-api-latency', '0.95', 30, 300_000],
      ['slo-strategy-jobs', '0.997', 7, null],
      ['slo-strategy-latency', '0.99', 7, 3_600_000],
      ['slo-order-execution', '0.999', 30, null],
      ['slo-market-data-freshness', '0.998', 1, null],
      ['slo-pipeline-accuracy', '0.9995', 30, null],
      ['slo-trade-pipeline-latency', '0.95', 30, 300_000],
      ['slo-trade-pipeline-reliability', '0.99', 30, 300_000],
      ['kpi-ingestion-latency', '0.99', 30, null],
      ['kpi-signal-freshness', '0.992', 30, null],
      ['kpi-order-ack', '0.995', 30, null],
      ['kpi-fill-ratio', '0.92', 1 / 24, null],
    ]);
  });

  it('are fed by the probes of their service', () => {
    const fed = [...rows().values()].filter(({ probes }) => probes.length > 0);
    expect(fed.map(({ id, probes, weighing }) => [id, probes, weighing])).toEqual([
      ['sla-api-availability', ['status', 'positions'], 'time'],
      ['sla-order-latency', ['paper'], 'time'],
      ['sla-market-data-freshness', ['ticks', 'session'], 'time'],
      ['slo-api-availability', ['status', 'positions'], 'time'],
      ['slo-api-latency', ['positions'], 'time'],
      ['slo-order-execution', ['paper'], 'time'],
      ['slo-market-data-freshness', ['ticks'], 'count'],
      ['kpi-order-ack', ['paper'], 'time'],
      ['kpi-fill-ratio', ['paper'], 'quantity'],
    ]);
    expect(fed.every(({ unknownBecause }) => unknownBecause === null)).toBe(true);
  });

  it('keep the limits apart that the playbook keeps apart: below 1.5 s and 250 ms, at most 3 s and 400 ms', () => {
    const sli = (id: string) => rows(PROBES, 380).get(id)?.sli;
    expect(sli('slo-market-data-freshness')).toMatchObject({ indicator: 'tick-age', ms: 1500, strict: true });
    expect(sli('sla-market-data-freshness')).toMatchObject({ indicator: 'newest-age', ms: 3000, strict: false });
    expect(sli('kpi-order-ack')).toMatchObject({ indicator: 'ack', ms: 250, strict: true });
    expect(sli('sla-order-latency')).toMatchObject({ indicator: 'ack', ms: 400, strict: false });
    expect(sli('slo-order-execution')).toMatchObject({ indicator: 'ack', ms: 380, strict: false });
  });

  it('count the signals of a signal probe, each as one', () => {
    const row = rows([...PROBES, { id: 'signals', kind: 'signal', service: 'strategy-runtime' }]).get(
      'kpi-signal-freshness',
    );
    expect(row).toMatchObject({
      probes: ['signals'],
      weighing: 'count',
      sli: { indicator: 'signal-age', ms: 500, strict: false },
      unknownBecause: null,
    });
  });

  it('weigh a sampled session by the time it stands for', () => {
    const row = rows(PROBES.filter(({ id }) => id !== 'ticks')).get('slo-market-data-freshness');
    expect(row).toMatchObject({ probes: ['session'], weighing: 'time', unknownBecause: null });
  });

  it('are Unknown with a plain reason where something is missing', () => {
    const reasons = (found: Map<string, Objective>) =>
      [...found.values()].flatMap(({ id, unknownBecause }) =>
        unknownBecause === null ? [] : [`${id}: ${unknownBecause}`],
      );
    expect(reasons(rows())).toEqual([
      'slo-strategy-jobs: no telemetry source is configured',
      'slo-strategy-latency: no telemetry source is configured',
      'slo-pipeline-accuracy: no telemetry source is configured',
      'slo-trade-pipeline-latency: no paper-order probe of the service order-execution starts from a signal',
      'slo-trade-pipeline-reliability: no paper-order probe of the service order-execution starts from a signal',
      'kpi-ingestion-latency: no telemetry source is configured',
      'kpi-signal-freshness: neither a signal probe of the service strategy-runtime nor a telemetry source is configured',
    ]);
    expect(reasons(rows([]))).toHaveLength(16);
    expect(rows([]).get('slo-api-latency')?.unknownBecause).toBe(
      'no http probe of the service client-api names the endpoint /orders or /positions',
    );
    expect(rows([]).get('sla-market-data-freshness')?.unknownBecause).toBe(
      'no market-data probe of the service market-data is configured',
    );
  });

  it('ask for the broker’s limit rather than assume one', () => {
    const settings = { minEvents: 1000 };
    const all = tradepulseObjectives({ base: timeBase(1), settings, probes: PROBES });
    expect(all.find(({ id }) => id === 'slo-order-execution')).toMatchObject({
      unknownBecause: 'the setting brokerSlaMs is not given',
      probes: [],
    });
  });

  it('print what waits for an owner’s sign-off', () => {
    const assumed = [...rows().values()].filter(({ assumptions }) =>
      assumptions.some((text) => text.includes('signs off')),
    );
    expect(assumed.map(({ id }) => id)).toEqual(['kpi-ingestion-latency', 'kpi-signal-freshness', 'kpi-order-ack']);
  });

  it('shrink their windows with the time base', () => {
    const row = rows(PROBES, 400, 1000).get('slo-api-latency');
    expect(row).toMatchObject({ windowMs: (30 * DAY) / 1000, slidingMs: 300 });
  });

  it('have owners', () => {
    expect([...rows().values()].every(({ owners, supporting }) => owners.length > 0 && supporting.length > 0)).toBe(
      true,
    );
  });

  it('are not fed by a probe that measures something else: an order that never fills has no fill ratio', () => {
    const resting: BoundProbe = { id: 'resting', kind: 'paper-order', service: 'order-execution', measures: ['ack'] };
    const filling: BoundProbe = { ...resting, id: 'filling', measures: ['ack', 'order-fill', 'quantity'] };
    const alone = rows([resting]);
    expect(alone.get('kpi-order-ack')?.probes).toEqual(['resting']);
    expect(alone.get('kpi-fill-ratio')).toMatchObject({
      probes: [],
      unknownBecause: 'no paper-order probe of the service order-execution expects its orders to be filled',
    });
    expect(rows([resting, filling]).get('kpi-fill-ratio')?.probes).toEqual(['filling']);
  });
});
