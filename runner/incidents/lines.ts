/** Incidents in the log of `run`. */
import { bodyOf } from '../../slo/incidents/event.ts';
import { bodyText } from '../../slo/incidents/text.ts';
import type { LedgerEvent } from '../../store/store.ts';

export function incidentLine({ subject, body }: LedgerEvent): string {
  const known = bodyOf({ body });
  return known === null ? `incident: ${subject}` : `${subject}: ${bodyText(known)}`;
}

/** What somebody who reads the log should not overlook. */
export function isIncidentTrouble(body: LedgerEvent['body']): boolean {
  const known = bodyOf({ body });
  switch (known?.type) {
    case 'opened':
    case 'raised':
      return true;
    case 'deadline':
      return known.state === 'missed';
    case 'told':
      return known.notice === 'escalation' && known.through.length === 0;
    default:
      return false;
  }
}
