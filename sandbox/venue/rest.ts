import { timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Hono } from 'hono';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { Knobs } from '../knobs.ts';
import { problems } from '../knobs.ts';
import type { Random } from '../random.ts';
import { runGraphql, select } from './graphql.ts';
import type { VenueKnobs } from './knobs.ts';
import { OPEN } from './order.ts';
import { renderPage } from './page.ts';
import { placeOrder } from './place.ts';
import type { VenueState } from './state.ts';

export interface RestOptions {
  readonly state: VenueState;
  readonly token: string;
  readonly knobs: Knobs<VenueKnobs>;
  readonly random: () => Random;
  /** How long DELETE waits for the exchange before it answers 202. */
  readonly cancelWaitMs: number;
  readonly metrics: () => string;
  readonly onResponse: (status: number) => void;
  /** Ends every wait when the venue stops. */
  readonly signal: AbortSignal;
}

const MAX_BODY_BYTES = 64 * 1024;

const graphqlRequestSchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullable().default(null),
});

/** The venue's HTTP side: REST, GraphQL, health, metrics and the page. */
export function createRest(options: RestOptions): Hono {
  const { state, knobs } = options;
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    options.onResponse(c.res.status);
  });
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES }));
  app.use('/api/*', ill(options));
  app.use('/graphql', ill(options));
  app.get('/api/v1/status', (c) => c.json(state.status()));
  app.use('/api/*', authenticate(options.token));
  app.use('/graphql', authenticate(options.token));

  app.get('/api/v1/account', (c) => c.json(state.account()));
  app.get('/api/v1/positions', (c) => c.json({ positions: state.positions() }));
  app.get('/api/v1/orders', (c) => {
    return c.json({ orders: select(state, c.req.query('status'), c.req.query('client_order_id')) });
  });
  app.post('/api/v1/orders', async (c) => {
    const input: unknown = await c.req.json().catch(() => undefined);
    const answer = placeOrder(state.orders, knobs.current.maxNotional, input);
    if (!answer.ok) return c.json({ error: answer.error, message: answer.message }, answer.status);
    return c.json(answer.order, 201, answer.isReplay ? { 'idempotent-replay': 'true' } : {});
  });
  app.get('/api/v1/orders/:id', (c) => {
    const order = state.orders.get(c.req.param('id'));
    return order === null ? c.json(notFound(c.req.param('id')), 404) : c.json(order);
  });
  app.delete('/api/v1/orders/:id', async (c) => {
    const id = c.req.param('id');
    state.orders.cancel(id);
    await state.orders.settled(id, AbortSignal.any([options.signal, AbortSignal.timeout(options.cancelWaitMs)]));
    const order = state.orders.get(id);
    if (order === null) return c.json(notFound(id), 404);
    if (order.status === 'cancelled') return c.json(order);
    return c.json(order, OPEN.has(order.status) ? 202 : 409);
  });

  app.post('/graphql', async (c) => {
    const request = graphqlRequestSchema.safeParse(await c.req.json().catch(() => undefined));
    if (!request.success) return c.json({ errors: [{ message: problems(request.error) }] }, 400);
    return c.json(await runGraphql(state, () => knobs.current.maxNotional, request.data));
  });

  app.get('/health', (c) => {
    const health = state.health();
    return c.json(health, health.status === 'unavailable' ? 503 : 200);
  });
  app.get('/metrics', (c) => {
    if (knobs.current.metricsDown) return c.text('by knob\n', 503);
    return c.text(options.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
  app.get('/', (c) => c.html(renderPage(state)));
  app.notFound((c) => c.json({ error: 'not_found', message: `no ${c.req.method} ${c.req.path}` }, 404));
  app.onError((error, c) => c.json({ error: 'internal_error', message: error.message }, 500));
  return app;
}

function notFound(id: string): { error: string; message: string } {
  return { error: 'not_found', message: `no order ${id}` };
}

/** The knobs. Three draws a request, whatever the knobs say, so that turning one never shifts the others. */
function ill(options: RestOptions): MiddlewareHandler {
  return async (c, next) => {
    const random = options.random();
    const [slow, unauthorized, failing] = [random(), random(), random()];
    const { slowRatio, slowMs, unauthorizedRatio, errorRatio } = options.knobs.current;
    if (slow < slowRatio) await delay(slowMs, undefined, { signal: options.signal });
    if (unauthorized < unauthorizedRatio) return c.json({ error: 'unauthorized', message: 'by knob' }, 401);
    if (failing < errorRatio) return c.json({ error: 'internal_error', message: 'by knob' }, 500);
    return next();
  };
}

function authenticate(token: string): MiddlewareHandler {
  const expected = Buffer.from(`Bearer ${token}`);
  return async (c, next) => {
    const given = Buffer.from(c.req.header('authorization') ?? '');
    if (given.length === expected.length && timingSafeEqual(given, expected)) return next();
    const body = { error: 'unauthorized', message: 'a bearer token is required' };
    return c.json(body, 401, { 'www-authenticate': 'Bearer' });
  };
}
