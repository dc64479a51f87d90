/** The one map of notifiers: from what the configuration says to who is told. */
import type { Clock } from '../../../probes/probe.ts';
import type { NotifyDocument } from '../../config/notify.ts';
import type { Notifier } from '../alert.ts';
import type { Post } from '../dispatcher.ts';
import { alertmanagerNotifier } from './alertmanager.ts';
import { logNotifier } from './log.ts';
import { pagerdutyNotifier } from './pagerduty.ts';
import { slackNotifier } from './slack.ts';
import { jiraTemplate, ticketNotifier } from './ticket.ts';
import { webhookNotifier } from './webhook.ts';

export interface PostsOptions {
  readonly documents: readonly NotifyDocument[];
  /** `fra1 (staging)`: where notices come from. */
  readonly source: string;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly write: (line: string) => void;
}

export function postsOf({ documents, source, clock, write }: PostsOptions): readonly Post[] {
  return documents.map((document) => {
    const { severities, services, as, to, group, repeat } = document;
    return {
      notifier: notifierOf(document, source, () => clock.wallMs(), write),
      route: { severities, services, as, to },
      groupMs: group ?? 0,
      repeatMs: repeat === 'never' ? null : repeat,
      isKeptUp: document.kind === 'alertmanager',
      isOnce: document.kind === 'ticket',
    };
  });
}

function notifierOf(
  document: NotifyDocument,
  source: string,
  wallMs: () => number,
  write: (line: string) => void,
): Notifier {
  const { name } = document;
  switch (document.kind) {
    case 'pagerduty':
      return pagerdutyNotifier({ ...document, source });
    case 'alertmanager':
      return alertmanagerNotifier({ ...document, source, wallMs });
    case 'slack':
      return slackNotifier({ ...document, source });
    case 'webhook':
      return webhookNotifier({
        ...document,
        secrets: [document.secret, document.previousSecret ?? []].flat(),
        source,
        wallMs,
      });
    case 'ticket': {
      const { url, headers, template, project, issueType } = document;
      return ticketNotifier({
        name,
        url,
        headers,
        template: template ?? jiraTemplate(project ?? '', issueType),
        source,
      });
    }
    case 'log':
  }
  return logNotifier(name, write);
}
