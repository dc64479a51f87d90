/** What a calendar means for what is owed: an obligation whose component has a game-day coming is scheduled. Pure. */
import type { LedgerEvent } from '../../store/store.ts';
import { scheduledEvent, type Obligation } from '../obligations.ts';
import type { Occurrence, Plan } from './occurrence.ts';

const byOf = ({ id }: Pick<Plan, 'id'>): string => `gamedays.schedule ${id}`;

/** The earliest date of any schedule of the component. What a person has scheduled stands; what the calendar has moves with it. */
export function obligationEventsOf(
  obligations: readonly Obligation[],
  plans: readonly Plan[],
  known: readonly Occurrence[],
  nowMs: number,
): readonly LedgerEvent[] {
  return obligations.flatMap((obligation) => {
    const { duty, service, metMs, scheduled } = obligation;
    if (duty !== 'game-day' || metMs !== null) return [];
    const own = plans.filter(({ component }) => component === service);
    const isOurs = scheduled !== null && scheduled.by.startsWith('gamedays.schedule ');
    // Somebody's word stands until its time has come and gone.
    if (scheduled !== null && !isOurs && scheduled.forMs >= nowMs) return [];
    const coming = own
      .flatMap((plan) =>
        known
          .filter(({ schedule, closed, forMs }) => schedule === plan.id && closed === null && forMs >= nowMs)
          .map(({ forMs }) => ({ forMs, by: byOf(plan) })),
      )
      .toSorted((a, b) => a.forMs - b.forMs);
    const [next] = coming;
    if (next === undefined || (scheduled?.forMs === next.forMs && scheduled.by === next.by)) return [];
    // While it runs, its own date is the one that counts.
    if (
      isOurs &&
      known.some(({ forMs, closed, isStarted }) => forMs === scheduled.forMs && isStarted && closed === null)
    ) {
      return [];
    }
    return [scheduledEvent(obligation, next.forMs, next.by, nowMs)];
  });
}
