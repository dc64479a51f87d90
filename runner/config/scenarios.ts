import { problemLine } from '../../probes/problem.ts';
import { loadScenario } from '../../scenarios/load.ts';
import type { Values } from '../../scenarios/parameters.ts';
import type { Scenario } from '../../scenarios/scenario.ts';

/** The scenarios of these names, each checked. @param folder what relative paths are relative to */
export async function readScenarios(
  names: readonly string[],
  values: Values,
  folder: string,
): Promise<{ readonly scenarios: readonly Scenario[]; readonly lines: readonly string[] }> {
  const scenarios: Scenario[] = [];
  const lines: string[] = [];
  for (const name of names) {
    const loaded = await loadScenario(name, values, folder);
    if (loaded.ok) scenarios.push(loaded.scenario);
    else lines.push(...loaded.problems.map((problem) => problemLine(loaded.source, problem)));
  }
  return { scenarios, lines };
}
