import { z } from 'zod';
import { spawnToxiproxy } from '../../../scenarios/toxiproxy/spawn.ts';
import { eventually } from '../../support/servers.ts';
import type { Ground } from '../ground.ts';

const proxyState = z.object({ enabled: z.boolean(), toxics: z.array(z.object({ name: z.string() })) });

/** The embedded server, in a process of its own. */
export async function toxiproxyGround(): Promise<Ground> {
  const feed = { name: 'feed', listen: '127.0.0.1:0', upstream: '127.0.0.1:9', enabled: true };
  const proxy = await spawnToxiproxy({ port: 0, seed: 1, config: [feed] });
  const injector = { kind: 'toxiproxy', url: proxy.url, proxies: ['feed'] };
  return {
    injector,
    target: 'feed',
    faults: [
      { type: 'latency', delay: '1s', roundTrip: true },
      { type: 'blackhole' },
      { type: 'refuse' },
      { type: 'throttle', rateKBps: 10 },
    ],
    async left() {
      // One that takes longer than a second to answer is taken for wedged: its proxy is deleted, and made anew at once.
      const look = async () => {
        const response = await fetch(`${proxy.url}/proxies/feed`);
        const body: unknown = await response.json();
        return response.status === 404 ? undefined : proxyState.parse(body);
      };
      const { enabled, toxics } = await eventually(look, 'the proxy is there, or is made anew', 5_000);
      return [...(enabled ? [] : ['disabled']), ...toxics.map(({ name }) => name)];
    },
    [Symbol.asyncDispose]: () => proxy.stop(),
  };
}
