import type { Timing } from '../../slo/incidents/ladder.ts';
import { businessHoursOf, ladderOf, type IncidentsDocument } from '../config/incidents.ts';
import { afterBusinessTime } from './business-hours.ts';

export function timingOf(incidents: IncidentsDocument): Timing {
  const hours = businessHoursOf(incidents);
  return { ladder: ladderOf(incidents), afterBusinessTime: (sinceMs, ms) => afterBusinessTime(hours, sinceMs, ms) };
}
