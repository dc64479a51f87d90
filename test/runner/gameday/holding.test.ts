/** What is held before an exercise, asked of a real server. */
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { systemClock } from '../../../runner/clock.ts';
import { lookAtHolding } from '../../../runner/gameday/look-at-trading.ts';
import { listening } from '../../probes/context.ts';
import { answerJson } from '../../probes/paper-order/venue.ts';
import { configured } from '../configured.ts';

async function holding(answers: readonly (readonly object[] | null)[], probe: object = { flatten: true }) {
  let asked = 0;
  await using server = await listening(
    createServer((_request, response) => {
      const positions = answers[Math.min(asked, answers.length - 1)] ?? null;
      asked += 1;
      answerJson(response, positions === null ? 503 : 200, { positions });
    }),
  );
  const url = `http://127.0.0.1:${server.port}`;
  const configuration = configured(
    {
      gamedays: { trading: { positions: { url: `${url}/positions` } } },
      probes: [
        {
          id: 'buy',
          kind: 'paper-order',
          service: 'orders',
          venue: 'primary',
          every: '60s',
          submit: { url: `${url}/orders` },
          order: { symbol: 'BTCUSD', quantity: 0.001, reference_price: 50_000 },
          paper: { url: `${url}/account`, json: { path: '$.mode', equals: 'paper' }, hosts: ['127.0.0.1'] },
          limits: { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute: 60 },
          ...probe,
        },
      ],
    },
    '/',
  );
  return { found: await lookAtHolding({ configuration, clock: systemClock }, AbortSignal.timeout(5_000)), asked };
}

const held = (quantity: number) => [{ symbol: 'BTCUSD', quantity }];

test('what an order under way holds for a moment is not taken for what stays', async () => {
  expect(await holding([held(0.001), held(0.001), []])).toEqual({ found: { ok: true, held: {} }, asked: 3 });
});

test('what stays is what was least', async () => {
  const { found } = await holding([held(0.003), held(0.002), held(0.004)]);
  expect(found).toEqual({ ok: true, held: { BTCUSD: 0.002 } });
});

test('a venue that does not say is no empty hand', async () => {
  const { found } = await holding([null]);
  expect(found).toEqual({ ok: false, why: "the venue's positions could not be had: status 503" });
});

test('nobody is asked where a probe keeps what it buys', async () => {
  expect(await holding([held(1)], { flatten: false })).toEqual({ found: null, asked: 0 });
});
