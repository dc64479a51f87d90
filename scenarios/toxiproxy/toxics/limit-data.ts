import { z } from 'zod';
import { NEVER, passEnd, toxic, whole } from '../toxic.ts';

/**
 * Passes exactly `bytes` bytes, counted from when the toxic became active on the connection, and closes it then. With 0
 * the first data closes it, and an idle connection stays. The count survives a change of the limit.
 */
export const limitData = toxic({
  attributes: z.object({ bytes: whole() }),
  start({ bytes }, { memory }) {
    return {
      step(pipe) {
        for (let head = pipe.head(); head !== undefined; head = pipe.head()) {
          const passed = memory.get('passed') ?? 0;
          const now = Math.min(head.data.length, Math.max(0, bytes - passed));
          if (now > 0) pipe.pass(now);
          memory.set('passed', passed + now);
          if (passed + now >= bytes) {
            pipe.cut();
            return NEVER;
          }
        }
        return passEnd(pipe);
      },
    };
  },
});
