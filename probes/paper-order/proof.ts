import { jsonProblem } from '../http/assertions.ts';
import { bad, excluded, fault, type Verdict } from '../network.ts';
import type { PaperOrderSpec } from './spec.ts';
import type { Venue } from './venue.ts';

/** Addresses outside the allow-list: an account proven paper at one host says nothing about another. */
export function strangers(spec: PaperOrderSpec): readonly string[] {
  const addresses = [spec.paper.url, spec.submit.url, spec.query?.url, spec.cancel?.url];
  const hosts = addresses.flatMap((address) => {
    if (address === undefined) return [];
    const { host, hostname } = new URL(address);
    return spec.paper.hosts.includes(host) || spec.paper.hosts.includes(hostname) ? [] : [host];
  });
  return [...new Set(hosts)];
}

/** Null: the account is proven paper, and an order may leave. Anything else: nothing leaves. */
export async function paperProblem(
  spec: PaperOrderSpec,
  venue: Venue,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Verdict | null> {
  const [stranger] = strangers(spec);
  if (stranger !== undefined) {
    return fault('not-paper', `expected only hosts of paper.hosts, got ${stranger}; nothing was sent`);
  }
  const { answer, json } = await venue.ask('GET', spec.paper.url, null, signal, timeoutMs);
  if (answer.failure !== null) {
    if (answer.failure.outcome === 'fault') return answer.failure;
    return bad('proof-unreachable', `no proof that the account is paper: ${answer.failure.detail}`);
  }
  const status = answer.status ?? 0;
  const detail = `no proof that the account is paper: status ${status}`;
  if (status >= 500) return bad('proof-unreachable', detail);
  // The venue answers, but not to us: as for any API call, that is not counted against it.
  if (status >= 400) return excluded('proof-unreachable', detail);
  if (status >= 300) return fault('not-paper', `${detail}; nothing was sent`);
  if (json === undefined) return fault('not-paper', 'the proof that the account is paper is no JSON; nothing was sent');
  const problem = jsonProblem(json, spec.paper.json);
  return problem === null ? null : fault('not-paper', `${problem}; nothing was sent`);
}
