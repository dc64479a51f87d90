import { isDeepStrictEqual } from 'node:util';
import { ROLES } from '../../slo/incidents/event.ts';
import { PLAYBOOK_LADDER } from '../../slo/incidents/ladder.ts';
import type { Objective } from '../../slo/objective.ts';
import { takes } from '../alerts/routes.ts';
import { PAGE } from './addressees.ts';
import { addresseeOf, ladderOf, type IncidentsDocument } from './incidents.ts';
import type { NotifyDocument } from './notify.ts';
import type { Document } from './schema.ts';

/** Escalations that nobody would hear, and a ladder that nobody signed off. */
export function incidentWarnings(
  { incidents, notify, listen }: Pick<Document, 'incidents' | 'notify' | 'listen'>,
  objectives: readonly Objective[],
): readonly string[] {
  const isDeaf = incidents.pagerduty !== undefined && listen === false;
  return [
    ...(isDeaf ? ['incidents.pagerduty: listen is false, so that PagerDuty can deliver nothing'] : []),
    ...signOffWarnings(incidents),
    ...(notify.length === 0 ? [] : unheardWarnings(incidents, notify, objectives)),
  ];
}

function signOffWarnings(incidents: IncidentsDocument): readonly string[] {
  if (incidents.rfc !== undefined || isDeepStrictEqual(ladderOf(incidents), PLAYBOOK_LADDER)) return [];
  return ["incidents.intervals: other than the playbook's, and incidents.rfc names nothing that agreed to it"];
}

/** By name, as services share their people. */
function unheardWarnings(
  incidents: IncidentsDocument,
  notify: readonly NotifyDocument[],
  objectives: readonly Objective[],
): readonly string[] {
  const services = [...new Set(objectives.map(({ service }) => service))];
  const unheard = new Map<string, string[]>();
  for (const role of ROLES.filter((each) => each !== 'on-call')) {
    for (const service of services) {
      const to = addresseeOf(incidents, service, role);
      const as = role === 'customer-success' ? ('ticket' as const) : ('page' as const);
      const notice = { ...PAGE, type: 'escalation' as const, severity: 'SEV-1' as const, as, service, to };
      if (notify.some((each) => takes(each, each.name, notice))) continue;
      unheard.set(to, [...(unheard.get(to) ?? []), service]);
    }
  }
  return [...unheard].map(
    ([to, of]) =>
      `incidents: no notifier has ${to} in its "to" (${of.join(', ')}): what is escalated there is only recorded`,
  );
}
