/** One suite, several servers: the embedded one always, a real Toxiproxy as well where TOXIPROXY_URL names one. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { startToxiproxy } from '../../../scenarios/toxiproxy/server.ts';

export interface Backend {
  readonly name: string;
  readonly embedded: boolean;
  open(): Promise<{ readonly url: string; close(): Promise<void> }>;
}

const REAL_URL = process.env['TOXIPROXY_URL'];

export const EMBEDDED: Backend = { name: 'embedded', embedded: true, open: () => startToxiproxy({ port: 0, seed: 7 }) };

export const BACKENDS: readonly Backend[] = [
  EMBEDDED,
  ...(REAL_URL === undefined
    ? []
    : [
        {
          name: 'real',
          embedded: false,
          open: async () => ({ url: REAL_URL.replace(/\/$/, ''), close: async () => {} }),
        },
      ]),
];

export interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  /** The body as JSON, or undefined. */
  readonly json: unknown;
  readonly headers: Headers;
}

export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;

/** A string goes out as it stands, anything else as JSON. */
export function client(url: string): Call {
  return async (method, path, body, headers = {}) => {
    const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(url + path, { method, headers: { connection: 'close', ...headers }, ...content });
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text,
      json: json(text),
      headers: response.headers,
    };
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The `listen` of a proxy that was answered. */
export const listenOf = ({ json }: Reply) => z.object({ listen: z.string() }).parse(json).listen;

/** The names of the toxics that were answered, in order; of a list or of a proxy. */
export function toxicNamesOf({ json }: Reply): readonly string[] {
  const list = z.array(z.object({ name: z.string() }));
  const parsed = z.union([list, z.object({ toxics: list })]).parse(json);
  return ('toxics' in parsed ? parsed.toxics : parsed).map(({ name }) => name);
}

export const keysOf = ({ json }: Reply) => Object.keys(z.record(z.string(), z.unknown()).parse(json));

export interface TcpServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Every connection so far, oldest first. */
  readonly sockets: readonly Socket[];
}

/** A server on loopback; `serve` gets each connection. */
export async function tcpServer(serve: (socket: Socket) => void, allowHalfOpen = false): Promise<TcpServer> {
  const sockets: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen, noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('not bound');
  const { port } = bound;
  return {
    address: `127.0.0.1:${port}`,
    port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port on which a dial hangs: its listener's thread sleeps, and its queue is full. */
export async function silentServer(): Promise<AsyncDisposable & { readonly address: string }> {
  const asleep = `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 10);
    });`;
  const worker = new Worker(asleep, { eval: true });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  await pause(100);
  const filling = Array.from({ length: 4 }, () => connect({ host: '127.0.0.1', port }));
  for (const socket of filling) socket.on('error', () => {});
  await pause(100);
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of filling) socket.destroy();
      await worker.terminate();
    },
  };
}

export const echoServer = () => tcpServer((socket) => socket.pipe(socket));

/** A peer that writes down what it sees, and when (monotonic ms). */
export class Peer implements Disposable {
  readonly socket: Socket;
  readonly chunks: { readonly data: Buffer; readonly atMs: number }[] = [];
  /** How it ended: an orderly end, or an error's code. */
  readonly ended: Promise<{ readonly how: string; readonly atMs: number }>;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data: Buffer) => {
      this.chunks.push({ data, atMs: performance.now() });
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      const note = (how: string) => resolve({ how, atMs: performance.now() });
      socket.once('end', () => note('end'));
      socket.once('error', (error: NodeJS.ErrnoException) => note(error.code ?? error.message));
      socket.once('close', () => note('close'));
    });
    socket.on('error', () => {});
  }

  get bytes(): number {
    return this.chunks.reduce((sum, { data }) => sum + data.length, 0);
  }

  get text(): string {
    return Buffer.concat(this.chunks.map(({ data }) => data)).toString();
  }

  write(data: string | Buffer): void {
    this.socket.write(data);
  }

  /** Resolves with the moment at which `bytes` bytes in all had arrived. */
  async received(bytes: number): Promise<number> {
    while (this.bytes < bytes) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.chunks.at(-1)?.atMs ?? performance.now();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Connects to `host:port`; rejects with the socket's error. */
export async function dial(address: string): Promise<Peer> {
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return new Peer(socket);
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export interface Bench {
  readonly call: Call;
  readonly url: string;
  /** Creates a proxy on a free loopback port and tells its address. */
  proxy(name: string, upstream: string): Promise<string>;
  /** Adds a toxic; throws unless it was accepted. */
  toxic(proxy: string, toxic: Readonly<Record<string, unknown>>): Promise<void>;
}

/** A server to work on, empty; emptied again and closed at the end. */
export async function openBench(backend: Backend): Promise<Bench & AsyncDisposable> {
  const server = await backend.open();
  const call = client(server.url);
  const empty = async () => {
    for (const name of keysOf(await call('GET', '/proxies'))) {
      await call('DELETE', `/proxies/${encodeURIComponent(name)}`);
    }
  };
  await empty();
  return {
    call,
    url: server.url,
    async proxy(name, upstream) {
      const reply = await call('POST', '/proxies', { name, upstream, listen: '127.0.0.1:0' });
      if (reply.status !== 201) throw new Error(reply.text);
      return listenOf(reply);
    },
    async toxic(proxy, toxic) {
      const reply = await call('POST', `/proxies/${proxy}/toxics`, toxic);
      if (reply.status !== 200) throw new Error(reply.text);
    },
    async [Symbol.asyncDispose]() {
      await empty();
      await server.close();
    },
  };
}
