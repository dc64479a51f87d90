import { createContext, Script, type Context } from 'node:vm';

/** The longest that judging one body may hold the event loop, ms. */
export const LONGEST_MS = 50;
/** Of that, what the task itself must have had before it is to blame: on a busy machine it may not have had its turn. */
const OWN_SHARE = 0.5;
const TRIES = 5;

const script = new Script('task()');
let room: Context | null = null;

/**
 * Runs what a user's pattern, schema or path makes of a body somebody else wrote; some patterns take years over forty
 * characters. The engine itself stops it, inside an expression too. The task may be begun more than once.
 * @returns null when it took too long
 */
export function bounded<T>(task: () => T): { readonly value: T } | null {
  room ??= createContext({});
  let done: { readonly value: T } | null = null;
  room['task'] = () => {
    done = { value: task() };
  };
  try {
    for (let tries = 1; tries <= TRIES; tries++) {
      const beforeMs = cpuMs();
      if (finishes(room)) return done;
      if (cpuMs() - beforeMs >= LONGEST_MS * OWN_SHARE) return null;
    }
    return null;
  } finally {
    room['task'] = null;
  }
}

function finishes(room: Context): boolean {
  try {
    script.runInContext(room, { timeout: LONGEST_MS });
    return true;
  } catch (error) {
    // Thrown in the context's own realm: no `instanceof` knows it.
    if (typeof error === 'object' && error !== null && Reflect.get(error, 'code') === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      return false;
    }
    throw error;
  }
}

/** Of this thread; before Node 23.9 of the whole process. */
function cpuMs(): number {
  const { user, system } = Reflect.has(process, 'threadCpuUsage') ? process.threadCpuUsage() : process.cpuUsage();
  return (user + system) / 1000;
}
