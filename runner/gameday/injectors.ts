import { homedir } from 'node:os';
import type { Injector, InjectorContext } from '../../scenarios/injector.ts';
import { createInjectors } from '../../scenarios/injectors/kinds.ts';
import type { InjectorSpec } from '../../scenarios/injectors/specs.ts';
import { systemClock } from '../clock.ts';

/** The injectors of one game-day, by kind. Undoing needs no name of a game-day, and spares nobody. */
export function injectorsByKind(
  specs: readonly InjectorSpec[],
  context: Partial<InjectorContext> = {},
): ReadonlyMap<string, Injector> {
  return createInjectors(specs, {
    gameday: 'adhoc',
    secrets: new Map(),
    clock: systemClock,
    path: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    home: homedir(),
    spared: new Set(),
    ...context,
  });
}
