/** One at a time: whether somebody else is exercising the same component or the same target at this moment. */
import type { Scenario } from '../../scenarios/scenario.ts';
import { injections } from '../../scenarios/step.ts';
import { readConductors, type Claim } from './lock.ts';

/** What a game-day has to itself while it runs. */
export function claimOf({ component, steps }: Pick<Scenario, 'component' | 'steps'>): Claim {
  const targets = injections(steps).map(({ target }) => `${target.injector} ${target.name}`);
  return { component, targets: [...new Set(targets)] };
}

/**
 * Of the game-days in the folder, those whose conductor lives and that share something with `mine`: a line each, with what
 * is shared. One whose conductor has died is in nobody's way.
 */
export async function underWay(folder: string, mine: Claim, own: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { gameday, pid, claim } of await readConductors(folder)) {
    if (gameday === own) continue;
    const shared =
      claim === null
        ? ['perhaps the same target']
        : [
            ...(claim.component === mine.component ? [claim.component] : []),
            ...claim.targets.filter((target) => mine.targets.includes(target)),
          ];
    if (shared.length > 0) found.push(`${gameday} is under way on ${shared.join(', ')} (process ${pid})`);
  }
  return found;
}
