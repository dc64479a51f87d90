import { jsonProblem } from '../http/assertions.ts';
import { bad, excluded, fault, type Verdict } from '../network.ts';
import type { Questions } from './asked.ts';
import type { PaperOrderSpec } from './spec.ts';

const ADDRESSED = ['paper', 'submit', 'query', 'cancel', 'channel', 'signal', 'positions'] as const;

/** Addresses outside the allow-list: an account proven paper at one host says nothing about another. */
export function strangersOf(
  spec: Partial<Pick<PaperOrderSpec, (typeof ADDRESSED)[number]>>,
): readonly { readonly key: (typeof ADDRESSED)[number]; readonly url: string; readonly host: string }[] {
  const hosts = spec.paper?.hosts;
  if (hosts === undefined) return [];
  return ADDRESSED.flatMap((key) => {
    const url = spec[key]?.url;
    if (url === undefined) return [];
    const { host, hostname } = new URL(url);
    return hosts.includes(host) || hosts.includes(hostname) ? [] : [{ key, url, host }];
  });
}

export function strangers(spec: PaperOrderSpec): readonly string[] {
  return [...new Set(strangersOf(spec).map(({ host }) => host))];
}

export function strangerProblem(spec: PaperOrderSpec): Verdict | null {
  const [stranger] = strangers(spec);
  return stranger === undefined
    ? null
    : fault('not-paper', `expected only hosts of paper.hosts, got ${stranger}; nothing was sent`);
}

/** Refused for now or for want of a right, which says nothing about the account. */
const NOT_NOW: ReadonlySet<number> = new Set([401, 403, 407, 408, 425, 429]);

/** Null: the account is proven paper, and an order may leave. Anything else: nothing leaves. */
export async function paperProblem(
  spec: PaperOrderSpec,
  venue: Questions,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Verdict | null> {
  const { answer, json } = await venue.read(spec.paper.url, signal, timeoutMs);
  if (answer.failure !== null) {
    if (answer.failure.outcome === 'fault') return answer.failure;
    return bad('proof-unreachable', `no proof that the account is paper: ${answer.failure.detail}`);
  }
  const status = answer.status ?? 0;
  const detail = `no proof that the account is paper: status ${status}`;
  if (status >= 500) return bad('proof-unreachable', detail);
  // The venue answers, but not to us: as for any API call, that is not counted against it.
  if (NOT_NOW.has(status)) return excluded('proof-unreachable', detail);
  if (status >= 300) return fault('not-paper', `${detail}; nothing was sent`);
  if (json === undefined) return fault('not-paper', 'the proof that the account is paper is no JSON; nothing was sent');
  for (const expected of [spec.paper.json, spec.paper.account]) {
    const problem = expected === undefined ? null : jsonProblem(json, expected);
    if (problem !== null) return fault('not-paper', `${problem}; nothing was sent`);
  }
  return null;
}
