import { z } from 'zod';
import { NEVER, passEnd, toxic, whole } from '../toxic.ts';

/** Longer chunks leave in pieces of what the rate allows in this time. */
const PIECE_MS = 100;

/**
 * At most `rate` KB/s (1 KB = 1000 bytes), each connection and direction on its own: n bytes leave n / rate ms after
 * their turn came. `rate` 0 holds everything until the toxic changes or goes.
 */
export const bandwidth = toxic({
  attributes: z.object({ rate: whole() }),
  start({ rate }) {
    let turnMs: number | null = null; // when the head's turn came; null while nothing waits
    return {
      step(pipe, nowMs) {
        for (let head = pipe.head(); head !== undefined; head = pipe.head()) {
          if (rate === 0) return NEVER;
          turnMs ??= nowMs;
          const bytes = Math.min(head.data.length, rate * PIECE_MS);
          const dueMs = turnMs + bytes / rate;
          if (dueMs > nowMs) return dueMs;
          pipe.pass(bytes);
          // From the moment it was due, not from when the timer woke us: late timers do not lower the average. A stall
          // of the far side, though, is not made up for in a burst.
          turnMs = Math.max(dueMs, nowMs - PIECE_MS);
        }
        if (pipe.empty) turnMs = null;
        return passEnd(pipe);
      },
    };
  },
});
