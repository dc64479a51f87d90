import type { InjectorContext } from '../../injector.ts';
import { launch, surroundings } from '../program.ts';
import { find, objection } from './find.ts';
import type { ProcessTarget } from './spec.ts';
import type { UndoBody } from './undo.ts';

export interface CrashLoopOptions {
  readonly spec: ProcessTarget;
  readonly body: UndoBody;
  readonly everyMs: number;
  readonly context: InjectorContext;
  /** Asked before each kill: a conductor that slept through its lease kills nothing more. */
  readonly mayInject: () => Promise<boolean>;
}

/** Kills it as often as it is back, and starts it where nobody else does: in turn, so that it is seen to run between. */
export function keepCrashing(
  options: CrashLoopOptions,
): AsyncDisposable & { readonly isOver: () => boolean; readonly kills: () => number } {
  const over = new AbortController();
  let kills = 0;
  const ended = loop(options, over, () => {
    kills += 1;
  });
  return {
    isOver: () => over.signal.aborted,
    kills: () => kills,
    async [Symbol.asyncDispose]() {
      over.abort();
      await ended;
    },
  };
}

async function loop(options: CrashLoopOptions, over: AbortController, onKill: () => void): Promise<void> {
  const { everyMs, context } = options;
  while (!over.signal.aborted) {
    await context.clock.sleep(everyMs, over.signal).catch(() => undefined);
    if (!over.signal.aborted && !(await turn(options, over.signal, onKill))) over.abort();
  }
}

/** False: it may not go on. */
async function turn(
  { spec, body, context, mayInject }: CrashLoopOptions,
  signal: AbortSignal,
  onKill: () => void,
): Promise<boolean> {
  const found = await find(spec, context, signal);
  // What cannot be told now may be told next time.
  if (!found.ok || signal.aborted) return true;
  if (!(await mayInject())) return false;
  if (signal.aborted) return true;
  const there = found.value;
  if (there === null) {
    if (body.restart !== null) launch(body.restart, surroundings(context, body.env));
    return true;
  }
  if (objection(there, spec.otherUsers, context.spared) !== null) return false;
  // The lease was asked for meanwhile: the id may have another owner.
  const now = await find(spec, context, signal);
  if (!now.ok || now.value?.pid !== there.pid || now.value.started !== there.started) return true;
  try {
    process.kill(there.pid, 'SIGKILL');
    onKill();
  } catch {
    // It has ended by itself.
  }
  return true;
}
