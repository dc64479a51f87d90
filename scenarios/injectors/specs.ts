/** How each injector is configured, and what it may touch. */
import { z } from 'zod';
import { execSchema } from './exec/spec.ts';
import { httpInjectorSchema } from './http/spec.ts';
import { kubernetesSchema } from './kubernetes/spec.ts';
import { netemSchema } from './netem/spec.ts';
import { processSchema } from './process/spec.ts';
import { stressSchema } from './stress/spec.ts';
import { toxiproxySchema } from './toxiproxy-spec.ts';

const schemas = [
  toxiproxySchema,
  processSchema,
  netemSchema,
  stressSchema,
  httpInjectorSchema,
  execSchema,
  kubernetesSchema,
] as const;
export const kinds = schemas.map(({ shape }) => shape.kind.value);

/** One entry of `gamedays.injectors`. */
export const injectorSchema = z.discriminatedUnion('kind', schemas, {
  error: `an injector: ${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`,
});

export type InjectorSpec = z.output<typeof injectorSchema>;
export type Kind = InjectorSpec['kind'];
export type SpecOf<K extends Kind> = Extract<InjectorSpec, { kind: K }>;

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
