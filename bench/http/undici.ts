/** The peer that does nothing but ask: undici's own request, on fresh or kept connections; no phases, no deadline, no verdict. */
import { Agent, request } from 'undici';
import { answerOrders, Stopwatch } from '../contender.ts';
import { CONCURRENCY, fromArgs } from './asked.ts';

const { url, keepAlive, ca } = fromArgs(process.argv.slice(2));
// A remembered TLS session would spare it what a fresh connection is about.
const connect = ca === undefined ? {} : { ca, maxCachedSessions: 0 };
const dispatcher = new Agent({ connections: CONCURRENCY, pipelining: keepAlive ? 1 : 0, connect });

async function lane(untilMs: number): Promise<number> {
  let requests = 0;
  do {
    const { statusCode, body } = await request(url, { dispatcher, reset: !keepAlive });
    await body.text();
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    requests += 1;
  } while (performance.now() < untilMs);
  return requests;
}

answerOrders(async (ms) => {
  const watch = new Stopwatch();
  const untilMs = performance.now() + ms;
  const requests = await Promise.all(Array.from({ length: CONCURRENCY }, () => lane(untilMs)));
  return watch.stop(requests.reduce((sum, count) => sum + count, 0));
});
