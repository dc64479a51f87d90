import { z } from 'zod';
import { NEVER, passEnd, toxic, whole } from '../toxic.ts';

/**
 * Discards all data in this direction, and closes the connection after `timeout` ms without any; 0: never by itself. A
 * peer's close still passes. Removal closes the connection: its peers have lost bytes that nobody can give back.
 */
export const timeout = toxic({
  attributes: z.object({ timeout: whole() }),
  closesOnRemoval: true,
  start({ timeout }) {
    let dueMs: number | null = null;
    return {
      step(pipe, nowMs) {
        if (pipe.drop() > 0) dueMs = null;
        if (pipe.drained || timeout === 0) return passEnd(pipe);
        dueMs ??= nowMs + timeout;
        if (dueMs > nowMs) return dueMs;
        pipe.cut();
        return NEVER;
      },
    };
  },
});
