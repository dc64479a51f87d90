/** A ticket system that takes JSON, Jira by default: one ticket an alert. */
import type { Notice, Notifier } from '../alert.ts';
import { post } from './post.ts';
import type { PLACEHOLDERS, Template } from './template.ts';

export interface TicketOptions {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Texts in it may name `{summary}` and the like. */
  readonly template: Template;
  readonly source: string;
}

/** Of Jira's summary field, and a good measure for others. */
const MOST_SUMMARY = 250;

export function jiraTemplate(project: string, issueType: string): Template {
  return {
    fields: {
      project: { key: project },
      issuetype: { name: issueType },
      summary: '{severity} {summary}',
      description: '{summary}\n\n{details}\n\nfrom pulsedrill at {source}, alert {alert}',
      labels: ['pulsedrill', '{severity}'],
    },
  };
}

export function ticketNotifier({ name, url, headers, template, source }: TicketOptions): Notifier {
  return {
    name,
    kind: 'ticket',
    notify(notice, signal) {
      // A ticket is closed by whoever works on it; what ends or goes on by itself is in the ledger.
      if (!OPENS.has(notice.type)) return Promise.resolve({ ok: true });
      return post(url, headers, JSON.stringify(filled(template, valuesOf(notice, source))), signal);
    },
  };
}

/** An announcement comes here only where somebody has something to do about it, or asked for all of them. */
const OPENS: ReadonlySet<Notice['type']> = new Set(['firing', 'escalation', 'announcement']);

type Values = Readonly<Record<(typeof PLACEHOLDERS)[number], string>>;

function valuesOf({ summary, severity, service, objective, details, dedupeKey, atMs }: Notice, source: string): Values {
  return {
    summary: summary.slice(0, MOST_SUMMARY),
    severity,
    service: service ?? '',
    objective: objective ?? '',
    rule: details['rule'] ?? '',
    details: Object.entries(details)
      .map(([key, value]) => `${key}: ${value}`)
      .join('\n'),
    source,
    alert: dedupeKey,
    time: new Date(atMs).toISOString(),
  };
}

/** In one pass: a placeholder that a value contains stays text. */
function filled(template: Template, values: Values): Template {
  if (typeof template === 'string') {
    return template.replaceAll(
      /\{([a-z]+)\}/g,
      (whole, key: string) => Object.entries(values).find(([name]) => name === key)?.[1] ?? whole,
    );
  }
  if (template === null || typeof template !== 'object') return template;
  if (isList(template)) return template.map((item) => filled(item, values));
  return Object.fromEntries(Object.entries(template).map(([key, item]) => [key, filled(item, values)]));
}

function isList(template: Template): template is readonly Template[] {
  return Array.isArray(template);
}
