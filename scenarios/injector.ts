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
}
