import { createServer } from 'node:http';
import { listening } from '../probes/context.ts';

export interface SlowServer extends AsyncDisposable {
  readonly url: string;
  /** How long each answer takes, ms; `Infinity`: none comes. */
  delayMs: number;
  status: number;
  /** Requests of each path, with their headers. */
  readonly seen: { readonly path: string; readonly headers: Readonly<Record<string, unknown>> }[];
  /** The most requests of one path that were ever open together. */
  readonly mostAtOnce: (path: string) => number;
}

/** An HTTP server that answers as late as it is told to, and watches who asks before having been answered. */
export async function slowServer(): Promise<SlowServer> {
  const open = new Map<string, number>();
  const most = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    made.seen.push({ path, headers: request.headers });
    open.set(path, (open.get(path) ?? 0) + 1);
    most.set(path, Math.max(most.get(path) ?? 0, open.get(path) ?? 0));
    response.once('close', () => open.set(path, (open.get(path) ?? 0) - 1));
    const answer = (): void => {
      response.writeHead(made.status, { 'content-type': 'application/json' }).end('{"status":"running"}');
    };
    if (made.delayMs <= 0) answer();
    else if (Number.isFinite(made.delayMs)) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        answer();
      }, made.delayMs);
      timers.add(timer);
    }
  });
  const bound = await listening(server);
  const made: SlowServer = {
    url: `http://127.0.0.1:${bound.port}`,
    delayMs: 0,
    status: 200,
    seen: [],
    mostAtOnce: (path) => most.get(path) ?? 0,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      await bound[Symbol.asyncDispose]();
    },
  };
  return made;
}
