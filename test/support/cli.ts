import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/** Hundreds of tests start the same program: it is stripped of its types and compiled once. */
const COMPILED = join(import.meta.dirname, '../../node_modules/.cache/compiled');
const MAIN = join(import.meta.dirname, '../../runner/main.ts');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export interface CliOptions {
  /** Working directory. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the command line as its user does: a process of its own, on this runtime. */
export function startCli(words: readonly string[], { folder, env = {} }: CliOptions): Started {
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: COMPILED, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    process: child,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs a command to its end. */
export async function cli(words: readonly string[], options: CliOptions): Promise<Ended> {
  await using started = startCli(words, options);
  return await started.ended;
}
