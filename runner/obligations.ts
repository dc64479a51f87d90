/** What a colour obliges people to do, as events of the ledger. Pure: statuses and past events in, new events out. */
import type { Colour } from '../slo/objective.ts';
import { consequencesOf } from '../slo/policy.ts';
import type { Status } from '../slo/status.ts';
import type { LedgerEvent } from '../store/store.ts';

const DAY_MS = 86_400_000;

export interface Obligation {
  readonly id: string;
  readonly service: string;
  readonly objective: string;
  readonly openedMs: number;
  /** Calendar time, never scaled: people's days are days. */
  readonly dueMs: number;
  readonly state: 'open' | 'met' | 'overdue';
  /** The game-day that met it, and when. */
  readonly gameday: string | null;
  readonly metMs: number | null;
}

/** The state of each obligation, from its events; oldest first. */
export function obligationsOf(events: readonly LedgerEvent[], nowMs: number): readonly Obligation[] {
  const found = new Map<string, Obligation>();
  for (const event of events) {
    if (event.kind !== 'obligation' || event.service === null) continue;
    const known = found.get(event.subject);
    if (event.body['state'] === 'met' && known !== undefined) {
      found.set(event.subject, { ...known, state: 'met', gameday: String(event.body['gameday']), metMs: event.atMs });
    } else if (event.body['state'] === 'open') {
      const dueMs = Number(event.body['dueMs']);
      found.set(event.subject, {
        id: event.subject,
        service: event.service,
        objective: String(event.body['objective']),
        openedMs: event.atMs,
        dueMs,
        state: nowMs > dueMs ? 'overdue' : 'open',
        gameday: null,
        metMs: null,
      });
    }
  }
  return [...found.values()];
}

/**
 * A service that is Red on enough events owes a game-day; one obligation at a time. It is due even if the budget burns no
 * more: alerts ask whether it burns, practice does not. On thin data the Red becomes a review item instead. After one was met, only bad events that came later open another: the exercise and
 * the incident it answered must not oblige again.
 * @param before the service's colour at the last evaluation
 */
export function obligationEvents(
  service: string,
  statuses: readonly Status[],
  before: Colour,
  standing: readonly Obligation[],
  nowMs: number,
): readonly LedgerEvent[] {
  const consequences = consequencesOf(statuses);
  const red = statuses.filter((status) => status.colour === 'red');
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
  const owed = standing.some((obligation) => obligation.service === service && obligation.state !== 'met');
  const metMs = Math.max(...standing.filter((each) => each.service === service).map((each) => each.metMs ?? 0), 0);
  const worst = red.find((status) => status.enoughEvents && (status.lastBadAtMs ?? 0) > metMs);
  if (consequences.gamedayDays !== null && worst !== undefined && !owed) {
    const id = `ob-${stamp}-${service}`;
    const dueMs = nowMs + consequences.gamedayDays * DAY_MS;
    return [
      {
        id,
        atMs: nowMs,
        kind: 'obligation',
        service,
        subject: id,
        body: {
          state: 'open',
          objective: worst.objective.id,
          dueMs,
          days: consequences.gamedayDays,
          consumed: worst.consumed,
          badEvents: worst.tally.bad,
          validEvents: worst.validEvents,
          also: consequences.reviews,
        },
      },
    ];
  }
  const thin = red.find((status) => !status.enoughEvents);
  if (before !== 'red' && worst === undefined && thin !== undefined) {
    // One a day: a flicker, or a restart, is no further thing to review.
    const id = `ri-${stamp.slice(0, 8)}-${thin.objective.id}`;
    return [
      {
        id,
        atMs: nowMs,
        kind: 'review-item',
        service,
        subject: thin.objective.id,
        body: {
          why: `Red on ${thin.validEvents} valid events, fewer than ${thin.objective.minEvents}: a person decides`,
          consumed: thin.consumed,
          badEvents: thin.tally.bad,
          validEvents: thin.validEvents,
        },
      },
    ];
  }
  return [];
}

/** The service's game-day was passed: what it owed is met. */
export function metEvents(
  service: string,
  gameday: string,
  standing: readonly Obligation[],
  nowMs: number,
): readonly LedgerEvent[] {
  return standing
    .filter((obligation) => obligation.service === service && obligation.state !== 'met')
    .map((obligation) => ({
      id: `${obligation.id}/met`,
      atMs: nowMs,
      kind: 'obligation' as const,
      service,
      subject: obligation.id,
      body: { state: 'met', gameday },
    }));
}
