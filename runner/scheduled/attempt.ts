/** One try of a scheduled game-day: `gameday check` or `gameday run`, in a process of its own. */
import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { Plan } from './occurrence.ts';

export type Stage = 'check' | 'run';

export interface Attempt {
  /** The check found nothing against it, or the exercise passed. */
  readonly ok: boolean;
  readonly verdict: string;
  readonly detail: string;
  readonly gameday: string | null;
}

export interface AttemptOptions {
  /** The command line's own file, as this process was started. */
  readonly main: string;
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** `--config FILE` as this process was given it; none: found in the folder. */
  readonly config: string | undefined;
  /** What it says on its way, a line each. */
  readonly onLine: (line: string) => void;
}

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
  const { main, execPath, env, folder, config, onLine } = options;
  // An inspector's port is taken by us.
  const execArgv = options.execArgv.filter((word) => !word.startsWith('--inspect'));
  return (plan, stage, signal) => {
    const words = [
      'gameday',
      stage,
      '--scheduled',
      plan.id,
      '--json',
      ...(config === undefined ? [] : ['--config', config]),
    ];
    const child = spawn(execPath, [...execArgv, main, ...words], {
      cwd: folder,
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const said: string[] = [];
    let [answer, rest] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        said.push(line);
        if (said.length > KEPT_LINES) said.shift();
        onLine(line);
      }
    });
    const stop = (): void => {
      child.kill('SIGTERM');
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    return new Promise<Attempt>((resolve) => {
      child.once('error', (error) => resolve(failed(`it could not be started: ${error.message}`)));
      child.once('close', (code, killedBy) => {
        resolve(attemptOf(stage, code, answer) ?? failed(whyText(code, killedBy, [...said, rest])));
      });
    }).finally(() => signal.removeEventListener('abort', stop));
  };
}

const KEPT_LINES = 5;

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

function whyText(code: number | null, killedBy: string | null, said: readonly string[]): string {
  const last = said.filter((line) => line.trim() !== '').at(-1);
  const end = killedBy === null ? `exit code ${code}` : killedBy;
  return `it ended by ${end} without an outcome${last === undefined ? '' : `: ${last}`}`;
}
