/** What people are told of a scheduled game-day, in one line each. */
import { durationText } from '../../probes/duration.ts';
import { span } from '../../reports/figures.ts';
import type { Notice } from '../alerts/alert.ts';
import type { Ending } from './agenda.ts';
import type { Plan } from './occurrence.ts';

export interface Told {
  readonly plan: Pick<Plan, 'id' | 'scenario' | 'title' | 'timezone'> & { readonly component: string | null };
  readonly forMs: number;
  readonly nowMs: number;
}

const STAYED: ReadonlySet<string> = new Set(['failed', 'missed', 'cancelled']);

/** @param rule the last part of `details.rule`: what kind of news it is */
function notice(
  { plan, forMs, nowMs }: Told,
  rule: string,
  summary: string,
  more: Record<string, string> = {},
): Notice {
  return {
    type: 'announcement',
    dedupeKey: `gameday/${plan.id}/${forMs}/${rule}`,
    severity: 'SEV-3',
    // What did not come off, or did not pass, is something to see to.
    as: STAYED.has(rule) ? 'ticket' : 'announcement',
    service: plan.component,
    objective: null,
    summary,
    details: {
      rule: `gameday-${rule}`,
      schedule: plan.id,
      scenario: plan.scenario,
      at: new Date(forMs).toISOString(),
      ...more,
    },
    atMs: nowMs,
    to: 'on-call',
    incident: null,
  };
}

/** "Tue, 1 Dec 2026, 10:00 Europe/London (10:00 UTC)". */
export function dateText(forMs: number, timezone: string): string {
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(forMs);
  const utc = `${new Date(forMs).toISOString().slice(11, 16)} UTC`;
  return timezone === 'UTC' ? `${local} UTC` : `${local} ${timezone} (${utc})`;
}

function named({ plan, forMs }: Told): string {
  const on = plan.component === null ? '' : ` on ${plan.component}`;
  return `game-day ${plan.id} (${plan.title}${on}), ${dateText(forMs, plan.timezone)}`;
}

export function peopleText({ lead, roles }: Pick<Plan, 'lead' | 'roles'>): string {
  const others = Object.entries(roles).map(([role, who]) => `${role}: ${who}`);
  return [...(lead === null ? [] : [`lead: ${lead}`]), ...others].join(', ');
}

export function announcement(told: Told & { readonly plan: Plan }, environment: string): Notice {
  const { plan, forMs, nowMs } = told;
  const people = peopleText(plan);
  const summary = [
    `${named(told)}: announced ${span(forMs - nowMs)} ahead`,
    `in ${environment}, at most ${durationText(plan.timeboxMs)}`,
    ...(people === '' ? [] : [people]),
    `call it off with: pulsedrill gameday cancel ${plan.id} --by NAME --reason TEXT`,
  ].join('; ');
  return notice(told, 'announced', summary, people === '' ? {} : { people });
}

export function dryRunNotice(told: Told & { readonly plan: Plan }, dryRun: { ok: boolean; detail: string }): Notice {
  if (dryRun.ok) return notice(told, 'dry-run', `${named(told)}: its dry run found nothing against it`);
  const so = told.plan.runsAnyway
    ? 'it takes place all the same, as afterFailedDryRun says, unless that still stands then'
    : 'it is cancelled';
  return notice(told, 'failed', `${named(told)}: its dry run failed, so ${so}: ${dryRun.detail}`);
}

export function reminder(told: Told & { readonly plan: Plan }): Notice {
  const { plan, forMs, nowMs } = told;
  const people = peopleText(plan);
  return notice(
    told,
    'reminder',
    `${named(told)}: begins in ${span(forMs - nowMs)}${people === '' ? '' : `; ${people}`}`,
  );
}

export function begun(told: Told): Notice {
  return notice(
    told,
    'begun',
    `${named(told)}: begins now; stop it with: pulsedrill gameday abort --by NAME --reason TEXT`,
  );
}

export function ended(told: Told, { verdict, passed, detail, gameday }: Ending): Notice {
  const which = gameday === null ? '' : ` (${gameday})`;
  const summary = `${named(told)}: ${passed ? 'passed' : 'not passed'}: ${verdict}: ${detail}${which}`;
  return notice(told, passed ? 'ended' : 'failed', summary, gameday === null ? {} : { gameday });
}

/** @param what `cancelled` or `missed` */
export function off(told: Told, what: 'cancelled' | 'missed', why: string): Notice {
  return notice(told, what, `${named(told)}: ${what === 'missed' ? 'missed' : 'cancelled'}: ${why}`);
}
