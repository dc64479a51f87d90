import type { Server } from 'node:http';
import { addressText } from './address.ts';
import { controlServer } from './http.ts';
import { Registry, type ProxySettings } from './registry.ts';

export interface ToxiproxyOptions {
  /** Of the control interface. Default loopback. */
  readonly host?: string | undefined;
  /** 0: let the system choose. */
  readonly port: number;
  /** Every draw (which connections a toxic touches, jitter, slices) follows from it. */
  readonly seed: number;
  /** Proxies to begin with. */
  readonly config?: readonly ProxySettings[] | undefined;
  /** How long a connection may take to reach its upstream. Default 10 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** Host names under which the control interface may be addressed. Default any. */
  readonly allowedHosts?: readonly string[] | undefined;
}

export interface Toxiproxy extends AsyncDisposable {
  /** Of the control interface, without a trailing slash. */
  readonly url: string;
  /** Closes every proxy and the control interface. */
  close(): Promise<void>;
}

export type StartProblemCode = 'port-in-use' | 'cannot-listen' | 'bad-config';

/** The server cannot be: thrown, since nothing can be done without it. */
export class ToxiproxyStartError extends Error {
  readonly code: StartProblemCode;

  constructor(code: StartProblemCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ToxiproxyStartError';
    this.code = code;
  }
}

/** Starts the fault proxy in this process. Throws a `ToxiproxyStartError`. */
export async function startToxiproxy(options: ToxiproxyOptions): Promise<Toxiproxy> {
  const { host = '127.0.0.1', port, seed, config = [], connectTimeoutMs = 10_000, allowedHosts } = options;
  const registry = new Registry({ seed, connectTimeoutMs });
  const server = controlServer(registry, { allowedHosts });
  const close = async () => {
    await Promise.all([closeServer(server), registry.close()]);
  };
  await listen(server, host, port);
  const { problem } = await registry.populate(config);
  if (problem !== null) {
    await close();
    throw new ToxiproxyStartError('bad-config', problem.message);
  }
  const bound = server.address();
  const address = bound !== null && typeof bound === 'object' ? bound : { address: host, port };
  const url = `http://${addressText({ host: address.address, port: address.port })}`;
  return { url, close, [Symbol.asyncDispose]: close };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = addressText({ host, port });
      reject(
        error.code === 'EADDRINUSE'
          ? new ToxiproxyStartError(
              'port-in-use',
              `${where} is in use: stop what listens there, or give another --port`,
              error,
            )
          : new ToxiproxyStartError('cannot-listen', `cannot listen on ${where}: ${error.message}`, error),
      );
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
