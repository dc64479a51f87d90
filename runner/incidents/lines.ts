/** Incidents in the log of `run`. */
import { bodyOf } from '../../slo/incidents/event.ts';
import { bodyText } from '../../slo/incidents/text.ts';
import type { LedgerEvent } from '../../store/store.ts';

export function incidentLine({ subject, body }: LedgerEvent): string {
  const known = bodyOf({ body });
  return known === null ? `incident: ${subject}` : `${subject}: ${bodyText(known)}`;
}

export function isIncidentTrouble(body: LedgerEvent['body']): boolean {
  const known = bodyOf({ body });
  return (
    known?.type === 'opened' || known?.type === 'raised' || (known?.type === 'deadline' && known.state === 'missed')
  );
}
