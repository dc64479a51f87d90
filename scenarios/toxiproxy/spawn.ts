import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { ToxiproxyStartError, type StartProblemCode, type ToxiproxyOptions } from './server.ts';

/** What the child says once: where it serves, or why it does not. */
export type ChildAnswer = { readonly url: string } | { readonly code: StartProblemCode; readonly message: string };

export interface SpawnedToxiproxy extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the fault proxy in a process of its own, so that its work does not delay our measurements. It ends when this
 * process does. Throws a `ToxiproxyStartError`.
 */
export async function spawnToxiproxy(options: ToxiproxyOptions): Promise<SpawnedToxiproxy> {
  const child = fork(new URL(`./child${extname(import.meta.filename)}`, import.meta.url), [], {
    // Not ours to hand on: an inspector's port, a test runner's loader.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // Kept for later, too: a signal that cannot be delivered any more is no reason for ours to end.
  child.on('error', () => {});
  const stop = () => end(child);
  child.send(options);
  const answer = await firstAnswer(child);
  if ('url' in answer && child.pid !== undefined) {
    return { url: answer.url, pid: child.pid, stop, [Symbol.asyncDispose]: stop };
  }
  await stop();
  throw 'code' in answer
    ? new ToxiproxyStartError(answer.code, answer.message)
    : new ToxiproxyStartError('cannot-listen', 'the fault proxy process has no pid');
}

function firstAnswer(child: ChildProcess): Promise<ChildAnswer> {
  return new Promise((resolve, reject) => {
    child.once('message', (answer: ChildAnswer) => resolve(answer));
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new ToxiproxyStartError('cannot-listen', `the fault proxy process ended at start (${signal ?? code})`));
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
