/** Slack, incoming webhook. */
import type { Notice, Notifier } from '../alert.ts';
import { post } from './post.ts';

export interface SlackOptions {
  readonly name: string;
  /** Is itself the secret. */
  readonly url: string;
  readonly source: string;
}

const WORDS = {
  firing: '',
  reminder: 'still: ',
  resolved: 'over: ',
  escalation: 'escalation: ',
  acknowledged: 'acknowledged: ',
  announcement: '',
} as const;
/** Of a section block. */
const MOST_TEXT = 3000;

export function slackNotifier({ name, url, source }: SlackOptions): Notifier {
  return {
    name,
    kind: 'slack',
    notify: (notice, signal) => post(url, {}, JSON.stringify(messageOf(notice, source)), signal),
  };
}

function messageOf({ type, severity, as, summary, details, incident, to }: Notice, source: string): unknown {
  // What is announced is no trouble, or not yet, and has no severity to speak of.
  const text = type === 'announcement' ? summary : `${severity} ${WORDS[type]}${summary}`;
  const review = as === 'review' ? ['for review: too few events to page'] : [];
  const context = [
    source,
    `for ${to}`,
    ...review,
    ...(incident === null ? [] : [incident]),
    details['channel'] ?? [],
  ].flat();
  return {
    text: escaped(text),
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: escaped(text).slice(0, MOST_TEXT) } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: escaped(context.join(' · ')) }] },
    ],
  };
}

/** The three characters that its markup reserves. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
