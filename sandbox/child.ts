import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { readySchema } from './roles.ts';
import type { ExchangeReady, ExchangeStart, VenueReady, VenueStart } from './roles.ts';

const MAIN = new URL(`./main${extname(import.meta.filename)}`, import.meta.url);

/** Longest start of a child, and longest wait for its end by SIGTERM before SIGKILL. */
const START_MS = 20_000;
const STOP_MS = 4_000;

export interface Child<A> {
  readonly pid: number;
  readonly addresses: A;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export async function startExchangeProcess(options: ExchangeStart): Promise<Child<ExchangeReady>> {
  const { child, ready } = await spawn(options);
  if (ready.role !== 'exchange') throw new Error('the child took another role');
  return { pid: child.pid ?? 0, addresses: ready.addresses, ended: endOf(child), stop: () => stop(child) };
}

export async function startVenueProcess(options: VenueStart): Promise<Child<VenueReady>> {
  const { child, ready } = await spawn(options);
  if (ready.role !== 'venue') throw new Error('the child took another role');
  return { pid: child.pid ?? 0, addresses: ready.addresses, ended: endOf(child), stop: () => stop(child) };
}

function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
  });
}

/** Options travel over IPC, not in the argument list, where every user of the machine could read the token. */
async function spawn(options: ExchangeStart | VenueStart) {
  const child = fork(MAIN, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const signal = AbortSignal.timeout(START_MS);
    const exited = new AbortController();
    child.once('exit', (code, by) =>
      exited.abort(new Error(`the sandbox's ${options.role} ended at its start (${by ?? code})`)),
    );
    child.on('error', (error) => exited.abort(error));
    child.send(options);
    const [message] = await once(child, 'message', { signal: AbortSignal.any([signal, exited.signal]) }).catch(
      (error: unknown) => {
        if (exited.signal.aborted) throw exited.signal.reason;
        throw new Error(`the sandbox's ${options.role} did not start within ${START_MS} ms`, { cause: error });
      },
    );
    const ready = readySchema.parse(message);
    if (ready.type === 'failed') throw new Error(`the sandbox's ${options.role} did not start: ${ready.message}`);
    return { child, ready };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exit;
  clearTimeout(timer);
}
