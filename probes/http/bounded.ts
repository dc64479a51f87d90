import { createContext, Script, type Context } from 'node:vm';

/** The longest that judging one body may hold the event loop, ms. */
export const LONGEST_MS = 50;

const script = new Script('task()');
let room: Context | null = null;

/**
 * Runs what a user's pattern, schema or path makes of a body somebody else wrote; some patterns take years over forty
 * characters. The engine itself stops it, inside an expression too. @returns null when it took too long.
 */
export function bounded<T>(task: () => T): { readonly value: T } | null {
  room ??= createContext({});
  let done: { readonly value: T } | null = null;
  room['task'] = () => {
    done = { value: task() };
  };
  try {
    script.runInContext(room, { timeout: LONGEST_MS });
    return done;
  } catch (error) {
    // Thrown in the context's own realm: no `instanceof` knows it.
    if (typeof error === 'object' && error !== null && Reflect.get(error, 'code') === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      return null;
    }
    throw error;
  } finally {
    room['task'] = null;
  }
}
