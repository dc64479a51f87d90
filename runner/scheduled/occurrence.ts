/** One date of a scheduled game-day, and what the ledger remembers of it. */
import type { LedgerEvent } from '../../store/store.ts';
import type { CronRuns } from '../engine/cron-runs.ts';

/** A scheduled game-day as it is kept: what the configuration says, with its scenario looked up. */
export interface Plan {
  readonly id: string;
  readonly scenario: string;
  readonly title: string;
  readonly component: string;
  readonly timeboxMs: number;
  readonly timezone: string;
  readonly runs: CronRuns;
  readonly lead: string | null;
  /** Role → who has it. */
  readonly roles: Readonly<Record<string, string>>;
  readonly announceMs: number;
  readonly dryRunMs: number;
  readonly remindMs: number;
  /** It takes place although its dry run failed. */
  readonly runsAnyway: boolean;
}

export type OccurrenceState =
  | 'planned'
  | 'called-off'
  | 'announced'
  | 'dry-run'
  | 'reminded'
  | 'started'
  | 'ended'
  | 'cancelled'
  | 'missed'
  | 'withdrawn';

export interface Occurrence {
  readonly schedule: string;
  readonly forMs: number;
  readonly isAnnounced: boolean;
  readonly dryRun: { readonly ok: boolean; readonly detail: string } | null;
  readonly isReminded: boolean;
  readonly isStarted: boolean;
  /** Somebody's word that it is not to take place; null: nobody said so. */
  readonly calledOff: string | null;
  /** Nothing more will come of it: ended, cancelled, missed or withdrawn. */
  readonly closed: { readonly state: OccurrenceState; readonly detail: string } | null;
}

const CLOSING = ['ended', 'cancelled', 'missed', 'withdrawn'] as const satisfies readonly OccurrenceState[];

/** By schedule and time, oldest first. */
export function occurrencesOf(events: readonly LedgerEvent[]): readonly Occurrence[] {
  const found = new Map<string, Occurrence>();
  for (const { kind, subject, body } of events) {
    if (kind !== 'gameday-schedule') continue;
    const forMs = Number(body['forMs']);
    const key = `${subject}@${forMs}`;
    found.set(key, followed(found.get(key) ?? fresh(subject, forMs), String(body['state']), body));
  }
  return [...found.values()].toSorted((a, b) => a.forMs - b.forMs);
}

function fresh(schedule: string, forMs: number): Occurrence {
  return {
    schedule,
    forMs,
    isAnnounced: false,
    dryRun: null,
    isReminded: false,
    isStarted: false,
    calledOff: null,
    closed: null,
  };
}

function followed(known: Occurrence, state: string, body: LedgerEvent['body']): Occurrence {
  const detail = typeof body['detail'] === 'string' ? body['detail'] : '';
  if (state === 'called-off') return { ...known, calledOff: detail };
  if (state === 'announced') return { ...known, isAnnounced: true };
  if (state === 'dry-run') return { ...known, dryRun: { ok: body['ok'] === true, detail } };
  if (state === 'reminded') return { ...known, isReminded: true };
  if (state === 'started') return { ...known, isStarted: true };
  const closing = CLOSING.find((each) => each === state);
  return closing === undefined || known.closed !== null ? known : { ...known, closed: { state: closing, detail } };
}

/** The same step of the same date is the same event: said twice, it is kept once. */
export function occurrenceEvent(
  plan: Pick<Plan, 'id' | 'scenario'> & { readonly component: string | null },
  forMs: number,
  state: OccurrenceState,
  atMs: number,
  more: Readonly<Record<string, unknown>> = {},
): LedgerEvent {
  return {
    id: `gameday-schedule/${plan.id}/${forMs}/${state}`,
    atMs,
    kind: 'gameday-schedule',
    service: plan.component,
    subject: plan.id,
    body: { state, forMs, for: new Date(forMs).toISOString(), scenario: plan.scenario, ...more },
  };
}
