import { bad, type Verdict } from '../network.ts';
import type { Draft } from './draft.ts';
import type { Answer } from './exchange.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What may be told to anybody. */
const HARMLESS: ReadonlySet<string> = new Set(['user-agent', 'accept', 'accept-encoding']);

/** Where the answer sends us, as a browser would go there; null when it is no redirect. */
export function nextHop(draft: Draft, answer: Answer, left: number): Draft | Verdict | null {
  const { location } = answer.headers;
  if (answer.status === null || !REDIRECTS.has(answer.status) || typeof location !== 'string') return null;
  if (!URL.canParse(location, draft.url.href))
    return bad('http-3xx', `expected a redirect to an address, got none that can be read`);
  const url = new URL(location, draft.url);
  const to = shownUrl(url);
  if (!['http:', 'https:'].includes(url.protocol))
    return bad('http-3xx', `expected a redirect to http or https, got ${to}`);
  if (left === 0) return bad('http-3xx', `expected no further redirect, got one to ${to}`);
  // Credentials in an address are nobody's business but its own.
  url.username = '';
  url.password = '';
  const isOther = url.origin !== draft.origin;
  const becomesGet =
    (answer.status === 303 && draft.method !== 'HEAD') || (answer.status <= 302 && draft.method === 'POST');
  const body = becomesGet ? null : draft.body;
  if (isOther && body !== null) {
    return bad('http-3xx', `expected no redirect that takes the body to another origin, got one to ${to}`);
  }
  const headers = Object.entries(draft.headers).filter(([name]) => {
    const plain = name.toLowerCase();
    if (isOther || !draft.trusted) return HARMLESS.has(plain);
    return !becomesGet || !plain.startsWith('content-');
  });
  return {
    method: becomesGet ? 'GET' : draft.method,
    url,
    origin: url.origin,
    headers: Object.fromEntries(headers),
    body,
    trusted: draft.trusted && !isOther,
  };
}

/** Without the values of its query: tokens travel there. */
export function shownUrl(url: URL): string {
  const names = [...url.searchParams.keys()];
  const query = names.length === 0 ? '' : `?${names.map((name) => `${encodeURIComponent(name)}=…`).join('&')}`;
  return `${url.origin}${url.pathname}${query}`;
}
