import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, modeOf, type ProbeSpec } from '../../probes/kinds.ts';
import { openProbe } from '../../probes/open.ts';
import type { Probe, RunContext } from '../../probes/probe.ts';
import { startSandbox, type Sandbox } from '../../sandbox/start.ts';
import { testContext, testEnvironment } from './context.ts';

let sandbox: Sandbox;
const opened: Probe[] = [];

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(async () => {
  for (const probe of opened) await probe.close?.();
  await sandbox.stop();
});

const thresholds: RunContext['thresholds'] = () => [{ ms: 3000, strict: false }];

function runOnce(spec: ProbeSpec, ctx: Partial<RunContext> = {}) {
  const probe = openProbe(spec, testEnvironment);
  opened.push(probe);
  return probe.run(testContext({ thresholds, timeoutMs: 10_000, ...ctx }));
}

const bearer = () => ({ authorization: `Bearer ${sandbox.token}` });

function paperOrder(order: Record<string, unknown>, part: Record<string, unknown> = {}): ProbeSpec {
  return KINDS['paper-order'].schema.parse({
    id: 'paper',
    kind: 'paper-order',
    service: 's',
    venue: 'primary',
    headers: bearer(),
    submit: { url: `${sandbox.venueUrl}/api/v1/orders` },
    order,
    paper: {
      url: `${sandbox.venueUrl}/api/v1/account`,
      json: { path: '$.mode', equals: 'paper' },
      hosts: [new URL(sandbox.venueUrl).hostname],
    },
    limits: { maxQuantity: 1, maxNotional: 100_000_000, maxPerMinute: 60 },
    ...part,
  });
}

async function knob(which: 'primary' | 'venue', knobs: Record<string, unknown>): Promise<void> {
  const url = `${sandbox.controls[which]}/knobs`;
  const answer = await fetch(url, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(knobs),
  });
  expect(answer.status).toBe(200);
}

async function openOrders(): Promise<unknown> {
  const url = `${sandbox.venueUrl}/api/v1/orders?status=open`;
  return (await fetch(url, { headers: bearer() })).json();
}

describe('against the sandbox', () => {
  it('an http probe finds the venue running', async () => {
    const spec = KINDS.http.schema.parse({
      id: 'status',
      kind: 'http',
      service: 's',
      url: `${sandbox.venueUrl}/api/v1/status`,
      expect: [{ status: 200 }, { json: { path: '$.status', equals: 'running' } }],
    });
    expect(await runOnce(spec)).toMatchObject({ outcome: 'good' });
  });

  it('a session and a continuous subscription count fresh, gapless ticks', async () => {
    for (const mode of ['session', 'continuous'] as const) {
      const spec = KINDS['market-data'].schema.parse({
        id: mode,
        kind: 'market-data',
        service: 's',
        url: sandbox.wsUrl,
        mode,
        for: '1s',
      });
      expect(modeOf(spec)).toBe(mode);
      const seen = await runOnce(spec);
      expect(seen).toMatchObject({ outcome: 'good', values: { malformed: 0, gaps: 0, duplicates: 0, anomalies: 0 } });
      expect(seen.values['ticks']).toBeGreaterThan(0);
    }
  });

  it('every signal is matched to the tick it came from', async () => {
    const spec = KINDS.signal.schema.parse({ id: 'signals', kind: 'signal', service: 's', url: sandbox.wsUrl });
    expect(modeOf(spec)).toBe('continuous');
    const seen = await runOnce(spec);
    expect(seen).toMatchObject({ outcome: 'good', values: { unmatched: 0, mismatched: 0, malformed: 0 } });
    expect(seen.values['signals']).toBeGreaterThan(0);
    expect((seen.values['matched'] ?? 0) + (seen.values['early'] ?? 0) + (seen.values['waiting'] ?? 0)).toBe(
      seen.values['signals'],
    );
  });

  it('a market order is acknowledged, filled and flattened; a resting one is cancelled', async () => {
    const market = { symbol: 'BTCUSD', quantity: 0.001, reference_price: 50_000 };
    const filled = await runOnce(paperOrder(market, { flatten: true }));
    expect(filled).toMatchObject({ outcome: 'good', reason: null });
    expect(filled.readings).toContainEqual(
      expect.objectContaining({ type: 'quantity', submitted: '0.001', executed: '0.001', symbol: 'BTCUSD' }),
    );
    const resting = { symbol: 'BTCUSD', order_type: 'limit', quantity: 0.001, price: 1 };
    expect(await runOnce(paperOrder(resting), { runId: 'probe/2/b' })).toMatchObject({ outcome: 'good' });
    expect(await openOrders()).toEqual({ orders: [] });
  });

  it('an order that is never acknowledged is bad and leaves nothing open', async () => {
    await knob('primary', { neverAckRatio: 1 });
    const market = { symbol: 'BTCUSD', quantity: 0.001, reference_price: 50_000 };
    const part = { ackDeadline: '300ms', fillDeadline: '600ms' };
    const seen = await runOnce(paperOrder(market, part), { runId: 'probe/3/c' });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'never-acked' });
    await knob('primary', { neverAckRatio: 0, rejectRatio: 1 });
    const rejected = await runOnce(paperOrder(market), { runId: 'probe/4/d' });
    expect(rejected).toMatchObject({ outcome: 'bad', reason: 'rejected' });
    await knob('primary', { rejectRatio: 0 });
    await knob('venue', { maxNotional: 1 });
    const risky = await runOnce(paperOrder(market), { runId: 'probe/5/e' });
    expect(risky).toMatchObject({ outcome: 'excluded', reason: 'risk-rejected' });
    expect(await openOrders()).toEqual({ orders: [] });
  });
});
