/** Whether those exist whom `notify`, `silences` and `incidents` name, and whether anybody is left who is told. */
import { didYouMean } from '../../probes/nearest.ts';
import { foundText, type Problem } from '../../probes/problem.ts';
import type { Objective } from '../../slo/objective.ts';
import { takes } from '../alerts/routes.ts';
import { keyed } from './draft.ts';
import type { NotifyDocument } from './notify.ts';

/**
 * A mistyped name would page nobody, or silence nothing.
 * @param read the objectives; null while they cannot be read
 * @param named services that probes and `services` name
 */
export function addresseeProblems(
  { notify, silences, incidents }: Readonly<Record<string, unknown>>,
  read: () => readonly Pick<Objective, 'id' | 'service'>[] | null,
  named: readonly unknown[],
): readonly Problem[] {
  const places = [...servicesOf(notify), ...matchesOf(silences), ...ownersOf(incidents)];
  if (places.length === 0) return [];
  const objectives = read();
  if (objectives === null) return [];
  const services = named.filter((name) => typeof name === 'string');
  const known = {
    service: [...new Set([...objectives.map(({ service }) => service), ...services])],
    objective: objectives.map(({ id }) => id),
  };
  return places.flatMap(({ path, what, name }) => {
    if (typeof name !== 'string' || known[what].includes(name)) return [];
    const expected = what === 'service' ? 'a service of the configuration' : 'the id of an objective';
    return [{ path, expected: `${expected}${didYouMean(name, known[what])}`, found: foundText(name) }];
  });
}

interface Place {
  readonly path: string;
  readonly what: 'service' | 'objective';
  readonly name: unknown;
}

function servicesOf(notify: unknown): readonly Place[] {
  return listOf(notify).flatMap((notifier, index) =>
    listOf(keyed(notifier)?.['services']).map((name, at): Place => ({
      path: `notify[${index}].services[${at}]`,
      what: 'service',
      name,
    })),
  );
}

function matchesOf(silences: unknown): readonly Place[] {
  return listOf(silences).flatMap((silence, index) => {
    const match = keyed(keyed(silence)?.['match']);
    return (['service', 'objective'] as const).map((what): Place => ({
      path: `silences[${index}].match.${what}`,
      what,
      name: match?.[what],
    }));
  });
}

function ownersOf(incidents: unknown): readonly Place[] {
  return Object.keys(keyed(keyed(incidents)?.['services']) ?? {}).map((name): Place => ({
    path: `incidents.services.${name}`,
    what: 'service',
    name,
  }));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Somebody is to be told, but nobody of this: looks like a slip. Where nobody is told of anything, that was meant. */
export function addresseeWarnings(
  notify: readonly NotifyDocument[],
  objectives: readonly Objective[],
): readonly string[] {
  if (notify.length === 0) return [];
  const services = [...new Set(objectives.map(({ service }) => service))];
  return services.flatMap((service) => {
    const page = (severity: 'SEV-1' | 'SEV-2') => ({ ...PAGE, severity, service });
    const untold = (['SEV-1', 'SEV-2'] as const).filter(
      (severity) => !notify.some((each) => takes(each, each.name, page(severity))),
    );
    return untold.length === 0 ? [] : [`notify: nobody is told when ${service} pages (${untold.join(', ')})`];
  });
}

export const PAGE = {
  type: 'firing',
  dedupeKey: '',
  as: 'page',
  objective: null,
  summary: '',
  details: {},
  atMs: 0,
  to: 'on-call',
  incident: null,
} as const;
