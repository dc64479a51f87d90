/**
 * The lease under which one fault stands, where the server offers leases (ours does, a real Toxiproxy does not): when
 * nobody renews it, the fault goes by itself; once it is over, or given back, nothing can be injected under it any more.
 */
import { z } from 'zod';
import { call, leasePath, type Heard } from './toxiproxy-client.ts';

/** As long as the guardian waits for the conductor: a conductor that has lost the one has lost the other. */
const TTL_MS = 3000;
const RENEW_EVERY_MS = 1000;

const granted = z.object({ id: z.string() });

/** `id` is null where the server knows of no leases. */
export type Granted = { readonly ok: true; readonly id: string | null } | { readonly ok: false; readonly heard: Heard };

export async function grantLease(url: string, holder: string, signal: AbortSignal): Promise<Granted> {
  const heard = await call(url, 'POST', '/leases', { holder, ttlMs: TTL_MS }, signal);
  if (heard.type !== 'answer') return { ok: false, heard };
  if (heard.status === 404 || heard.status === 405) return { ok: true, id: null };
  const lease = granted.safeParse(heard.json);
  return heard.status === 201 && lease.success ? { ok: true, id: lease.data.id } : { ok: false, heard };
}

/** Until it is disposed of, or the server says that the lease is over. It keeps no process alive. */
export function keepRenewing(url: string, lease: string): Disposable {
  const over = new AbortController();
  const timer = setInterval(() => {
    void call(url, 'POST', leasePath(lease), undefined, over.signal).then((heard) => {
      if (heard.type === 'answer' && heard.status === 404) clearInterval(timer);
    });
  }, RENEW_EVERY_MS);
  timer.unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      over.abort();
    },
  };
}
