import { z } from 'zod';
import { NEVER, toxic, whole } from '../toxic.ts';

/**
 * Waits for the first data or close in this direction, swallows it, and resets the connection at both peers `timeout` ms
 * later. Changing the attributes during the wait does not start it again; removal during the wait resets at once, since
 * what was swallowed is lost.
 */
export const resetPeer = toxic({
  attributes: z.object({ timeout: whole() }),
  start({ timeout }, { memory }) {
    return {
      step(pipe, nowMs) {
        const swallowed = pipe.drop();
        let sinceMs = memory.get('sinceMs');
        if (sinceMs === undefined) {
          if (swallowed === 0 && !pipe.drained) return NEVER;
          sinceMs = nowMs;
          memory.set('sinceMs', sinceMs);
        }
        if (sinceMs + timeout > nowMs) return sinceMs + timeout;
        pipe.reset();
        return NEVER;
      },
    };
  },
  removed(pipe, { memory }) {
    if (memory.has('sinceMs')) pipe.reset();
  },
});
