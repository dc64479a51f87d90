/** What a colour obliges people to do, as events of the ledger. Pure: statuses and past events in, new events out. */
import { consequencesOf } from '../slo/policy.ts';
import type { Status } from '../slo/status.ts';
import type { LedgerEvent } from '../store/store.ts';
import type { Condition } from './alerts/alert.ts';

const DAY_MS = 86_400_000;

/** `game-day`: met by a run that passes. `postmortem`: the review with engineering and product leadership; met by saying so. */
export type Duty = 'game-day' | 'postmortem';

export const DUTY_TEXT: Readonly<Record<Duty, string>> = { 'game-day': 'game-day', postmortem: 'postmortem review' };

export interface Obligation {
  readonly id: string;
  readonly duty: Duty;
  readonly service: string;
  readonly objective: string;
  readonly openedMs: number;
  /** Calendar time, never scaled: people's days are days. */
  readonly dueMs: number;
  /** Whom it takes. */
  readonly who: readonly string[];
  /** Past its due date it is overdue, scheduled or not, until it is met. */
  readonly state: 'open' | 'scheduled' | 'met' | 'overdue';
  /** For when, and who said so; the last word counts. */
  readonly scheduled: { readonly forMs: number; readonly by: string } | null;
  /** The game-day that met it: its run's id. */
  readonly gameday: string | null;
  /** Who says that the review was held, and where it is written down. */
  readonly held: { readonly by: string; readonly record: string } | null;
  readonly metMs: number | null;
}

/** The state of each obligation, from its events; oldest first. */
export function obligationsOf(events: readonly LedgerEvent[], nowMs: number): readonly Obligation[] {
  const found = new Map<string, Obligation>();
  for (const event of events) {
    if (event.kind !== 'obligation' || event.service === null) continue;
    const { body } = event;
    const known = found.get(event.subject);
    if (body['state'] === 'open' && known === undefined) found.set(event.subject, opened(event, event.service));
    else if (known === undefined || known.metMs !== null) continue;
    else if (body['state'] === 'scheduled') {
      const scheduled = { forMs: Number(body['forMs']), by: String(body['by']) };
      found.set(event.subject, { ...known, state: 'scheduled', scheduled });
    } else if (body['state'] === 'met') found.set(event.subject, { ...known, ...metBy(event), state: 'met' });
  }
  return [...found.values()].map((each) =>
    each.metMs === null && nowMs > each.dueMs ? { ...each, state: 'overdue' } : each,
  );
}

function opened({ subject, atMs, body }: LedgerEvent, service: string): Obligation {
  return {
    id: subject,
    duty: body['duty'] === 'postmortem' ? 'postmortem' : 'game-day',
    service,
    objective: String(body['objective']),
    openedMs: atMs,
    dueMs: Number(body['dueMs']),
    who: Array.isArray(body['who']) ? body['who'].map(String) : [],
    state: 'open',
    scheduled: null,
    gameday: null,
    held: null,
    metMs: null,
  };
}

function metBy({ atMs, body }: LedgerEvent): Pick<Obligation, 'gameday' | 'held' | 'metMs'> {
  return typeof body['gameday'] === 'string'
    ? { gameday: body['gameday'], held: null, metMs: atMs }
    : { gameday: null, held: { by: String(body['by']), record: String(body['record']) }, metMs: atMs };
}

/**
 * A service that is Red on enough events owes a game-day and a postmortem review; one of each at a time. They are due even
 * if the budget burns no more: alerts ask whether it burns, practice does not. After one was met, only bad events that came
 * later open another: the exercise and the incident it answered must not oblige again.
 */
export function obligationEvents(
  service: string,
  statuses: readonly Status[],
  standing: readonly Obligation[],
  nowMs: number,
): readonly LedgerEvent[] {
  const { gamedayDays, postmortemDays, reviews } = consequencesOf(statuses);
  const owe = (duty: Duty, days: number | null, who: readonly string[]): readonly LedgerEvent[] => {
    const own = standing.filter((each) => each.service === service && each.duty === duty);
    if (days === null || own.some(({ metMs }) => metMs === null)) return [];
    const metMs = Math.max(0, ...own.map((each) => each.metMs ?? 0));
    const worst = statuses.find(
      ({ colour, enoughEvents, lastBadAtMs }) => colour === 'red' && enoughEvents && (lastBadAtMs ?? 0) > metMs,
    );
    if (worst === undefined) return [];
    const id = `${duty === 'game-day' ? 'ob' : 'pm'}-${stampOf(nowMs)}-${service}`;
    const body = {
      duty,
      state: 'open',
      objective: worst.objective.id,
      dueMs: nowMs + days * DAY_MS,
      days,
      who,
      consumed: worst.consumed,
      badEvents: worst.tally.bad,
      validEvents: worst.validEvents,
      also: reviews,
    };
    return [{ id, atMs: nowMs, kind: 'obligation', service, subject: id, body }];
  };
  const owners = statuses.find(({ objective }) => objective.owners.length > 0)?.objective.owners ?? [];
  return [
    ...owe('game-day', gamedayDays, owners),
    ...owe('postmortem', postmortemDays, [...owners, 'engineering leadership', 'product leadership']),
  ];
}

function stampOf(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
}

/** What a game-day on the service serves: what is owed, by any of its objectives or by those that are named. */
export function servedBy(
  { component, serves }: { readonly component: string; readonly serves: readonly string[] | null },
  standing: readonly Obligation[],
): readonly Obligation[] {
  return standing.filter(
    ({ service, duty, metMs, objective }) =>
      service === component && duty === 'game-day' && metMs === null && (serves?.includes(objective) ?? true),
  );
}

/** The service's game-day was passed: what it owed is met. @param serves null: all of it */
export function metEvents(
  service: string,
  gameday: string,
  standing: readonly Obligation[],
  nowMs: number,
  serves: readonly string[] | null = null,
): readonly LedgerEvent[] {
  return servedBy({ component: service, serves }, standing).map((obligation) =>
    told(obligation, 'met', { gameday }, nowMs, ''),
  );
}

/** Somebody says that the review took place. */
export function heldEvent(obligation: Obligation, by: string, record: string, nowMs: number): LedgerEvent {
  return told(obligation, 'met', { by, record }, nowMs, '');
}

/** Somebody says when it will take place; said again, the later word counts. */
export function scheduledEvent(obligation: Obligation, forMs: number, by: string, nowMs: number): LedgerEvent {
  return told(obligation, 'scheduled', { forMs, by }, nowMs, `/${nowMs}`);
}

function told(
  { id, duty, service }: Obligation,
  state: 'met' | 'scheduled',
  body: Readonly<Record<string, unknown>>,
  atMs: number,
  suffix: string,
): LedgerEvent {
  const whole = { duty, state, ...body };
  return { id: `${id}/${state}${suffix}`, atMs, kind: 'obligation', service, subject: id, body: whole };
}

/** What somebody should be told of for as long as it lasts. */
export function overdueConditions(obligations: readonly Obligation[]): readonly Condition[] {
  return obligations
    .filter(({ state }) => state === 'overdue')
    .map(({ id, duty, service, objective, dueMs }) => ({
      key: `obligation/${id}`,
      rule: 'obligation-overdue',
      severity: 'SEV-3',
      as: 'ticket',
      service,
      objective,
      says: `${service}: its ${DUTY_TEXT[duty]} (${id}) was due on ${new Date(dueMs).toISOString().slice(0, 10)} and is not met`,
      lastBadAtMs: null,
    }));
}
