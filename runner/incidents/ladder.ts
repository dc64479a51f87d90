/**
 * The clocks of an incident, as the playbook's severity ladder and escalation flow have them. Pure: an incident in, what
 * is due of it out. People's minutes are minutes: nothing here is scaled.
 */
import type { Severity } from '../../slo/objective.ts';
import { afterBusinessTime, type BusinessHours } from './business-hours.ts';
import type { Incident } from './incident.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK = 7 * 24 * HOUR;

export interface Deadline {
  /** `acknowledge`, `status-page/3`. */
  readonly key: string;
  /** What has to have happened. */
  readonly what: string;
  readonly dueMs: number;
  /** When it happened; null: it has not. */
  readonly metMs: number | null;
  /** Who is told when it is missed. */
  readonly to: string;
}

/** What the tool does by itself when its time has come. */
export interface Escalation {
  readonly key: string;
  readonly dueMs: number;
  readonly to: string;
  readonly why: string;
}

/** Of the page, the acknowledgement, the roles, the two escalations, the status page. */
const LADDER = {
  'SEV-1': { page: MINUTE, escalate: 15 * MINUTE, statusPage: 30 * MINUTE },
  'SEV-2': { page: 15 * MINUTE, escalate: 60 * MINUTE, statusPage: 60 * MINUTE },
} as const;
const ACKNOWLEDGE = 5 * MINUTE;
const COMMANDER = 5 * MINUTE;
const LEADERSHIP = 15 * MINUTE;
const REPORT = 48 * HOUR;
/** Five working days: the playbook names the review, not its date. */
const REVIEW = 7 * 24 * HOUR;

/** Everything that is or was due by `nowMs`, or is the next of its kind, oldest first. */
export function deadlinesOf(incident: Incident, hours: BusinessHours, nowMs: number): readonly Deadline[] {
  const { severity } = incident;
  const found =
    severity === 'SEV-3' ? ticketDeadlines(incident, hours, nowMs) : pagedDeadlines(incident, severity, nowMs);
  return [...found, ...afterwards(incident)].toSorted((a, b) => a.dueMs - b.dueMs);
}

function pagedDeadlines(incident: Incident, severity: Exclude<Severity, 'SEV-3'>, nowMs: number): readonly Deadline[] {
  const { openedMs, paged, acknowledged, commander, told } = incident;
  const { page, statusPage } = LADDER[severity];
  const pageDueMs = openedMs + page;
  const handled = acknowledged?.atMs ?? null;
  return [
    // Who has acknowledged was reached, whatever way that took.
    deadline('page', 'on-call paged', pageDueMs, earliest(paged?.atMs, handled), 'engineering-manager'),
    deadline(
      'acknowledge',
      'acknowledged by on-call',
      (paged?.atMs ?? pageDueMs) + ACKNOWLEDGE,
      handled,
      'engineering-manager',
    ),
    ...(severity === 'SEV-1'
      ? [
          deadline(
            'commander',
            'incident commander named',
            openedMs + COMMANDER,
            commander?.atMs ?? null,
            'engineering-manager',
          ),
          deadline(
            'leadership',
            'leadership told',
            openedMs + LEADERSHIP,
            told.get('leadership') ?? null,
            'leadership',
          ),
        ]
      : [
          deadline('domain-owner', 'domain owner engaged', pageDueMs, told.get('domain-owner') ?? null, 'domain-owner'),
        ]),
    ...repeated(incident, 'status-page', 'status page updated', statusPage, nowMs, 'customer-success'),
  ];
}

/** A ticket: the next business hour, and a status each week. */
function ticketDeadlines(incident: Incident, hours: BusinessHours, nowMs: number): readonly Deadline[] {
  const dueMs = afterBusinessTime(hours, incident.openedMs, HOUR);
  const handled = incident.acknowledged?.atMs ?? null;
  return [
    deadline('acknowledge', 'acknowledged by the next business hour', dueMs, handled, 'engineering-manager'),
    ...repeated(incident, 'weekly-status', 'weekly status', WEEK, nowMs, 'engineering-manager'),
  ];
}

/** One an interval for as long as it is open: an update meets the interval in which it was posted. */
function repeated(
  { openedMs, resolved, statusPosts }: Incident,
  key: string,
  what: string,
  everyMs: number,
  nowMs: number,
  to: string,
): readonly Deadline[] {
  const untilMs = resolved?.atMs ?? nowMs + everyMs;
  const count = Math.floor((untilMs - openedMs) / everyMs);
  return Array.from({ length: count }, (_, index) => {
    const dueMs = openedMs + (index + 1) * everyMs;
    const post = statusPosts.find(({ atMs }) => atMs > dueMs - everyMs && atMs <= dueMs);
    return deadline(`${key}/${index + 1}`, what, dueMs, post?.atMs ?? null, to);
  });
}

function afterwards({ severity, resolved, reported, reviewed, isBreach }: Incident): readonly Deadline[] {
  if (resolved === null || severity === 'SEV-3') return [];
  const report = deadline(
    'report',
    'post-incident report',
    resolved.atMs + REPORT,
    reported?.atMs ?? null,
    'engineering-manager',
  );
  const what = 'incident review with product and customer success';
  const review = deadline('review', what, resolved.atMs + REVIEW, reviewed?.atMs ?? null, 'product-lead');
  return isBreach ? [report, review] : [report];
}

function deadline(key: string, what: string, dueMs: number, metMs: number | null, to: string): Deadline {
  return { key, what, dueMs, metMs, to };
}

function earliest(...moments: readonly (number | null | undefined)[]): number | null {
  const known = moments.filter((each) => typeof each === 'number');
  return known.length === 0 ? null : Math.min(...known);
}

/** Who hears of it although nobody missed anything: at once, and when it goes on. Ends with its resolution. */
export function escalationsOf({ severity, openedMs, resolved }: Incident): readonly Escalation[] {
  if (severity === 'SEV-3') return [];
  const { escalate } = LADDER[severity];
  const minutes = escalate / MINUTE;
  const all: readonly Escalation[] = [
    severity === 'SEV-1'
      ? { key: 'tell/leadership', dueMs: openedMs, to: 'leadership', why: 'a SEV-1 has begun' }
      : { key: 'tell/domain-owner', dueMs: openedMs, to: 'domain-owner', why: 'a SEV-2 has begun' },
    {
      key: 'escalate/1',
      dueMs: openedMs + escalate,
      to: 'engineering-manager',
      why: `unresolved after ${minutes} min`,
    },
    {
      key: 'escalate/2/vp',
      dueMs: openedMs + 2 * escalate,
      to: 'vp-engineering',
      why: `unresolved after ${2 * minutes} min`,
    },
    {
      key: 'escalate/2/product',
      dueMs: openedMs + 2 * escalate,
      to: 'product-lead',
      why: `unresolved after ${2 * minutes} min`,
    },
  ];
  return all.filter(({ dueMs }) => resolved === null || dueMs < resolved.atMs);
}
