/** Giving a process back: waking it up, or seeing to it that it runs. */
import { z } from 'zod';
import type { Answer, InjectorContext, Undo } from '../../injector.ts';
import { answer, DONE, failure } from '../answers.ts';
import { lookedFor } from '../patience.ts';
import { bootId, isAlive, readProcess, type Process } from '../processes.ts';
import { launch, shellWords, surroundings, type Launched } from '../program.ts';
import { find } from './find.ts';
import type { ProcessTarget } from './spec.ts';

const bodySchema = z.object({
  /** How it is found again, and what starts it; null: somebody else does. */
  where: z.object({
    name: z.string(),
    pidFile: z.string().optional(),
    command: z.string().optional(),
    unit: z.string().optional(),
  }),
  /** As it was before the fault. */
  was: z.object({ pid: z.int(), started: z.string(), boot: z.string() }),
  action: z.enum(['wake', 'restart']),
  restart: z.array(z.string()).nullable(),
  env: z.record(z.string(), z.string()),
  withinMs: z.number(),
  /** For so long the process of before may still be about to end. */
  endsWithinMs: z.number(),
});
export type UndoBody = z.output<typeof bodySchema>;

type Context = Pick<InjectorContext, 'path' | 'home' | 'clock'>;

export const KIND = 'process';

export function newUndo(target: ProcessTarget, found: Process, action: UndoBody['action'], endsWithinMs: number): Undo {
  const { name, pidFile, command, unit, env, withinMs } = target;
  const restart = restartOf(target);
  const was = { pid: found.pid, started: found.started, boot: bootId() };
  const where = { name, pidFile, command, unit };
  const byHand =
    action === 'wake'
      ? `kill -CONT ${found.pid}`
      : restart === null
        ? `see to it that ${name} runs again: whoever supervises it has not started it`
        : shellWords(restart);
  return { injector: KIND, body: { where, was, action, restart, env, withinMs, endsWithinMs }, byHand };
}

/** What starts it again; null: somebody else does, or nobody. */
export function restartOf({ unit, restart, supervised }: ProcessTarget): readonly string[] | null {
  if (supervised) return null;
  if (restart !== undefined) return restart;
  return unit === undefined ? null : ['systemctl', 'start', '--', unit];
}

export function readUndo(undo: Undo): Answer<UndoBody> {
  const parsed = bodySchema.safeParse(undo.body);
  if (parsed.success) return answer(parsed.data);
  return failure('failed', `this undo is not the process injector's: ${z.prettifyError(parsed.error)}`);
}

/** The process of before, if it has not ended: its id may belong to another by now. */
export function original({ was }: UndoBody): Process | null {
  const now = was.boot === bootId() ? readProcess(was.pid) : null;
  return now !== null && now.started === was.started && isAlive(now) ? now : null;
}

export async function undoProcess(body: UndoBody, context: Context, signal: AbortSignal): Promise<Answer<void>> {
  return body.action === 'wake' ? wake(body, context, signal) : bringBack(body, context, signal);
}

async function wake(body: UndoBody, { clock }: Context, signal: AbortSignal): Promise<Answer<void>> {
  const { name } = body.where;
  const asleep = original(body);
  if (asleep === null) return DONE;
  try {
    process.kill(asleep.pid, 'SIGCONT');
  } catch (error) {
    return failure(
      'failed',
      `process ${asleep.pid} (${name}): ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const isAwake = await lookedFor(() => (original(body)?.state === 'T' ? null : true), clock, 2_000, signal);
  return isAwake === null ? failure('failed', `process ${asleep.pid} (${name}) is still stopped after SIGCONT`) : DONE;
}

/** One that lives for so long is taken for back; shorter, for one that falls over as it starts. */
const STEADY_MS = 300;
/** What was seen longer ago is looked for again before anything is done about it. */
const FRESH_MS = 500;

async function bringBack(body: UndoBody, context: Context, signal: AbortSignal): Promise<Answer<void>> {
  const { where, restart, withinMs } = body;
  const { clock } = context;
  let launched: Launched | null = null;
  let last = 'it does not run';
  /** Which process is there, and since when. */
  let seen: { readonly pid: number; readonly started: string; readonly sinceMs: number } | null = null;
  const isBack = async (): Promise<true | null> => {
    const lookedMs = clock.monotonicMs();
    const found = await find(where, context, signal);
    if (!found.ok) {
      last = found.problem.message;
      return null;
    }
    const now = found.value;
    if (now === null) {
      seen = null;
      last = launched?.failed() ?? 'it does not run';
      // Whoever was stopped since it looked may have been helped meanwhile: a second one would be one too many.
      // (A manager, which may take its time to answer, starts none twice.)
      if (where.unit === undefined && clock.monotonicMs() - lookedMs > FRESH_MS) return null;
      if (restart !== null) launched ??= launch(restart, surroundings(context, body.env));
      return null;
    }
    const atMs = clock.monotonicMs();
    if (seen?.pid !== now.pid || seen.started !== now.started)
      seen = { pid: now.pid, started: now.started, sinceMs: atMs };
    // The one of before may have the signal that ends it on its way.
    const steadyMs = original(body)?.pid === now.pid ? Math.max(STEADY_MS, body.endsWithinMs) : STEADY_MS;
    last = `process ${now.pid} has only just begun`;
    return atMs - seen.sinceMs >= steadyMs ? true : null;
  };
  const isThere = await lookedFor(isBack, clock, withinMs + body.endsWithinMs, signal);
  return isThere === null ? failure('failed', `${where.name} is not back within ${withinMs} ms: ${last}`) : DONE;
}
