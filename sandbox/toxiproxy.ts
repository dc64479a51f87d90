import { z } from 'zod';
import type { Address } from './listen.ts';

/** A call to the fault proxy is local; longer means it is gone. */
const CALL_MS = 5_000;

const populatedSchema = z.object({ proxies: z.array(z.object({ name: z.string(), listen: z.string() })) });

/** Puts a proxy in front of each address, on free ports or on those that are named, and says where the proxies listen. Replaces those of the same name. */
export async function populate(
  url: string,
  upstreams: Readonly<Record<string, Address>>,
  ports: Readonly<Record<string, number | undefined>> = {},
): Promise<(name: string) => Address> {
  const wanted = Object.entries(upstreams).map(([name, { host, port }]) => ({
    name,
    listen: `127.0.0.1:${ports[name] ?? 0}`,
    upstream: `${host}:${port}`,
    enabled: true,
  }));
  const response = await fetch(new URL('/populate', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(wanted),
    signal: AbortSignal.timeout(CALL_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: populate answered ${response.status}: ${text.slice(0, 200)}`);
  const { proxies } = populatedSchema.parse(JSON.parse(text));
  const listens = new Map(proxies.map(({ name, listen }) => [name, listen]));
  return (name) => address(name, listens.get(name));
}

/** Takes proxies away again. Best effort: the fault proxy may have ended first. */
export async function removeProxies(url: string, names: readonly string[]): Promise<void> {
  await Promise.allSettled(
    names.map((name) =>
      fetch(new URL(`/proxies/${name}`, url), { method: 'DELETE', signal: AbortSignal.timeout(CALL_MS) }),
    ),
  );
}

function address(name: string, listen: string | undefined): Address {
  const at = listen?.lastIndexOf(':') ?? -1;
  const port = Number(listen?.slice(at + 1));
  if (listen === undefined || at < 0 || !Number.isInteger(port))
    throw new Error(`the fault proxy did not say where ${name} listens`);
  return { host: listen.slice(0, at), port };
}
