/**
 * What PagerDuty says of an incident through its webhooks, V3: who acknowledged, resolved, reassigned or annotated it there.
 * (developer.pagerduty.com: webhooks overview, verifying signatures.)
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { standingAlerts, type Incident } from '../../slo/incidents/incident.ts';
import type { IncidentBody } from '../../slo/incidents/event.ts';
import type { IncidentsDocument } from '../config/incidents.ts';
import type { Keeper } from './keeper.ts';

/** PagerDuty drops what would be larger. */
export const MOST_BYTES = 256 * 1024;

export interface PagerdutyAnswer {
  /** 5xx is sent again, 4xx is not. */
  readonly status: number;
  readonly says: string;
}

/** Later than any time; what happened is not later than when it is written down. */
const MAX_MS = 8_640_000_000_000_000;

export type PagerdutyReceiver = (signature: string | undefined, body: Buffer) => Promise<PagerdutyAnswer>;

const reference = z.object({ summary: z.string().nullish(), type: z.string().nullish() });
const event = z.object({
  id: z.string(),
  event_type: z.string(),
  occurred_at: z.string(),
  agent: reference.nullish(),
  data: z.object({
    id: z.string(),
    type: z.string(),
    html_url: z.string().nullish(),
    incident_key: z.string().nullish(),
    title: z.string().nullish(),
    assignees: z.array(reference).nullish(),
    content: z.string().nullish(),
    message: z.string().nullish(),
    incident: z.object({ id: z.string() }).nullish(),
  }),
});
const webhook = z.object({ event });
type PagerdutyEvent = z.output<typeof event>;

/** One of them at least must be right; while a secret is replaced there are two, on either side. */
export function isSigned(secrets: readonly string[], header: string | undefined, body: Buffer): boolean {
  const expected = secrets.map((secret) => createHmac('sha256', secret).update(body).digest());
  const given = (header ?? '').split(',').flatMap((each) => {
    const hex = /^v1=([0-9a-f]{64})$/i.exec(each.trim())?.[1];
    return hex === undefined ? [] : [Buffer.from(hex, 'hex')];
  });
  // Both have 32 bytes. All are compared, whichever is right.
  return given.map((one) => expected.map((other) => timingSafeEqual(one, other)).includes(true)).includes(true);
}

/** Null: the configuration has no secret for it. */
export function pagerdutyReceiver(
  { pagerduty }: Pick<IncidentsDocument, 'pagerduty'>,
  keeper: Keeper,
): PagerdutyReceiver | null {
  if (pagerduty === undefined) return null;
  return createPagerdutyReceiver([pagerduty.secret, pagerduty.previousSecret ?? []].flat(), keeper);
}

export function createPagerdutyReceiver(secrets: readonly string[], keeper: Keeper): PagerdutyReceiver {
  return async (signature, body) => {
    if (!isSigned(secrets, signature, body)) return { status: 403, says: 'x-pagerduty-signature does not fit' };
    if (!keeper.isReady()) return { status: 503, says: 'not ready yet; send it again' };
    const heard = eventOf(body);
    if (heard === null) return { status: 400, says: 'expected an event of PagerDuty, V3' };
    const { data } = heard;
    const found = data.type === 'incident' ? keeper.find(data.incident_key ?? null, data.title ?? null) : null;
    const incident = found?.incident ?? linked(keeper.incidents(), data.incident?.id ?? data.id);
    // Its subscription may send what is not ours.
    if (incident === null) return { status: 202, says: 'not about an incident of ours' };
    const link = data.type === 'incident' && !incident.links.has(`pagerduty ${data.id}`) ? linkOf(heard) : [];
    const said = [...link, ...bodiesOf(heard, incident, found?.alerts ?? [])];
    let isKept = true;
    for (const each of said) isKept = (await keeper.say(incident, each, `pagerduty/${heard.id}`)) && isKept;
    if (isResolution(heard)) await keeper.resolveAlerts(found?.alerts ?? [], personOf(heard) ?? 'pagerduty');
    return isKept ? { status: 202, says: 'taken' } : { status: 503, says: 'not kept yet; send it again' };
  };
}

function eventOf(body: Buffer): PagerdutyEvent | null {
  try {
    const parsed = webhook.safeParse(JSON.parse(body.toString('utf8')));
    return parsed.success ? parsed.data.event : null;
  } catch {
    return null;
  }
}

function linked(incidents: readonly Incident[], id: string): Incident | null {
  return incidents.find(({ links }) => links.has(`pagerduty ${id}`)) ?? null;
}

function linkOf({ data }: PagerdutyEvent): readonly IncidentBody[] {
  const link = data.html_url ?? null;
  return [
    { type: 'linked', system: 'pagerduty', key: data.id, link: link !== null && URL.canParse(link) ? link : null },
  ];
}

/** What an integration did (one of ours, most likely) nobody did. */
function personOf({ agent }: PagerdutyEvent): string | null {
  return agent?.type === 'user_reference' ? (agent.summary ?? 'somebody') : null;
}

function isResolution(heard: PagerdutyEvent): boolean {
  return heard.event_type === 'incident.resolved' && personOf(heard) !== null;
}

/** @param alerts of the incident that PagerDuty's is about */
function bodiesOf(heard: PagerdutyEvent, incident: Incident, alerts: readonly string[]): readonly IncidentBody[] {
  const by = personOf(heard);
  const { event_type: type, occurred_at: at, data } = heard;
  if (by === null) return [];
  const note = (text: string): readonly IncidentBody[] => [
    { type: 'note', by, text: `${text} (PagerDuty)`, link: null },
  ];
  switch (type) {
    case 'incident.acknowledged': {
      if (incident.resolved !== null) return [];
      const happenedMs = Date.parse(at);
      return [
        // Without a time that reads: now.
        { type: 'acknowledged', by, via: 'pagerduty', happenedMs: Number.isFinite(happenedMs) ? happenedMs : MAX_MS },
      ];
    }
    case 'incident.resolved': {
      const left = standingAlerts(incident).filter(({ id }) => !alerts.includes(id));
      const isAll = alerts.length === 0 ? isOwnPage(incident, data.incident_key ?? null) : left.length === 0;
      if (incident.resolved !== null) return [];
      return isAll ? [{ type: 'resolved', by, reason: 'resolved in PagerDuty' }] : note('resolved one of its pages');
    }
    case 'incident.reassigned':
    case 'incident.delegated':
    case 'incident.escalated': {
      const to = (data.assignees ?? []).flatMap(({ summary }) => summary ?? []).join(', ');
      return note(`${type.slice('incident.'.length)}${to === '' ? '' : ` to ${to}`}`);
    }
    case 'incident.unacknowledged':
    case 'incident.reopened':
      return note(type.slice('incident.'.length));
    case 'incident.annotated':
      return note(data.content ?? '');
    case 'incident.status_update_published':
      return note(`status update: ${data.message ?? ''}`);
    default:
      return [];
  }
}

/** Of one that was opened by hand: its page is all there is of it in PagerDuty. */
function isOwnPage({ id, isByHand }: Incident, key: string | null): boolean {
  return isByHand && (key === `${id}/page` || /^\/\d+\/page$/.test(key?.slice(id.length) ?? ''));
}
