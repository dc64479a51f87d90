/** What the suites about the http probe share. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { openHttp } from '../../../probes/http/probe.ts';
import { httpSpec } from '../../../probes/http/spec.ts';
import type { ProbeEnvironment } from '../../../probes/kind.ts';
import type { Observation, Probe, RunContext } from '../../../probes/probe.ts';
import { listening, testContext, testEnvironment } from '../context.ts';

const opened: Probe[] = [];
afterEach(async () => {
  for (const probe of opened.splice(0)) await probe.close?.();
});

export function open(part: Record<string, unknown>, environment: ProbeEnvironment = testEnvironment): Probe {
  const probe = openHttp(httpSpec.parse({ id: 'p', kind: 'http', service: 's', ...part }), environment);
  opened.push(probe);
  return probe;
}

export function runOnce(part: Record<string, unknown>, ctx: Partial<RunContext> = {}): Promise<Observation> {
  return open(part).run(testContext(ctx));
}

/** What the schema says about a document, each problem with its path. */
export function told(part: Record<string, unknown>): readonly string[] {
  const parsed = httpSpec.safeParse({ id: 'p', kind: 'http', service: 's', ...part });
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

export interface Served extends AsyncDisposable {
  readonly url: string;
  /** Method and path of each request, in order. */
  readonly asked: string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** Answers when the whole request is there. */
export async function served(answer: Answer): Promise<Served> {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => answer(request, response, body));
  };
  const server = await listening(createServer(listener));
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export async function raw(talk: (socket: Socket) => void) {
  const server = await listening(createTcpServer(talk));
  return { port: server.port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
