import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchLoop } from '../../../runner/engine/loop-watch.ts';

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** A run queue that says what it is told. */
function queueOf() {
  const queue = { total: 0, reads: 0, isClosed: false };
  return {
    queue,
    seam: {
      waitedMs: () => {
        queue.reads += 1;
        return queue.total;
      },
      [Symbol.dispose]: () => {
        queue.isClosed = true;
      },
    },
  };
}

it('sees a stall whole that begins and ends between two calls of its timer', async () => {
  using loop = watchLoop(undefined, null);
  for (let round = 0; round < 10; round += 1) {
    await delay(15 + round);
    const sinceMs = performance.now();
    block(6);
    expect(loop.maxSince(sinceMs)).toBeGreaterThanOrEqual(6);
    await delay(1);
    expect(loop.maxSince(sinceMs)).toBeGreaterThanOrEqual(6);
  }
});

it('adds up stalls for stretches that followed each other, each as far as it was long', async () => {
  using loop = watchLoop(undefined, null);
  const sinceMs = performance.now();
  await delay(20);
  block(6);
  await delay(20);
  block(6);
  await delay(20);
  expect(loop.maxSince(sinceMs, [100, 100])).toBeGreaterThanOrEqual(12);
  expect(loop.maxSince(sinceMs, [2, 1])).toBe(3);
});

it('takes time without a core for time in which nothing was seen', async () => {
  using loop = watchLoop(undefined, { waitedMs: () => performance.now() / 2, [Symbol.dispose]: () => undefined });
  const sinceMs = performance.now();
  await delay(60);
  // Its own timer turns the loop each 10 ms or later; half of that was without a core.
  expect(loop.maxSince(sinceMs)).toBeGreaterThanOrEqual(4);
});

it('does not count a wait for a core amid work twice', () => {
  const { queue, seam } = queueOf();
  using loop = watchLoop(undefined, seam);
  block(2);
  const sinceMs = performance.now();
  queue.total += 1000;
  block(2);
  expect(loop.maxSince(sinceMs - 10_000)).toBeLessThan(1000);
});

it('never says more than the time since', async () => {
  using loop = watchLoop(undefined, null);
  block(50);
  const sinceMs = performance.now();
  const saidMs = loop.maxSince(sinceMs);
  expect(saidMs).toBeLessThanOrEqual(performance.now() - sinceMs);
  await delay(5);
  expect(loop.maxSince(performance.now() + 60_000)).toBe(0);
});

it('keeps the loop waiting for events, and lets go of everything at its end', async () => {
  const { queue, seam } = queueOf();
  {
    using loop = watchLoop(undefined, seam);
    await delay(400);
    expect(loop.maxSince(0)).toBeGreaterThan(0);
  }
  // Of some 40 turns by its timer; a loop that never waits would have read it each half millisecond.
  expect(queue.reads).toBeLessThan(400);
  expect(queue.isClosed).toBe(true);
  const { reads } = queue;
  await delay(30);
  expect(queue.reads).toBe(reads);
});
