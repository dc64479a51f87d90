import { compare, type Run, type Finding } from '../figure.ts';
import { startContender, startServer } from '../process.ts';

export async function ticksFigures(run: Run): Promise<readonly Finding[]> {
  await using feed = await startServer(new URL('./feed.ts', import.meta.url));
  const url = `ws://127.0.0.1:${feed.port}/ws`;
  await using ours = await startContender('pulsedrill', new URL('./pulsedrill.ts', import.meta.url), [url]);
  await using bare = await startContender('bare ws + JSON.parse', new URL('./bare.ts', import.meta.url), [url]);
  const peer = { id: 'ticks', title: 'market-data probe, continuous', contender: bare, goal: 0.8 };
  return await compare(ours, [peer], { unit: 'ticks per CPU-second', per: 'cpu' }, run);
}
