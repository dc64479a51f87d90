/** Who hears of an incident by the ladder, and when. Pure: an incident in, what is to be said of it out. */
import type { BodyOf, Role } from './event.ts';
import { currentRound, standingAlerts, type DeadlineRecord, type Incident } from './incident.ts';
import { kindOf, roundPrefix } from './deadlines.ts';
import { pagedSteps, type Timing } from './ladder.ts';

export interface Escalation {
  /** Of one incident; said once under it. */
  readonly key: string;
  readonly notice: Extract<BodyOf<'told'>['notice'], 'firing' | 'escalation'>;
  readonly dueMs: number;
  readonly to: Role;
  readonly why: string;
  /** `ticket`: nobody is woken for it. */
  readonly as: 'page' | 'ticket';
}

const MINUTE = 60_000;

/** All of them, due or not, oldest first; what is only about an incident that goes on ends with it. */
export function escalationsOf(incident: Incident, timing: Timing): readonly Escalation[] {
  const going = incident.resolved === null ? whileOpen(incident, timing) : [];
  return [...going, ...ofMissed(incident), ...afterwards(incident, timing)].toSorted((a, b) => a.dueMs - b.dueMs);
}

function whileOpen(incident: Incident, { ladder }: Timing): readonly Escalation[] {
  const { rounds, isByHand, openedMs, commander } = incident;
  const round = currentRound(incident);
  const { severity, startMs } = round;
  const steps = pagedSteps(ladder, severity);
  if (steps === null) return [];
  const prefix = roundPrefix(rounds.length - 1);
  const began = `a ${severity} has begun`;
  const isHandled = incident.acknowledged.some(({ atMs }) => atMs < startMs);
  // Alerts page by themselves; but a pager does not ring again for what somebody has acknowledged.
  const pages = rounds.length === 1 ? isByHand : round.isByHand || isHandled;
  const escalateMs = escalateDue(incident, ladder, (each) => each.escalate);
  const persistMs = escalateDue(incident, ladder, (each) => each.escalate + each.persist);
  // Nothing stands any more: it is about to be resolved by itself.
  const isQuiet = !isByHand && standingAlerts(incident).length === 0;
  const unresolved = (dueMs: number): string => `unresolved after ${minutes(dueMs - openedMs)}`;
  return [
    ...(pages ? [say(`${prefix}page`, startMs, 'on-call', began, 'page', 'firing')] : []),
    say('tell/domain-owner', openedMs, 'domain-owner', began),
    say('tell/customer-success', openedMs, 'customer-success', `${began}: the status page is due`, 'ticket'),
    ...(steps.leadership === null ? [] : [say(`${prefix}tell/leadership`, startMs, 'leadership', began)]),
    ...(steps.commander === null || commander !== null
      ? []
      : [say(`${prefix}tell/incident-commander`, startMs, 'incident-commander', `${began}: who commands?`)]),
    ...(isQuiet
      ? []
      : [
          say(`${prefix}escalate/1`, escalateMs, 'engineering-manager', unresolved(escalateMs)),
          say(`${prefix}escalate/2/vp-engineering`, persistMs, 'vp-engineering', unresolved(persistMs)),
          say(`${prefix}escalate/2/product-lead`, persistMs, 'product-lead', unresolved(persistMs)),
        ]),
  ];
}

/** A raise restarts the clock, but never sets back one that was running. */
function escalateDue(
  { rounds }: Incident,
  ladder: Timing['ladder'],
  afterMs: (steps: { readonly escalate: number; readonly persist: number }) => number,
): number {
  let dueMs = Number.POSITIVE_INFINITY;
  for (const { startMs, severity } of rounds) {
    const steps = pagedSteps(ladder, severity);
    if (steps === null) continue;
    const isRunning = dueMs > startMs;
    dueMs = Math.min(startMs + afterMs(steps), isRunning ? dueMs : Number.POSITIVE_INFINITY);
  }
  return dueMs;
}

const WAKES: ReadonlySet<string> = new Set(['page', 'acknowledge', 'commander', 'leadership', 'domain-owner']);

/** Of several updates that were found missed at once, after a long silence of ours, the newest speaks for all. */
function ofMissed({ deadlines, severity, resolved }: Incident): readonly Escalation[] {
  const missed = [...deadlines.values()].filter(({ state }) => state === 'missed');
  const together = Map.groupBy(missed, ({ key, foundMs }) => `${kindOf(key)} ${foundMs}`);
  return [...together.values()].flatMap((group) => {
    const last = group.toSorted((a, b) => a.dueMs - b.dueMs).at(-1);
    if (last === undefined) return [];
    const wakes = WAKES.has(kindOf(last.key).replace(/^\d+\//, '')) && severity !== 'SEV-3' && resolved === null;
    return [
      say(`missed/${last.key}`, last.foundMs, last.to, missedText(last, group.length), wakes ? 'page' : 'ticket'),
    ];
  });
}

function missedText({ what, dueMs, foundMs }: DeadlineRecord, count: number): string {
  const late = foundMs - dueMs >= MINUTE ? `, noticed ${minutes(foundMs - dueMs)} later` : '';
  const before = count === 1 ? '' : ` and ${count - 1} before it`;
  return `missed: ${what}, due ${new Date(dueMs).toISOString().slice(0, 16)}Z${before}${late}`;
}

function afterwards({ rounds, resolved, isBreach }: Incident, { ladder }: Timing): readonly Escalation[] {
  if (resolved === null || rounds.every(({ severity }) => severity === 'SEV-3')) return [];
  const { atMs } = resolved;
  const by = (ms: number): string => `${new Date(atMs + ms).toISOString().slice(0, 16)}Z`;
  const report = say('tell/report', atMs, 'domain-owner', `post-incident report due by ${by(ladder.report)}`, 'ticket');
  if (!isBreach) return [report];
  const why = `an SLA was breached: incident review due by ${by(ladder.review)}`;
  return [
    report,
    say('tell/review/product-lead', atMs, 'product-lead', why, 'ticket'),
    say('tell/review/customer-success', atMs, 'customer-success', why, 'ticket'),
  ];
}

function minutes(ms: number): string {
  const whole = Math.round(ms / MINUTE);
  return whole >= 180 ? `${Math.round(whole / 60)} h` : `${whole} min`;
}

function say(
  key: string,
  dueMs: number,
  to: Role,
  why: string,
  as: Escalation['as'] = 'page',
  notice: Escalation['notice'] = 'escalation',
): Escalation {
  return { key, notice, dueMs, to, why, as };
}
