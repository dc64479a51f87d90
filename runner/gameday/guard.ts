/** The conductor's side of the guardian: starts it, renews the lease, hears when it is gone. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { InjectorSpec } from '../../scenarios/injectors/specs.ts';

export interface Guardian {
  readonly pid: number;
  /**
   * Renews the lease and waits for the answer. False: the guardian is gone or has given this run up, and is lifting what
   * is there; nothing more may be injected.
   */
  renew(): Promise<boolean>;
  /** Aborts when the guardian has ended, or has given this run up. */
  readonly lost: AbortSignal;
  /** The run is over and nothing is left to lift: the guardian goes home. */
  finish(): Promise<void>;
}

export interface Charge {
  readonly journalPath: string;
  readonly gameday: string;
  readonly sinceStartMs: () => number;
}

export type StartGuardian = (charge: Charge) => Promise<Guardian>;

/** What the conductor says to its guardian. */
export type ToGuardian =
  | {
      readonly type: 'begin';
      readonly journalPath: string;
      readonly gameday: string;
      readonly leaseMs: number;
      readonly sinceStartMs: number;
      readonly injectors: readonly InjectorSpec[];
      readonly secrets: readonly (readonly [string, string])[];
      readonly path: string | null;
    }
  | { readonly type: 'renew'; readonly call: number; readonly sinceStartMs: number }
  | { readonly type: 'finish' };

/** What it answers. */
export type FromGuardian = { readonly type: 'ready' } | { readonly type: 'renewed'; readonly call: number };

export interface GuardSettings {
  /** Enough for the guardian to reach every target by itself. */
  readonly injectors: readonly InjectorSpec[];
  /** Value → its reference: what a journal holds is filled in again from here. */
  readonly secrets?: ReadonlyMap<string, string>;
  /** Value of PATH. */
  readonly path?: string;
  /** A conductor that is silent for this long counts as hung; default 3,000. */
  readonly leaseMs?: number;
  /** How long it may take to start; default 10,000. */
  readonly startWithinMs?: number;
}

/** The guardian has a session of its own, so that neither our end nor that of our terminal reaches it. */
export function guardianStarter(settings: GuardSettings): StartGuardian {
  return async (charge) => {
    const { leaseMs = 3_000, startWithinMs = 10_000, injectors, secrets = new Map(), path = null } = settings;
    const child = fork(new URL(`./guardian${extname(import.meta.filename)}`, import.meta.url), [], {
      detached: true,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const { journalPath, gameday } = charge;
    const guard = attach(child, charge, leaseMs);
    try {
      const begin: ToGuardian = {
        type: 'begin',
        journalPath,
        gameday,
        leaseMs,
        sinceStartMs: charge.sinceStartMs(),
        injectors,
        secrets: [...secrets],
        path,
      };
      child.send(begin, () => undefined);
      await guard.ready(startWithinMs);
      return guard;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  };
}

function attach(child: ChildProcess, charge: Charge, leaseMs: number) {
  const lost = new AbortController();
  const calls = new Map<number, (renewed: boolean) => void>();
  const ready = Promise.withResolvers<void>();
  let call = 0;
  let isFinished = false;

  const gone = (why: string): void => {
    clearInterval(heartbeat);
    ready.reject(new Error(why));
    for (const answer of calls.values()) answer(false);
    calls.clear();
    if (!isFinished) lost.abort(new Error(why));
  };
  const tell = (message: ToGuardian): void => {
    if (child.connected) child.send(message, (error) => error !== null && gone('the guardian cannot be reached'));
  };
  const renew = (): Promise<boolean> => {
    if (lost.signal.aborted || !child.connected) return Promise.resolve(false);
    call += 1;
    const askedMs = charge.sinceStartMs();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      calls.delete(call);
      resolve(false);
    }, leaseMs);
    calls.set(call, (renewed) => {
      clearTimeout(timer);
      // An answer that was read late, after a suspension, is of a lease that is over.
      resolve(renewed && charge.sinceStartMs() - askedMs < leaseMs);
    });
    tell({ type: 'renew', call, sinceStartMs: askedMs });
    return promise;
  };
  const heartbeat = setInterval(() => void renew(), leaseMs / 4);
  heartbeat.unref();

  child.on('message', (message: FromGuardian) => {
    if (message.type === 'ready') ready.resolve();
    else {
      calls.get(message.call)?.(true);
      calls.delete(message.call);
    }
  });
  child.on('error', (error) => gone(`the guardian could not be started: ${error.message}`));
  child.on('exit', (code, signal) => gone(`the guardian ended (${signal ?? `exit code ${code}`})`));
  child.on('disconnect', () => gone('the guardian has given this game-day up'));

  return {
    pid: child.pid ?? 0,
    renew,
    lost: lost.signal,
    async ready(withinMs: number): Promise<void> {
      const timer = setTimeout(
        () => ready.reject(new Error(`the guardian did not start within ${withinMs} ms`)),
        withinMs,
      );
      await ready.promise.finally(() => clearTimeout(timer));
    },
    async finish(): Promise<void> {
      isFinished = true;
      clearInterval(heartbeat);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      tell({ type: 'finish' });
      const timer = setTimeout(() => child.kill('SIGKILL'), leaseMs);
      await ended.finally(() => clearTimeout(timer));
    },
  };
}
