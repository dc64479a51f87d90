/** Services are names that probes and objectives share; a slip of the finger parts them. */
import { didYouMean } from '../../probes/nearest.ts';
import type { Problem } from '../../probes/problem.ts';
import { governs, type Objective } from '../../slo/objective.ts';
import type { PlannedProbe } from './configuration.ts';
import { keyed } from './draft.ts';
import type { ProbeDraft } from './probes.ts';

/** Once services are declared, whoever names one names one of those. @param objectives as their user wrote them */
export function undeclared(
  declared: readonly string[],
  objectives: unknown,
  probes: readonly ProbeDraft[],
): readonly Problem[] {
  if (declared.length === 0) return [];
  const isList = Array.isArray(objectives);
  const own: unknown = isList ? objectives : keyed(objectives)?.['add'];
  const named = [
    ...probes.map(({ path, service }) => ({ path, service: service as unknown })),
    ...(Array.isArray(own) ? own : []).map((each: unknown, index) => ({
      path: `objectives${isList ? '' : '.add'}[${index}]`,
      service: keyed(each)?.['service'],
    })),
  ];
  return named.flatMap(({ path, service }) => {
    if (typeof service !== 'string' || declared.includes(service)) return [];
    const expected = `one of the services declared (${declared.join(', ')})${didYouMean(service, declared)}`;
    return [{ path: `${path}.service`, expected, found: JSON.stringify(service) }];
  });
}

/** Objectives that nothing can judge, and those whose colour raises nobody's sampling. */
export function objectiveWarnings(
  objectives: readonly Objective[],
  probes: readonly PlannedProbe[],
): readonly string[] {
  const asked = [...new Set(probes.map(({ service }) => service))];
  const unknown = new Map<string, string[]>();
  const warnings: string[] = [];
  for (const { id, service, unknownBecause } of objectives.filter(governs)) {
    const meant = asked.includes(service) ? '' : didYouMean(service, asked);
    if (unknownBecause !== null) {
      const because = `${unknownBecause}${meant}`;
      unknown.set(because, [...(unknown.get(because) ?? []), id]);
    } else if (!asked.includes(service)) {
      warnings.push(
        `${id}: no probe is of the service ${JSON.stringify(service)}${meant}, so its colour raises no sampling`,
      );
    }
  }
  return [...warnings, ...[...unknown].map(([because, ids]) => `Unknown, since ${because}: ${ids.join(', ')}`)];
}
