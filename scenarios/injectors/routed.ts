/** Several entries of one kind in the configuration, as one injector: a target's name says which of them it is. */
import type { Answer, Injector, Undo } from '../injector.ts';
import { unknownTarget } from './answers.ts';

export interface Part {
  readonly names: readonly string[];
  readonly injector: Injector;
  readonly owns: (undo: Undo) => boolean;
}

/** @param parts at least one; an undo that none of them owns any more (the configuration has changed) goes to the first */
export function routed(kind: string, parts: readonly [Part, ...Part[]]): Injector {
  const [first] = parts;
  const byName = new Map(parts.flatMap(({ names, injector }) => names.map((name) => [name, injector] as const)));
  const ownerOf = (undo: Undo): Injector => (parts.find(({ owns }) => owns(undo)) ?? first).injector;
  const at = <T>(name: string, ask: (injector: Injector) => Promise<Answer<T>>): Promise<Answer<T>> => {
    const injector = byName.get(name);
    return injector === undefined ? Promise.resolve(unknownTarget(kind, name, byName.keys())) : ask(injector);
  };
  return {
    kind,
    check: (target, fault, signal) => at(target.name, (one) => one.check(target, fault, signal)),
    prepare: (target, fault, signal) => at(target.name, (one) => one.prepare(target, fault, signal)),
    inject: (target, fault, undo, signal, mayInject) =>
      at(target.name, (one) => one.inject(target, fault, undo, signal, mayInject)),
    undo: (undo, signal) => ownerOf(undo).undo(undo, signal),
    stands: (undo, signal) => ownerOf(undo).stands?.(undo, signal) ?? Promise.resolve({ ok: true, value: true }),
    effect: (target, signal) =>
      at(target.name, (one) => one.effect?.(target, signal) ?? Promise.resolve({ ok: true, value: null })),
  };
}
