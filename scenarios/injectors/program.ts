/** Programs that an injector runs: no shell, a deadline, output capped, and of our environment only what they need. */
import { spawn } from 'node:child_process';
import type { InjectorContext } from '../injector.ts';

export type Ran =
  | { readonly type: 'exited'; readonly code: number; readonly stdout: string; readonly stderr: string }
  /** It could not be started, took too long, or was ended by a signal. */
  | { readonly type: 'failed'; readonly why: string };

/** More than this is read and thrown away. */
const MOST_CHARS = 64 * 1024;

type Surroundings = Pick<InjectorContext, 'path' | 'home'>;

/** Secrets live in our environment: a program is told where things are, and what its configuration says. */
export function surroundings(
  { path, home }: Surroundings,
  own: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { PATH: path, HOME: home, LANG: 'C.UTF-8', ...own };
}

export interface RunOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly withinMs: number;
  readonly signal: AbortSignal;
  /** What it reads from its standard input. */
  readonly input?: string;
}

/** Runs to its end, with its own children, or kills them all. Never rejects. */
export function run(argv: readonly string[], { env, withinMs, signal, input }: RunOptions): Promise<Ran> {
  const [program = '', ...args] = argv;
  if (signal.aborted) return Promise.resolve({ type: 'failed', why: `${program}: not started, stopped before` });
  const { promise, resolve } = Promise.withResolvers<Ran>();
  // A group of its own, so that its children end with it.
  const child = spawn(program, args, { detached: true, env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  // One that ends before it has read everything says so by its exit code.
  child.stdin.on('error', () => undefined).end(input);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] = (output[name] + text).slice(0, MOST_CHARS);
    });
  }
  let why: string | null = null;
  const end = (reason: string): void => {
    why ??= reason;
    killGroup(child.pid);
    // Whoever left the group may hold the pipes open for ever.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const stop = (): void => end(`${program}: stopped`);
  const timer = setTimeout(() => end(`${program}: no end within ${withinMs} ms`), withinMs);
  signal.addEventListener('abort', stop);
  const settle = (ran: Ran): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    resolve(ran);
  };
  child.on('error', (error) => settle({ type: 'failed', why: `${program}: ${error.message}` }));
  child.on('close', (code, endedBy) => {
    if (why !== null) settle({ type: 'failed', why });
    else if (code === null) settle({ type: 'failed', why: `${program}: ended by ${endedBy}` });
    else settle({ type: 'exited', code, ...output });
  });
  return promise;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

export type Launched = { readonly failed: () => string | null };

/** Starts what outlives us: its own session, nothing of ours but the environment given. */
export function launch(argv: readonly string[], env: Readonly<Record<string, string>>): Launched {
  const [program = '', ...args] = argv;
  let failed: string | null = null;
  const child = spawn(program, args, { detached: true, env: { ...env }, stdio: 'ignore' });
  child.on('error', (error) => {
    failed = `${program}: ${error.message}`;
  });
  child.on('exit', (code, signal) => {
    if (code !== 0) failed = `${program}: ${signal === null ? `exit code ${code}` : `ended by ${signal}`}`;
  });
  child.unref();
  return { failed: () => failed };
}

/** The last line that a program said about what went wrong. */
export function complaint({ stdout, stderr, code }: Extract<Ran, { type: 'exited' }>): string {
  const said = (stderr.trim() || stdout.trim()).split('\n').at(-1)?.trim().slice(0, 300) ?? '';
  return said === '' ? `exit code ${code}` : said;
}

/** For a person at a shell: every word in quotes but the plain ones. */
export function shellWords(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
