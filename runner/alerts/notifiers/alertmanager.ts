/** Prometheus' Alertmanager, API v2: an alert is there for as long as it is repeated. */
import type { Notice, Notifier } from '../alert.ts';
import { post } from './post.ts';

export interface AlertmanagerOptions {
  readonly name: string;
  /** Without `/api/v2/alerts`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly source: string;
  readonly wallMs: () => number;
}

/** Some repetitions may be lost before Alertmanager takes an alert for over. */
const LASTS_MS = 5 * 60_000;
/** What is said of an incident is said once, and withdrawn when it is over. */
const INCIDENT_LASTS_MS = 24 * 3_600_000;

export function alertmanagerNotifier({ name, url, headers, source, wallMs }: AlertmanagerOptions): Notifier {
  const address = `${url.replace(/\/+$/, '')}/api/v2/alerts`;
  return {
    name,
    kind: 'alertmanager',
    notify(notice, signal) {
      // There, whoever takes an alert on silences it.
      if (notice.type === 'acknowledged') return Promise.resolve({ ok: true });
      return post(address, headers, JSON.stringify([alertOf(notice, source, wallMs())]), signal);
    },
  };
}

/** Labels are its identity: the same for as long as an alert lasts, and few. */
function alertOf(notice: Notice, source: string, nowMs: number): unknown {
  const { type, dedupeKey, summary, severity, as, service, objective, details, atMs, incident, to } = notice;
  const labels = {
    alertname: details['rule'] ?? type,
    severity,
    as,
    to,
    source,
    alert: dedupeKey,
    ...(service === null ? {} : { service }),
    ...(objective === null ? {} : { objective }),
    ...(incident === null ? {} : { incident }),
  };
  const lastsMs = incident === null ? LASTS_MS : INCIDENT_LASTS_MS;
  const endsMs = type === 'resolved' ? nowMs : nowMs + lastsMs;
  const startsAt = details['opened'] ?? new Date(atMs).toISOString();
  return { labels, annotations: { summary, ...details }, startsAt, endsAt: new Date(endsMs).toISOString() };
}
