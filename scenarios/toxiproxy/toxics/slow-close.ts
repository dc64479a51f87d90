import { z } from 'zod';
import { NEVER, passAll, toxic, whole } from '../toxic.ts';

/** Data passes untouched; a close in this direction arrives `delay` ms late. */
export const slowClose = toxic({
  attributes: z.object({ delay: whole() }),
  start({ delay }) {
    let dueMs: number | null = null;
    return {
      step(pipe, nowMs) {
        passAll(pipe);
        if (!pipe.drained) return NEVER;
        dueMs ??= nowMs + delay;
        if (dueMs > nowMs) return dueMs;
        pipe.end();
        return NEVER;
      },
    };
  },
});
