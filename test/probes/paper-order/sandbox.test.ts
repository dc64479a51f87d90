import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isTimed } from '../../../probes/probe.ts';
import { startSandbox, type Sandbox } from '../../../sandbox/start.ts';
import { configured } from '../../runner/configured.ts';
import { testContext } from '../context.ts';
import { open } from './open.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

function part(): Record<string, unknown> {
  const { venueUrl, wsUrl } = sandbox;
  return {
    service: 'order-execution',
    headers: { authorization: `Bearer ${sandbox.token}` },
    submit: { url: `${venueUrl}/api/v1/orders` },
    paper: {
      url: `${venueUrl}/api/v1/account`,
      json: { path: '$.mode', equals: 'paper' },
      account: { path: '$.account_id', matches: '^PAPER-' },
      hosts: [new URL(venueUrl).hostname],
    },
    channel: { url: wsUrl },
    signal: { url: wsUrl },
    flatten: true,
    positions: { url: `${venueUrl}/api/v1/positions` },
    ackDeadline: '2s',
    fillDeadline: '4s',
  };
}

describe('against the sandbox', () => {
  it('a signal is answered, told by the channel, flattened, and nothing is left', async () => {
    const context = testContext({ timeoutMs: 10_000, thresholds: () => [{ ms: 1, strict: false }] });
    const seen = await open(sandbox.venueUrl, part()).run(context);
    expect(seen).toMatchObject({
      outcome: 'good',
      detail: null,
      values: { polls: 0, position: 0, channelBreaks: 0, duplicateAcks: 0, duplicateFills: 0, 'acked:le:1': 0 },
    });
    expect(seen.readings.map((reading) => (isTimed(reading) ? reading.indicator : reading.type))).toEqual([
      'ack',
      'signal-ack',
      'order-fill',
      'signal-fill',
      'quantity',
    ]);
    expect(context.orderLog.map((line) => line.split(' ')[0])).toEqual(['intend', 'close', 'intend', 'close']);
  });

  it('a resting order is acknowledged and cancelled on the channel', async () => {
    const order = { symbol: 'BTCUSD', order_type: 'limit', quantity: 0.001, price: 1 };
    const context = testContext({ runId: 'probe/2/b', timeoutMs: 10_000 });
    const seen = await open(sandbox.venueUrl, { ...part(), order, signal: undefined }).run(context);
    expect(seen).toMatchObject({ outcome: 'good', values: { polls: 0, position: 0 } });
    expect(seen.readings).toContainEqual(
      expect.objectContaining({ indicator: 'order-cancel', ms: expect.any(Number) }),
    );
  });
});

it('a probe that starts from a signal feeds the two rows of the trade pipeline', () => {
  const probe = { ...part(), headers: {}, id: 'signalled', kind: 'paper-order', venue: 'primary', every: '60s' };
  const document = {
    ...probe,
    order: { symbol: 'BTCUSD', quantity: 0.001, reference_price: 50_000 },
    limits: { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute: 60 },
  };
  const { objectives } = configured({ probes: [document], objectives: 'tradepulse' }, '/');
  const fed = objectives.filter(({ probes }) => probes.includes('signalled')).map(({ id }) => id);
  expect(fed).toContain('slo-trade-pipeline-latency');
  expect(fed).toContain('slo-trade-pipeline-reliability');
});
