/** One try of a scheduled game-day: `gameday check` or `gameday run`, in a process of its own. */
import { z } from 'zod';
import { endText, runOwnCommand, type Ended, type OwnCommandOptions } from '../own-command.ts';
import type { Plan } from './occurrence.ts';

export type Stage = 'check' | 'run';

export interface Attempt {
  /** The check found nothing against it, or the exercise passed. */
  readonly ok: boolean;
  readonly verdict: string;
  readonly detail: string;
  readonly gameday: string | null;
}

export type AttemptOptions = OwnCommandOptions;

const outcomeSchema = z.object({
  verdict: z.string(),
  passed: z.boolean(),
  detail: z.string(),
  gamedayId: z.string(),
});

/**
 * The same path as from a shell, and none of its work in the process that measures. Its channel tells it when we are gone:
 * then it stops and undoes. Resolves in any case.
 */
export function attempter(
  options: AttemptOptions,
): (plan: Plan, stage: Stage, signal: AbortSignal) => Promise<Attempt> {
  return async (plan, stage, signal) => {
    const words = ['gameday', stage, '--scheduled', plan.id, '--json'];
    const ended = await runOwnCommand(options, words, signal);
    if (ended.notStarted !== null) return failed(`it could not be started: ${ended.notStarted}`);
    return attemptOf(stage, ended.code, ended.answer) ?? failed(whyText(ended));
  };
}

const failed = (detail: string): Attempt => ({ ok: false, verdict: 'failed', detail, gameday: null });

function attemptOf(stage: Stage, code: number | null, answer: string): Attempt | null {
  try {
    const { verdict, passed, detail, gamedayId } = outcomeSchema.parse(JSON.parse(answer));
    const isDone = stage === 'check' ? verdict === 'ready' : passed;
    const ok = isDone && code === 0;
    const trouble = isDone && !ok ? `; it ended with exit code ${code}` : '';
    return { ok, verdict, detail: `${detail}${trouble}`, gameday: stage === 'check' ? null : gamedayId };
  } catch {
    return null;
  }
}

function whyText(ended: Ended): string {
  const [end, ...last] = endText(ended).split(': ');
  return `it ended by ${end} without an outcome${last.length === 0 ? '' : `: ${last.join(': ')}`}`;
}
