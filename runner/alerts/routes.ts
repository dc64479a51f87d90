import type { Notice } from './alert.ts';
import type { Severity } from '../../slo/objective.ts';

/** What a notifier wants to hear of; an empty list is everything. */
export interface Route {
  readonly severities: readonly Severity[];
  readonly services: readonly string[];
  readonly as: readonly Notice['as'][];
  /** Who is reached through it. */
  readonly to: readonly string[];
}

/** @param name of the notifier: nobody is told by himself that he cannot be reached */
export function takes({ severities, services, as, to }: Route, name: string, notice: Notice): boolean {
  if (notice.details['notifier'] === name) return false;
  if (severities.length > 0 && !severities.includes(notice.severity)) return false;
  if (as.length > 0 && !as.includes(notice.as)) return false;
  if (to.length > 0 && !to.includes(notice.to)) return false;
  // What is about no service concerns everybody.
  return services.length === 0 || notice.service === null || services.includes(notice.service);
}
