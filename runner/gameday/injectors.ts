import type { Injector } from '../../scenarios/injector.ts';
import { createInjector, type InjectorSpec } from '../../scenarios/injectors/kinds.ts';

/** The injectors of one game-day, by kind. @param gameday goes into the names of its faults; undoing needs none */
export function injectorsByKind(specs: readonly InjectorSpec[], gameday = 'adhoc'): ReadonlyMap<string, Injector> {
  return new Map(specs.map((spec) => [spec.kind, createInjector(spec, gameday)]));
}
