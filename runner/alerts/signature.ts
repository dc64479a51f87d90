/**
 * How a webhook's receiver knows that it comes from here, unchanged and now: the headers of Standard Webhooks
 * (standardwebhooks.com), for which verifiers exist in most languages.
 */
import { createHmac } from 'node:crypto';

/**
 * `webhook-signature` is `v1,` and the base64 HMAC-SHA256, under the secret's bytes, of `id.timestamp.body`; of several
 * secrets, one each, with blanks between.
 * @param id the same for every attempt to deliver the same message: its receiver takes it once
 * @param atMs of this attempt; receivers refuse what is minutes old
 */
export function signedHeaders(
  secret: string | readonly string[],
  id: string,
  atMs: number,
  body: string,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(atMs / 1000));
  const signatures = [secret].flat().map((each) => {
    const mac = createHmac('sha256', keyOf(each)).update(`${id}.${timestamp}.${body}`).digest('base64');
    return `v1,${mac}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** Secrets in the form of the standard are `whsec_` and base64; any other text is taken as it is. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
}
