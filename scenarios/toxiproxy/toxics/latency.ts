import { z } from 'zod';
import { passEnd, toxic, whole } from '../toxic.ts';

/**
 * Releases each chunk `latency` ± `jitter` ms after it arrived, in order. Delays overlap: two chunks 100 ms apart stay
 * 100 ms apart. A close follows the data before it without a delay of its own.
 */
export const latency = toxic({
  attributes: z.object({ latency: whole(), jitter: whole() }),
  // What a fast sender has in flight during the delay must fit, or the toxic would throttle as well.
  capacityBytes: 16 * 1024 * 1024,
  start({ latency, jitter }, { random }) {
    const delayMs = () => (jitter > 0 ? latency - jitter + Math.floor(random() * 2 * jitter) : latency);
    let dueMs: number | null = null; // of the head; drawn once
    return {
      step(pipe, nowMs) {
        for (let head = pipe.head(); head !== undefined; head = pipe.head()) {
          dueMs ??= head.atMs + delayMs();
          if (dueMs > nowMs) return dueMs;
          // A second latency further down the chain adds to this one.
          head.atMs = Math.max(head.atMs, dueMs);
          dueMs = null;
          pipe.pass();
        }
        return passEnd(pipe);
      },
    };
  },
});
