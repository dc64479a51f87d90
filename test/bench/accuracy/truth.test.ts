import { request } from 'undici';
import { expect, it } from 'vitest';
import { findCompiler, startTruth } from '../../../bench/accuracy/truth.ts';

const compiler = findCompiler();
if (compiler === null && process.env['CI'] === 'true') throw new Error('cc is missing');

it.skipIf(compiler === null)('the kernel’s interval holds the delay and lies within what a client sees', async () => {
  await using server = await startTruth(compiler ?? '', { seed: 3, leastMs: 5, mostMs: 20 });
  const meant: number[] = [];
  for (let bytes = 1; bytes <= 5; bytes += 1) {
    const fromMs = performance.now();
    const { body, headers } = await request(server.url);
    expect((await body.arrayBuffer()).byteLength).toBe(bytes);
    const seenMs = performance.now() - fromMs;
    const { ms, meantMs } = await server.truthOf(bytes);
    expect(Number(headers['x-delay-ns']) / 1e6).toBe(meantMs);
    expect(meantMs).toBeGreaterThanOrEqual(5);
    expect(meantMs).toBeLessThanOrEqual(20);
    expect(ms).toBeGreaterThanOrEqual(meantMs);
    expect(ms).toBeLessThanOrEqual(seenMs);
    meant.push(meantMs);
  }
  expect(new Set(meant).size).toBe(5);
});
