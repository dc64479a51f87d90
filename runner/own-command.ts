/** A command of our own in a process of its own: the same path as from a shell, and none of its work in the process that measures. */
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';

export interface OwnCommandOptions {
  /** The command line's own file, as this process was started. */
  readonly main: string;
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** `--config FILE` as this process was given it; none: found in the folder. */
  readonly config: string | undefined;
  /** It gives way to whoever has a smaller one: what can wait must not take the processor from what measures. Default: as this process. */
  readonly niceness?: number;
  /** What it says on its way, a line each. */
  readonly onLine: (line: string) => void;
}

export interface Ended {
  /** Null: it could not be started, and why. */
  readonly notStarted: string | null;
  readonly code: number | null;
  readonly killedBy: string | null;
  /** Its standard output. */
  readonly answer: string;
  /** Its last lines on standard error. */
  readonly said: readonly string[];
}

const KEPT_LINES = 5;

/** Its channel tells it when we are gone; it is asked to stop when the signal aborts. Resolves in any case. */
export function runOwnCommand(
  options: OwnCommandOptions,
  words: readonly string[],
  signal: AbortSignal,
): Promise<Ended> {
  const { main, execPath, env, folder, config, onLine } = options;
  // An inspector's port is taken by us.
  const execArgv = options.execArgv.filter((word) => !word.startsWith('--inspect'));
  const all = [...execArgv, main, ...words, ...(config === undefined ? [] : ['--config', config])];
  const child = spawn(execPath, all, { cwd: folder, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  if (options.niceness !== undefined && child.pid !== undefined) giveWay(child.pid, options.niceness);
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
  return new Promise<Ended>((resolve) => {
    const end = (part: Partial<Ended>): void =>
      resolve({ notStarted: null, code: null, killedBy: null, ...part, answer, said: [...said, rest] });
    child.once('error', (error) => end({ notStarted: error.message }));
    child.once('close', (code, killedBy) => end({ code, killedBy }));
  }).finally(() => signal.removeEventListener('abort', stop));
}

/** Where the system does not let us, it works all the same. */
function giveWay(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // Not ours to change, or gone already.
  }
}

/** How it ended, with the last thing it said. */
export function endText({ code, killedBy, said }: Pick<Ended, 'code' | 'killedBy' | 'said'>): string {
  const last = said.filter((line) => line.trim() !== '').at(-1);
  const end = killedBy === null ? `exit code ${code}` : killedBy;
  return `${end}${last === undefined ? '' : `: ${last}`}`;
}
