/** The one map of injectors: how each is made. How it is configured stands in `specs.ts`. */
import type { Injector, InjectorContext } from '../injector.ts';
import { execInjector } from './exec/injector.ts';
import { httpInjector } from './http/injector.ts';
import { kubernetesInjector } from './kubernetes/injector.ts';
import { netemInjector } from './netem/injector.ts';
import { processInjector } from './process/injector.ts';
import { routed, type Part } from './routed.ts';
import { discreet } from './secrecy.ts';
import { stressInjector } from './stress/injector.ts';
import { kinds, type InjectorSpec, type Kind, type SpecOf } from './specs.ts';
import { toxiproxyInjector } from './toxiproxy.ts';

/** Null where the configuration names none of the kind. */
type Make = (specs: readonly InjectorSpec[], context: InjectorContext) => Injector | null;

const INJECTORS: Readonly<Record<Kind, Make>> = {
  toxiproxy: (specs, { gameday }) => {
    const [first, ...others] = ofKind(specs, 'toxiproxy').map(({ url, proxies }): Part => ({
      names: proxies,
      injector: toxiproxyInjector({ url, proxies, gameday }),
      owns: ({ body }) => body['url'] === url.replace(/\/+$/, ''),
    }));
    return first === undefined ? null : routed('toxiproxy', [first, ...others]);
  },
  process: (specs, context) => onTargets(ofKind(specs, 'process'), (targets) => processInjector(targets, context)),
  netem: (specs, context) => onTargets(ofKind(specs, 'netem'), (targets) => netemInjector(targets, context)),
  stress: (specs, context) => onTargets(ofKind(specs, 'stress'), (targets) => stressInjector(targets, context)),
  http: (specs, context) => onTargets(ofKind(specs, 'http'), (targets) => httpInjector(targets, context)),
  kubernetes: (specs, context) => {
    const clusters = ofKind(specs, 'kubernetes');
    return clusters.length === 0 ? null : kubernetesInjector(clusters, context);
  },
  exec: (specs, context) => onTargets(ofKind(specs, 'exec'), (targets) => execInjector(targets, context)),
};

function ofKind<K extends Kind>(specs: readonly InjectorSpec[], kind: K): readonly SpecOf<K>[] {
  return specs.filter((spec): spec is SpecOf<K> => spec.kind === kind);
}

function onTargets<T>(
  entries: readonly { readonly targets: readonly T[] }[],
  make: (targets: readonly T[]) => Injector,
): Injector | null {
  const targets = entries.flatMap((entry) => entry.targets);
  return targets.length === 0 ? null : make(targets);
}

/** The injectors that a configuration names, for one game-day: one a kind, whose targets may come from several entries. */
export function createInjectors(
  specs: readonly InjectorSpec[],
  context: InjectorContext,
): ReadonlyMap<string, Injector> {
  const made = new Map<string, Injector>();
  for (const kind of kinds) {
    const injector = INJECTORS[kind](specs, context);
    if (injector !== null) made.set(kind, discreet(injector, context.secrets));
  }
  return made;
}
