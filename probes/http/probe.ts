import type { ProbeEnvironment } from '../kind.ts';
import type { Observation, Probe, Reading } from '../probe.ts';
import { judgeResponse, needsBody } from './assertions.ts';
import { exchange, type Answer, type Request } from './exchange.ts';
import { Line, secureContextFor, type LineOptions } from './line.ts';
import type { HttpSpec } from './spec.ts';

/**
 *     start ── DNS ── TCP ── TLS ── request sent ── first byte ── last byte
 *     └────────────────────────── latency ─────────────────────────────┘
 *
 * One request a run, on a fresh connection unless `keepAlive`; redirects are answers, not followed; nothing is retried.
 */
export function openHttp(spec: HttpSpec, environment: ProbeEnvironment): Probe {
  const url = new URL(spec.url);
  const line: LineOptions = {
    origin: url.origin,
    keepAlive: spec.keepAlive,
    secureContext: secureContextFor(url, spec.ca),
  };
  const request = requestOf(spec, url);
  /** The line that the next run may use. A run takes it away while it asks, and a failed one does not bring it back. */
  let idle: Line | null = null;

  return {
    async run(ctx) {
      const used = idle ?? new Line(line, environment.clock);
      idle = null;
      const answer = await exchange(used, ctx.verbose ? { ...request, keepBody: true } : request, ctx);
      if (answer.failure === null && idle === null) idle = used;
      else if (answer.failure === null) await used.destroy();
      const observation = observe(spec, answer);
      return ctx.verbose ? { ...observation, transcript: transcript(spec, url, answer) } : observation;
    },
    async close() {
      await idle?.destroy();
      idle = null;
    },
  };
}

function requestOf(spec: HttpSpec, url: URL): Request {
  const isText = typeof spec.body === 'string' || spec.body === undefined;
  const named = Object.keys(spec.headers).map((name) => name.toLowerCase());
  const defaults = {
    ...(named.includes('user-agent') ? {} : { 'user-agent': 'pulsedrill' }),
    ...(isText || named.includes('content-type') ? {} : { 'content-type': 'application/json' }),
  };
  return {
    options: {
      path: url.pathname + url.search,
      method: spec.method,
      headers: { ...defaults, ...spec.headers },
      body: bodyText(spec) ?? null,
      reset: !spec.keepAlive,
    },
    keepBody: needsBody(spec.expect),
    maxBodyBytes: spec.maxBodyBytes,
  };
}

function bodyText(spec: HttpSpec): string | undefined {
  if (spec.body === undefined || typeof spec.body === 'string') return spec.body;
  return JSON.stringify(spec.body);
}

function observe(spec: HttpSpec, answer: Answer): Observation {
  const status = answer.status;
  const verdict = answer.failure ?? judgeResponse({ status: status ?? 0, body: answer.body }, spec.expect);
  const latency: Reading = { type: 'duration', indicator: 'latency', ms: answer.latencyMs };
  return {
    outcome: verdict.outcome,
    reason: verdict.reason,
    detail: verdict.detail,
    phases: answer.phases,
    // A run that we spoiled ourselves measured nothing.
    readings: verdict.outcome === 'fault' ? [] : [latency],
    values: { status, bytes: answer.bytes, connections: answer.connections },
  };
}

function transcript(spec: HttpSpec, url: URL, answer: Answer): readonly string[] {
  const sent = [`> ${spec.method} ${url.pathname}${url.search}`, `> host: ${url.host}`];
  for (const [name, value] of Object.entries(spec.headers)) sent.push(`> ${name}: ${value}`);
  const body = bodyText(spec);
  if (body !== undefined) sent.push('>', `> ${body}`);
  if (answer.status === null) return sent;
  const came = [`< ${answer.status}`];
  for (const [name, value] of Object.entries(answer.headers)) came.push(`< ${name}: ${String(value)}`);
  if (answer.body !== null) came.push('<', `< ${answer.body.toString()}`);
  return [...sent, ...came];
}
