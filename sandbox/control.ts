import { Hono } from 'hono';
import type { Knobs } from './knobs.ts';
import { createHttpServer, listen, shut } from './listen.ts';
import type { Address } from './listen.ts';

export interface ControlOptions<T extends object> {
  readonly port: number;
  readonly knobs: Knobs<T>;
  /** Beyond the knobs themselves: restarts the random streams. */
  readonly reset: () => void;
  /** Further read-only pages, by path: the truth as this process knows it, for tests and game-days. */
  readonly pages: Readonly<Record<string, () => object>>;
}

export interface Control {
  readonly address: Address;
  close(): Promise<void>;
}

/** The control port of one process: never behind a fault proxy, so that a fault can always be taken back. */
export async function startControl<T extends object>(options: ControlOptions<T>): Promise<Control> {
  const app = new Hono();
  app.get('/knobs', (c) => c.json(options.knobs.current));
  app.patch('/knobs', async (c) => {
    const body: unknown = await c.req.json().catch(() => undefined);
    if (body === undefined) return c.json({ error: 'the body is not JSON' }, 400);
    const patched = options.knobs.patch(body);
    return patched.ok ? c.json(patched.value) : c.json({ error: patched.message }, 400);
  });
  app.post('/reset', (c) => {
    options.knobs.reset();
    options.reset();
    return c.json(options.knobs.current);
  });
  for (const [path, page] of Object.entries(options.pages)) app.get(path, (c) => c.json(page()));
  app.notFound((c) => c.json({ error: `no ${c.req.method} ${c.req.path} on the control port` }, 404));

  const server = createHttpServer(app);
  const address = await listen(server, options.port);
  return { address, close: () => shut(server) };
}
