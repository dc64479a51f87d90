/** The one map of injectors: how each is configured, what it may touch, and how it is made. */
import { z } from 'zod';
import type { Injector, InjectorContext } from '../injector.ts';
import { execInjector } from './exec/injector.ts';
import { execSchema } from './exec/spec.ts';
import { httpInjector } from './http/injector.ts';
import { httpInjectorSchema } from './http/spec.ts';
import { kubernetesInjector } from './kubernetes/injector.ts';
import { kubernetesSchema } from './kubernetes/spec.ts';
import { netemInjector } from './netem/injector.ts';
import { netemSchema } from './netem/spec.ts';
import { processInjector } from './process/injector.ts';
import { processSchema } from './process/spec.ts';
import { routed, type Part } from './routed.ts';
import { discreet } from './secrecy.ts';
import { stressInjector } from './stress/injector.ts';
import { stressSchema } from './stress/spec.ts';
import { toxiproxyInjector, toxiproxySchema } from './toxiproxy.ts';

const schemas = [
  toxiproxySchema,
  processSchema,
  netemSchema,
  stressSchema,
  httpInjectorSchema,
  execSchema,
  kubernetesSchema,
] as const;
const kinds = schemas.map(({ shape }) => shape.kind.value);

/** One entry of `gamedays.injectors`. */
export const injectorSchema = z.discriminatedUnion('kind', schemas, {
  error: `an injector: ${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`,
});

export type InjectorSpec = z.output<typeof injectorSchema>;
type Kind = InjectorSpec['kind'];
type SpecOf<K extends Kind> = Extract<InjectorSpec, { kind: K }>;

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

/** What a scenario may touch by this entry, by the names that it knows. */
export function targetsOf(spec: InjectorSpec): readonly string[] {
  return spec.kind === 'toxiproxy' ? spec.proxies : spec.targets.map(({ name }) => name);
}

/** Kind → the targets that a scenario may touch. */
export function permittedTargets(specs: readonly InjectorSpec[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const spec of specs) found.set(spec.kind, [...(found.get(spec.kind) ?? []), ...targetsOf(spec)]);
  return found;
}

/** Names that stand for two targets of one kind: a scenario could not say which it means. */
export function repeatedTargets(
  specs: readonly InjectorSpec[],
): readonly { readonly index: number; readonly kind: string; readonly name: string }[] {
  const seen = new Set<string>();
  return specs.flatMap((spec, index) =>
    targetsOf(spec).flatMap((name) => {
      const key = `${spec.kind} ${name}`;
      if (!seen.has(key)) {
        seen.add(key);
        return [];
      }
      return [{ index, kind: spec.kind, name }];
    }),
  );
}
