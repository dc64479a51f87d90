import { z } from 'zod';
import { passAll, passEnd, toxic } from '../toxic.ts';

/** Lets everything pass. Also what a connection gets that its toxic's `toxicity` spares. */
export const noop = toxic({
  attributes: z.object({}),
  start: () => ({
    step(pipe) {
      passAll(pipe);
      return passEnd(pipe);
    },
  }),
});
