import type { Injector, Target } from '../../scenarios/injector.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { InjectStep, PlainStep } from '../../scenarios/step.ts';

/**
 * The fault that stands, or may stand, on this step's target when it comes, where its injector takes one at a time; null:
 * none. What other branches of its group do may come at any moment of it.
 */
export function standingBefore(
  step: InjectStep,
  { steps }: Pick<Scenario, 'steps'>,
  { isExclusive = false }: Injector,
): string | null {
  if (!isExclusive) return null;
  const standing = new Map<string, Target>();
  for (const each of steps) {
    const branches = each.type === 'parallel' ? each.branches : [[each]];
    for (const branch of branches) {
      const here = new Map(standing);
      for (const other of branches.filter((one) => one !== branch).flat()) {
        if (other.type === 'inject') here.set(other.id, other.target);
      }
      for (const plain of branch) {
        if (plain.type === 'inject' && plain.id === step.id) return on(step.target, here);
        follow(plain, here);
      }
    }
    for (const plain of branches.flat()) follow(plain, standing);
  }
  return null;
}

function follow(step: PlainStep, standing: Map<string, Target>): void {
  if (step.type === 'lift') standing.delete(step.fault);
  if (step.type === 'inject') standing.set(step.id, step.target);
}

function on({ injector, name }: Target, standing: ReadonlyMap<string, Target>): string | null {
  return [...standing].find(([, there]) => there.injector === injector && there.name === name)?.[0] ?? null;
}
