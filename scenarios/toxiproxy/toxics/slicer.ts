import { z } from 'zod';
import type { Random } from '../../random.ts';
import { passEnd, toxic, whole } from '../toxic.ts';

const US_PER_MS = 1000;
/** Timers are as coarse as this; a shorter gap is kept on average. */
const TIMER_MS = 2;

/**
 * Sizes of the pieces of `bytes` bytes: halved, off the middle by up to `variation`, until none is longer than
 * `average + variation`. Ends, because `variation < average` keeps either half above 0.
 */
export function pieces(bytes: number, average: number, variation: number, random: Random): number[] {
  if (bytes <= average + variation) return [bytes];
  const left = Math.floor(bytes / 2) + Math.floor(random() * 2 * variation) - variation;
  return [...pieces(left, average, variation, random), ...pieces(bytes - left, average, variation, random)];
}

/** Cuts chunks into pieces of about `average_size` ± `size_variation` bytes and waits `delay` µs after each. */
export const slicer = toxic({
  attributes: z
    .object({ average_size: whole(), size_variation: whole(), delay: whole() })
    .refine((it) => it.average_size >= 1, { path: ['average_size'], error: 'expected 1 or more' })
    .refine((it) => it.size_variation < it.average_size, {
      path: ['size_variation'],
      error: 'expected less than average_size',
    }),
  start({ average_size: average, size_variation: variation, delay }, { random }) {
    let sizes: number[] = []; // of the head's pieces that are still to go
    let dueMs = 0;
    return {
      step(pipe, nowMs) {
        for (let head = pipe.head(); head !== undefined; head = pipe.head()) {
          if (dueMs > nowMs) return dueMs;
          if (sizes.length === 0) sizes = pieces(head.data.length, average, variation, random);
          pipe.pass(sizes.shift());
          dueMs = (nowMs - dueMs < TIMER_MS ? dueMs : nowMs) + delay / US_PER_MS;
        }
        // The wait after the last piece keeps the close back, too.
        return pipe.drained && dueMs > nowMs ? dueMs : passEnd(pipe);
      },
    };
  },
});
