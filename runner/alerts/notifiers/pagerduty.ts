/** PagerDuty, Events API v2. */
import type { Notice, Notifier } from '../alert.ts';
import { post } from './post.ts';

export interface PagerdutyOptions {
  readonly name: string;
  readonly url: string;
  readonly routingKey: string;
  /** Where the event comes from. */
  readonly source: string;
}

const SEVERITY = { 'SEV-1': 'critical', 'SEV-2': 'error', 'SEV-3': 'warning' } as const;
/** Of the interface. */
const MOST_SUMMARY = 1024;

export function pagerdutyNotifier({ name, url, routingKey, source }: PagerdutyOptions): Notifier {
  return {
    name,
    kind: 'pagerduty',
    // A page asks somebody to act at once, and would have to be closed by hand.
    notify: (notice, signal) =>
      notice.type === 'announcement'
        ? Promise.resolve({ ok: true })
        : post(url, {}, JSON.stringify(eventOf(notice, routingKey, source)), signal),
  };
}

/** What PagerDuty calls its incident. */
export function titleOf({ severity, summary }: Notice): string {
  return `${severity} ${summary}`.slice(0, MOST_SUMMARY);
}

function eventOf(notice: Notice, routingKey: string, source: string): unknown {
  const { type, dedupeKey, severity, service, objective, details, atMs, incident, to } = notice;
  const key = { routing_key: routingKey, dedup_key: dedupeKey };
  if (type === 'resolved') return { ...key, event_action: 'resolve' };
  if (type === 'acknowledged') return { ...key, event_action: 'acknowledge' };
  const links = Object.entries(details)
    .filter(([, value]) => /^https?:\/\//.test(value))
    .map(([text, href]) => ({ href, text }));
  return {
    ...key,
    event_action: 'trigger',
    client: 'pulsedrill',
    ...(links.length === 0 ? {} : { links }),
    payload: {
      summary: titleOf(notice),
      source,
      severity: SEVERITY[severity],
      timestamp: new Date(atMs).toISOString(),
      component: service ?? 'pulsedrill',
      group: objective ?? undefined,
      class: details['rule'],
      custom_details: { ...details, to, ...(incident === null ? {} : { incident }) },
    },
  };
}
