/** The answers that injectors have in common. */
import type { Fault } from '../fault.ts';
import type { Answer, InjectorProblem } from '../injector.ts';

export const DONE: Answer<void> = { ok: true, value: undefined };

export const answer = <T>(value: T): Answer<T> => ({ ok: true, value });

export function failure(code: InjectorProblem['code'], message: string): Answer<never> {
  return { ok: false, problem: { code, message } };
}

/** A fault is expressed exactly, or not at all. */
export function inexpressible(kind: string, fault: Fault, able: readonly Fault['type'][]): Answer<never> {
  return failure('cannot-express', `${kind} cannot express ${fault.type}; it can: ${able.join(', ')}`);
}

export function unknownTarget(kind: string, name: string, known: Iterable<string>): Answer<never> {
  return failure(
    'unknown-target',
    `${kind} ${name} is not among the targets that may be touched: ${[...known].join(', ')}`,
  );
}
