import type { Injector } from '../../scenarios/injector.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { InjectStep } from './faults.ts';

/** The fault that still stands on this step's target when it comes, where its injector takes one at a time; null: none. */
export function standingBefore(
  step: InjectStep,
  { steps }: Pick<Scenario, 'steps'>,
  { isExclusive = false }: Injector,
): string | null {
  if (!isExclusive) return null;
  const standing = new Map<string, string>();
  for (const each of steps) {
    if (each.type === 'lift') standing.delete(each.fault);
    if (each.type !== 'inject') continue;
    const target = JSON.stringify([each.target.injector, each.target.name]);
    if (each.id === step.id) {
      return [...standing].find(([, there]) => there === target)?.[0] ?? null;
    }
    standing.set(each.id, target);
  }
  return null;
}
