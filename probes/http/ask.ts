import { abortVerdict, fault, type Verdict } from '../network.ts';
import { judgeResponse, needsBody } from './assertions.ts';
import { takeCaptures } from './capture.ts';
import { draftOf, isFixed, signed, type Draft, type Question } from './draft.ts';
import { encodingsOf, inflated } from './encoding.ts';
import { exchange, type Answer, type Request, type Within } from './exchange.ts';
import type { Lines } from './lines.ts';
import { nextHop } from './redirect.ts';
import type { HttpSpec } from './spec.ts';
import { maskOf, type Mask } from './template.ts';
import { requestLines, answerLines } from './transcript.ts';

/** What all requests of one run share. */
export interface Asking {
  readonly spec: HttpSpec;
  readonly lines: Lines;
  readonly ctx: Within & { readonly verbose: boolean };
  /** Masks what the configuration knows to be secret. */
  readonly redact: Mask;
  readonly values: Map<string, string | number | boolean>;
  /** What may not be shown, and what is shown instead. */
  readonly secrets: [value: string, instead: string][];
  /** Each request on the wire, in order. */
  readonly sent: Sent[];
  readonly transcript: string[];
}

export interface Sent {
  readonly name: string | null;
  readonly url: URL;
  readonly answer: Answer;
}

/** What one question came to. `ms` is null when an answer never ended. */
export interface Asked {
  readonly verdict: Verdict;
  readonly answer: Answer | null;
  readonly bodyBytes: number | null;
  readonly certificateDays: number | null;
  readonly ms: number | null;
}

/** A question, and its request where that is the same in every run. */
export interface Prepared {
  readonly question: Question;
  readonly needsBody: boolean;
  readonly fixed: { readonly draft: Draft; readonly request: Request } | null;
}

export function prepare(question: Question, spec: HttpSpec): Prepared {
  const needs = question.graphql !== undefined || needsBody(question.expect);
  if (!isFixed(question, spec)) return { question, needsBody: needs, fixed: null };
  const draft = draftOf(question, spec, new Map());
  return { question, needsBody: needs, fixed: { draft, request: requestOf(draft, question, spec, false) } };
}

function requestOf(draft: Draft, question: Question, spec: HttpSpec, verbose: boolean): Request {
  const { method, url, headers, body } = draft;
  const isCaptured = Object.values(question.capture).some((capture) => typeof capture === 'string');
  return {
    options: { method, path: url.pathname + url.search, headers, body },
    keepBody: verbose || isCaptured || question.graphql !== undefined || needsBody(question.expect),
    maxBodyBytes: spec.maxBodyBytes,
    wantsCertificate: question.expect.some(({ certificate }) => certificate !== undefined),
  };
}

const nothing = { answer: null, bodyBytes: null, certificateDays: null, ms: null };

export async function ask(prepared: Prepared, asking: Asking): Promise<Asked> {
  const { question, fixed } = prepared;
  const { spec, ctx } = asking;
  let draft = fixed?.draft ?? draftOf(question, spec, asking.values);
  let request = ctx.verbose ? null : (fixed?.request ?? null);
  let tookMs = 0;
  for (let left = spec.redirects; ; left--) {
    if (request === null) {
      const sealed = await seal(draft, asking);
      if ('outcome' in sealed) return { ...nothing, verdict: sealed };
      draft = sealed;
      request = requestOf(draft, question, spec, ctx.verbose);
    }
    const answer = await send(draft, request, question, asking);
    if (answer.failure !== null) return { ...nothing, verdict: answer.failure, answer };
    tookMs += answer.latencyMs ?? 0;
    const next = spec.redirects === 0 ? null : nextHop(draft, answer, left);
    if (next === null) return await judge(prepared, answer, tookMs, asking);
    if ('outcome' in next) return { ...nothing, verdict: masked(next, maskNow(asking)), answer, ms: tookMs };
    if (ctx.verbose) asking.transcript.push(...answerLines(answer, null));
    draft = next;
    request = null;
  }
}

async function send(draft: Draft, request: Request, { name }: Question, asking: Asking): Promise<Answer> {
  const { lines, ctx } = asking;
  const line = lines.to(draft);
  const answer = await exchange(line, request, ctx);
  if (answer.failure !== null) lines.drop(line);
  asking.sent.push({ name, url: draft.url, answer });
  if (ctx.verbose) {
    asking.transcript.push(...requestLines(draft), ...(answer.failure === null ? [] : answerLines(answer, null)));
  }
  return answer;
}

/** No clock runs here: inflating, capturing and judging come after the last byte. */
async function judge(
  { question, needsBody: isNeeded }: Prepared,
  answer: Answer,
  ms: number,
  asking: Asking,
): Promise<Asked> {
  const { spec, ctx, values } = asking;
  const { headers, body: raw, status } = answer;
  const encodings = answer.bytes === 0 ? [] : encodingsOf(headers['content-encoding']);
  const body = raw === null || encodings.length === 0 ? raw : await inflated(raw, encodings, spec.maxBodyBytes);
  const verdict = body !== null && 'outcome' in body ? body : null;
  const read = body !== null && 'outcome' in body ? null : body;
  if (ctx.verbose) asking.transcript.push(...answerLines(answer, read));
  const missing = takeCaptures(question.capture, headers, read, values);
  const mask = maskNow(asking);
  const bodyBytes = read?.length ?? answer.bytes;
  const { certificateEndMs } = answer;
  const certificateDays = certificateEndMs === null ? null : (certificateEndMs - ctx.clock.wallMs()) / 86_400_000;
  const asked = { answer, bodyBytes, certificateDays, ms };
  if (verdict !== null) return { ...asked, verdict: masked(verdict, mask) };
  const judged = judgeResponse(
    {
      status: status ?? 0,
      headers,
      body: isNeeded ? read : null,
      bodyBytes,
      phases: answer.phases,
      latencyMs: ms,
      certificateDays,
    },
    question.expect,
    mask,
    question.graphql !== undefined,
  );
  if (judged.outcome !== 'good' || missing === null) return { ...asked, verdict: judged };
  return { ...asked, verdict: missing };
}

/** The user's own function: what it throws is our configuration's fault, and it may not outlive the run. */
async function seal(draft: Draft, asking: Asking): Promise<Draft | Verdict> {
  const { spec, ctx, secrets } = asking;
  if (spec.sign === undefined) return draft;
  const { signal } = ctx;
  const aborted = Promise.withResolvers<null>();
  const stop = (): void => aborted.resolve(null);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const sealed = await Promise.race([signed(draft, spec, ctx.clock.wallMs()), aborted.promise]);
    if (sealed === null) return unsigned(signal);
    for (const value of Object.values(sealed.added)) secrets.push([String(value), '{signed}']);
    return sealed;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fault('internal', maskNow(asking)(`the function that signs requests failed: ${why}`));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function unsigned(signal: AbortSignal): Verdict {
  const { outcome, reason, detail } = abortVerdict(signal, 'answer', null);
  return outcome === 'fault' ? { outcome, reason, detail } : fault('internal', 'the request was not signed in time');
}

/** Of all that is known to be secret by now. */
export function maskNow({ secrets, values, redact }: Asking): Mask {
  if (secrets.length === 0 && values.size === 0) return redact;
  return maskOf([...secrets, ...[...values].map(([name, value]) => [String(value), `{${name}}`] as const)], redact);
}

export function masked(verdict: Verdict, mask: Mask): Verdict {
  return verdict.detail === null ? verdict : { ...verdict, detail: mask(verdict.detail) };
}
