/** What has to be said of an incident now, and what is over of what was said. Pure. */
import { escalationsOf } from '../../slo/incidents/escalations.ts';
import { roundPrefix } from '../../slo/incidents/deadlines.ts';
import type { BodyOf, Role } from '../../slo/incidents/event.ts';
import { isAcknowledged, standingAlerts, type Incident, type Telling } from '../../slo/incidents/incident.ts';
import type { Severity } from '../../slo/objective.ts';
import type { Timing } from '../../slo/incidents/ladder.ts';
import type { Notice } from '../alerts/alert.ts';

export interface Due {
  readonly notice: Notice;
  readonly body: Omit<BodyOf<'told'>, 'through'>;
}

export interface TellingFacts {
  readonly timing: Timing;
  readonly nowMs: number;
  /** Under which key people were told of an alert; null: they were not. */
  readonly conversationOf: (alert: string) => string | null;
  readonly addresseeOf: (service: string | null, role: Role) => string;
}

export function dueTellings(incident: Incident, facts: TellingFacts): readonly Due[] {
  return [...escalations(incident, facts), ...acknowledgements(incident, facts), ...withdrawals(incident, facts)];
}

function escalations(incident: Incident, facts: TellingFacts): readonly Due[] {
  return escalationsOf(incident, facts.timing)
    .filter(({ key, notice, dueMs }) => dueMs <= facts.nowMs && !incident.told.has(`${notice} ${key}`))
    .map(({ key, notice, dueMs, to, why, as }) => {
      const says = `${named(incident)}: ${why}`;
      // Of its due time: said again by the next process it is the same message.
      const whole = noticeOf(incident, { type: notice, key: ownKey(incident, key), to, says, as, atMs: dueMs }, facts);
      return { notice: whole, body: { type: 'told', notice, key, to, as, says: why } };
    });
}

/** Whoever else was paged for it need not come. What is escalated after it is for a reason of its own. */
function acknowledgements(incident: Incident, facts: TellingFacts): readonly Due[] {
  const newest = incident.acknowledged.at(-1);
  if (newest === undefined || incident.resolved !== null || !isAcknowledged(incident)) return [];
  const alerts = standingAlerts(incident).flatMap(({ id }) => {
    const key = facts.conversationOf(id);
    return key === null ? [] : [{ key, to: 'on-call' as const }];
  });
  const own = [...incident.told.values()]
    .filter((each) => isGoing(each) && each.as === 'page' && each.atMs <= newest.atMs)
    .map(({ key, to }) => ({ key: ownKey(incident, key), to }));
  const says = `${named(incident)}: acknowledged by ${newest.by}`;
  const conversations = new Map([...alerts, ...own].map((each) => [each.key, each]));
  return [...conversations.values()].flatMap(({ key: dedupeKey, to }): readonly Due[] => {
    const key = `${roundPrefix(incident.rounds.length - 1)}${dedupeKey}`;
    if (incident.told.has(`acknowledged ${key}`)) return [];
    // Where it was acknowledged they know; but others may be paged through the same notifier.
    const details: Readonly<Record<string, string>> = to === 'on-call' ? { notifier: newest.via } : {};
    const whole = { type: 'acknowledged', key: dedupeKey, to, says, as: 'page', atMs: newest.atMs, details } as const;
    const body = { type: 'told', notice: 'acknowledged', key, to, as: 'page', says } as const;
    return [{ notice: noticeOf(incident, whole, facts), body }];
  });
}

/** What was said is over when the incident is; of its report and its review, when they are there. */
function withdrawals(incident: Incident, facts: TellingFacts): readonly Due[] {
  const { resolved, reported, reviewed, told } = incident;
  if (resolved === null) return [];
  const isOver = ({ key }: Telling): boolean =>
    /(^|\/)report$/.test(key) ? reported !== null : /(^|\/)review(\/|$)/.test(key) ? reviewed !== null : true;
  return [...told.values()]
    .filter((each) => isGoing(each) && isOver(each) && !told.has(`resolved ${each.key}`))
    .map(({ key, to, as, atMs }) => {
      const says = `${named(incident)}: resolved by ${resolved.by}`;
      // Of the severity of that time: to some it is part of what the notice is.
      const severity = incident.rounds.findLast(({ startMs }) => startMs <= atMs)?.severity ?? incident.severity;
      const whole = {
        type: 'resolved',
        key: ownKey(incident, key),
        to,
        says,
        as,
        severity,
        atMs: resolved.atMs,
      } as const;
      return {
        notice: noticeOf(incident, whole, facts),
        body: { type: 'told', notice: 'resolved', key, to, as, says },
      };
    });
}

function isGoing({ notice, through }: Telling): boolean {
  return (notice === 'firing' || notice === 'escalation') && through.length > 0;
}

function ownKey({ id }: Incident, key: string): string {
  return `${id}/${key}`;
}

function named({ id, title }: Incident): string {
  return `${id}, ${title}`;
}

interface Said {
  readonly type: Notice['type'];
  readonly key: string;
  readonly to: Role;
  readonly says: string;
  readonly as: 'page' | 'ticket';
  readonly atMs: number;
  readonly severity?: Severity;
  readonly details?: Readonly<Record<string, string>>;
}

function noticeOf(
  incident: Incident,
  { type, key, to, says, as, atMs, severity = incident.severity, details }: Said,
  facts: TellingFacts,
): Notice {
  const { id, service, channel, openedMs, links } = incident;
  const [link] = [...links.values()].flatMap((each) => (each === null ? [] : [each]));
  return {
    type,
    dedupeKey: key,
    severity,
    as,
    service,
    objective: null,
    summary: says,
    details: {
      rule: 'incident',
      role: to,
      opened: new Date(openedMs).toISOString(),
      ...(channel === null ? {} : { channel }),
      ...(link === undefined ? {} : { link }),
      ...details,
    },
    atMs,
    to: facts.addresseeOf(service, to),
    incident: id,
  };
}
