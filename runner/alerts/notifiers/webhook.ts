/** Any receiver of JSON, signed as Standard Webhooks has it. */
import { createHash } from 'node:crypto';
import type { Notifier } from '../alert.ts';
import { signedHeaders } from '../signature.ts';
import { post } from './post.ts';

export interface WebhookOptions {
  readonly name: string;
  readonly url: string;
  /** Each signs: while receivers change from one to the next, there are two. */
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly source: string;
  readonly wallMs: () => number;
}

export function webhookNotifier({ name, url, secrets, headers, source, wallMs }: WebhookOptions): Notifier {
  return {
    name,
    kind: 'webhook',
    notify(notice, signal) {
      const body = JSON.stringify({ type: `alert.${notice.type}`, source, data: notice });
      // The same for every attempt at the same notice: its receiver takes it once.
      const id = `msg_${createHash('sha256').update(body).digest('hex').slice(0, 32)}`;
      return post(url, { ...headers, ...signedHeaders(secrets, id, wallMs(), body) }, body, signal);
    },
  };
}
