/** A receiver of notices: a real server that remembers what it got and answers as it is told. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

export interface Hook extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** Null: it accepts and never answers. */
  answer: { status: number; headers?: Record<string, string>; body?: string } | null;
}

export async function startHook(): Promise<Hook> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      hook.received.push({ path: request.url ?? '', headers: request.headers, text, json: JSON.parse(text) });
      if (hook.answer === null) return;
      response.writeHead(hook.answer.status, hook.answer.headers ?? {}).end(hook.answer.body ?? '');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const hook: Hook = {
    url: `http://127.0.0.1:${address.port}`,
    received: [],
    answer: { status: 202 },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return hook;
}
