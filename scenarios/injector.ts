import type { Clock } from '../probes/probe.ts';
import type { Fault } from './fault.ts';

/** Where a fault goes: the kind of its injector, and what the configuration calls it there (for `toxiproxy`, a proxy). */
export interface Target {
  readonly injector: string;
  readonly name: string;
}

/**
 * How to take a fault back, as plain JSON: written to the journal and flushed before the fault is applied, so that
 * another process can do it after ours was killed. Undoing twice is harmless.
 */
export interface Undo {
  readonly injector: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The command that does the same by hand. */
  readonly byHand: string;
}

export type InjectorProblem = {
  readonly code: 'unreachable' | 'unknown-target' | 'cannot-express' | 'conflict' | 'failed';
  readonly message: string;
};
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: InjectorProblem };

/** What has crossed a target since it exists, by the injector's own count: two readings prove whether a fault bit. */
export interface Crossing {
  /** Received from either peer, both directions added. */
  readonly bytes: number;
  /** Accepted from clients. */
  readonly connections: number;
  /** Ended by a fault (or by switching the target off), not by a peer. */
  readonly cut: number;
}

/** What a fault did while it was there. */
export interface Effect {
  /** Whether it bit; null: nobody measured it. */
  readonly bit: boolean | null;
  /** What was seen of it, a clause; or why it was not measured. */
  readonly says: string;
}

/** What an injector is told of the game-day, and of the process that it works in. */
export interface InjectorContext {
  /** Goes into the names of its faults, so that whoever finds one knows whose it is. */
  readonly gameday: string;
  /** Value → its reference, longest value first: none of the values leaves the process but to where it belongs. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  /** Value of PATH: where programs are looked for. */
  readonly path: string;
  /** Value of HOME, for what lies below it. */
  readonly home: string;
  /** Processes that no fault may touch, the guardian above all; read at each injection. */
  readonly spared: ReadonlySet<number>;
}

export interface Injector {
  readonly kind: string;
  /** One fault at a time on a target. */
  readonly isExclusive?: boolean;
  /** How long injecting and undoing may take on this target, ms; null, or none: 5,000. */
  patienceMs?(target: Target): number | null;
  /** Can this fault be expressed on this target, right now? Changes nothing. */
  check(target: Target, fault: Fault, signal: AbortSignal): Promise<Answer<void>>;
  /** The undo for a fault that has not been applied yet. Changes nothing. */
  prepare(target: Target, fault: Fault, signal: AbortSignal): Promise<Answer<Undo>>;
  /**
   * Applies it. Call only after the undo is durable.
   * @param mayInject renews the lease; a fault that goes on acting (a crash loop) asks each time
   */
  inject(
    target: Target,
    fault: Fault,
    undo: Undo,
    signal: AbortSignal,
    mayInject: () => Promise<boolean>,
  ): Promise<Answer<void>>;
  /** Takes it back and reads back that it is gone. */
  undo(undo: Undo, signal: AbortSignal): Promise<Answer<void>>;
  /** Is all of it still there? False: somebody else lifted it, or the other side was restarted; the fault is lost. */
  stands?(undo: Undo, signal: AbortSignal): Promise<Answer<boolean>>;
  /** What it has done so far, asked right before it is lifted. An injector that counts what crosses a target needs none. */
  proof?(target: Target, fault: Fault, undo: Undo, signal: AbortSignal): Promise<Answer<Effect>>;
  /** What its `cut` counts, one of them; default: a connection. */
  readonly cuts?: string;
  /** Null where the other side keeps no such count: the effect is then unknown, not absent. */
  effect?(target: Target, signal: AbortSignal): Promise<Answer<Crossing | null>>;
}
