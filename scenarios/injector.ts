import type { Fault } from './fault.ts';

/** Where a fault goes: a proxy's name for `toxiproxy`. */
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

export interface Injector {
  readonly kind: string;
  /** Can this fault be expressed on this target, right now? Changes nothing. */
  check(target: Target, fault: Fault, signal: AbortSignal): Promise<Answer<void>>;
  /** The undo for a fault that has not been applied yet. Changes nothing. */
  prepare(target: Target, fault: Fault, signal: AbortSignal): Promise<Answer<Undo>>;
  /** Applies it. Call only after the undo is durable. */
  inject(target: Target, fault: Fault, undo: Undo, signal: AbortSignal): Promise<Answer<void>>;
  /** Takes it back and reads back that it is gone. */
  undo(undo: Undo, signal: AbortSignal): Promise<Answer<void>>;
  /** Is all of it still there? False: somebody else lifted it, or the other side was restarted; the fault is lost. */
  stands?(undo: Undo, signal: AbortSignal): Promise<Answer<boolean>>;
  /** Null where the other side keeps no such count: the effect is then unknown, not absent. */
  effect?(target: Target, signal: AbortSignal): Promise<Answer<Crossing | null>>;
}
