/** What the fault proxy costs where it does nothing yet: CPU a message and a megabyte, and the time that it adds. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { spawnToxiproxy } from '../../scenarios/toxiproxy/spawn.ts';
import { median, turns, type Round } from '../arithmetic.ts';
import { cpuMsOf } from '../cpu.ts';
import type { Finding, Limit, Run } from '../figure.ts';
import { startContender, startServer, type Contender } from '../process.ts';
import { MESSAGE_BYTES } from './asked.ts';

const PEER = 'node:net, pipe()';
/** 40,000 messages, or 500 MB, a second on one core. */
const GOALS = { messagesUs: 25, floodUs: 2000, addedMs: 0.3 } as const;
const ASK_EVERY_MS = 2;

interface Way {
  readonly port: number;
  /** Of the proxy. */
  readonly pid: number;
}

export async function proxyFigures(run: Run): Promise<readonly Finding[]> {
  await using upstream = await startServer(new URL('./echo.ts', import.meta.url));
  await using toxiproxy = await spawnToxiproxy({
    port: 0,
    seed: 1,
    config: [{ name: 'bench', upstream: `127.0.0.1:${upstream.port}` }],
  });
  await using pipe = await startServer(new URL('./bare.ts', import.meta.url), [String(upstream.port)]);
  const ours: Way = { port: await portOf(toxiproxy.url), pid: toxiproxy.pid };
  const theirs: Way = pipe;

  const limit = (id: string, unit: string, goal: number | null, [value, beside]: readonly [number, number]): Limit => ({
    id: `proxy-${id}`,
    title: 'fault proxy without a toxic',
    unit,
    value,
    goal,
    met: goal === null ? null : value <= goal,
    peer: PEER,
    theirs: beside,
    note: null,
  });
  const messages = await costs('messages', ours, theirs, run);
  const flood = await costs('flood', ours, theirs, run);
  const added = await addedMs(upstream.port, ours, theirs, run);
  return [
    limit('messages', `CPU a message of ${MESSAGE_BYTES} bytes, one by one, µs`, GOALS.messagesUs, messages),
    limit('flood', 'CPU a megabyte, µs', GOALS.floodUs, flood),
    limit('added-median', 'added to a round trip, median, ms', null, added.median),
    limit('added-p99', 'added to a round trip, p99, ms', GOALS.addedMs, added.p99),
  ];
}

async function portOf(url: string): Promise<number> {
  const answer: unknown = await (await fetch(`${url}/proxies/bench`)).json();
  const { listen } = z.object({ listen: z.string() }).parse(answer);
  return Number(listen.split(':').at(-1));
}

/** CPU of the proxy's process for one message or megabyte, µs: medians of the rounds, ours and theirs. */
async function costs(
  what: 'messages' | 'flood',
  ours: Way,
  theirs: Way,
  { effort, signal }: Run,
): Promise<readonly [number, number]> {
  await using stack = new AsyncDisposableStack();
  const contender = async ({ port, pid }: Way): Promise<Contender> => {
    const load = stack.use(await startContender(what, new URL('./load.ts', import.meta.url), [what, String(port)]));
    return {
      ...load,
      async round(ms): Promise<Round> {
        const cpuMs = cpuMsOf(pid);
        const round = await load.round(ms);
        return { ...round, cpuMs: cpuMsOf(pid) - cpuMs };
      },
    };
  };
  const both = [await contender(ours), await contender(theirs)] as const;
  for (const each of turns(both, effort.warmUps)) await each.round(effort.warmUpMs);
  const found = new Map(both.map((each): [Contender, number[]] => [each, []]));
  for (const each of turns(both, effort.rounds)) {
    signal.throwIfAborted();
    const { cpuMs, operations } = await each.round(effort.roundMs);
    if (operations === 0) throw new Error(`${what}: nothing passed`);
    found.get(each)?.push((cpuMs * 1000) / operations);
  }
  return [median(found.get(both[0]) ?? []), median(found.get(both[1]) ?? [])];
}

/** A quantile of the round trips through each proxy, less the same quantile of those without one. */
async function addedMs(
  direct: number,
  ours: Way,
  theirs: Way,
  { effort, signal }: Run,
): Promise<{ readonly median: readonly [number, number]; readonly p99: readonly [number, number] }> {
  const lines = await Promise.all([direct, ours.port, theirs.port].map(open));
  try {
    const rounds = Math.ceil((effort.roundMs * effort.rounds) / (lines.length * ASK_EVERY_MS));
    const took = lines.map((): number[] => []);
    for (let round = -50; round < rounds; round += 1) {
      // In turns: whoever comes next finds the machine as the one before it left it.
      const order = [...lines.entries()];
      for (const [index, line] of round % 2 === 0 ? order : order.toReversed()) {
        await delay(ASK_EVERY_MS, undefined, { signal });
        const ms = await line.ask();
        if (round >= 0) took[index]?.push(ms);
      }
    }
    const sorted = took.map((each) => each.toSorted((a, b) => a - b));
    const at = (index: number, share: number): number => {
      const values = sorted[index] ?? [];
      const found = values[Math.ceil(share * values.length) - 1];
      if (found === undefined) throw new RangeError('no round trips');
      return found;
    };
    // Less than nothing is noise.
    const over = (index: number, share: number): number => Math.max(0, at(index, share) - at(0, share));
    const added = (share: number) => [over(1, share), over(2, share)] as const;
    return { median: added(0.5), p99: added(0.99) };
  } finally {
    for (const line of lines) line.close();
  }
}

async function open(port: number): Promise<{ ask: () => Promise<number>; close: () => void }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const message = Buffer.alloc(MESSAGE_BYTES, 'x');
  return {
    ask: () =>
      new Promise((resolve, reject) => {
        const fromMs = performance.now();
        let bytes = 0;
        const hear = (data: Buffer): void => {
          bytes += data.length;
          if (bytes < MESSAGE_BYTES) return;
          const ms = performance.now() - fromMs;
          socket.off('data', hear).off('error', reject);
          resolve(ms);
        };
        socket.on('data', hear).once('error', reject);
        socket.write(message);
      }),
    close: () => socket.destroy(),
  };
}
