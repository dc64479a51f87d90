import { openPaperOrder } from '../../../probes/paper-order/probe.ts';
import { paperOrderSpec } from '../../../probes/paper-order/spec.ts';
import type { RunContext } from '../../../probes/probe.ts';
import { testContext, testEnvironment } from '../context.ts';

/** The client order id of a test's first run. */
export const ID = 'pd.here.probe.1.a';

export function open(url: string, part: Record<string, unknown> = {}) {
  const spec = paperOrderSpec.parse({
    id: 'probe',
    kind: 'paper-order',
    service: 's',
    venue: 'primary',
    submit: { url: `${url}/orders` },
    order: { symbol: 'BTCUSD', quantity: 0.001, reference_price: 50_000 },
    paper: { url: `${url}/account`, json: { path: '$.mode', equals: 'paper' }, hosts: ['127.0.0.1'] },
    limits: { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute: 60 },
    ackDeadline: '300ms',
    fillDeadline: '600ms',
    poll: '10ms',
    ...part,
  });
  return openPaperOrder(spec, testEnvironment);
}

export async function run(url: string, part: Record<string, unknown> = {}, ctx: Partial<RunContext> = {}) {
  const context = testContext(ctx);
  return { seen: await open(url, part).run(context), log: context.orderLog, intents: context.intents };
}

export const duration = (indicator: string, ms: unknown) => ({ type: 'duration', indicator, ms });
export const quantity = (executed: string) => ({
  type: 'quantity',
  submitted: '0.001',
  executed,
  symbol: 'BTCUSD',
  price: '50000',
});
