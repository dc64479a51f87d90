import { WebSocket } from 'ws';
import { deadline } from '../deadline.ts';
import { dial } from '../market-data/dial.ts';
import { abortVerdict, bad, networkVerdict, type Verdict } from '../network.ts';
import type { Clock } from '../probe.ts';
import type { PaperOrderSpec } from './spec.ts';
import type { ChannelSpec, Sign, SignalSpec } from './stream-spec.ts';

/** An event's message may be long; more than this is none. */
const MOST_BYTES = 1_048_576;

/** The value at "data.c"; undefined when there is none. */
export function fieldAt(message: unknown, path: string): unknown {
  let value = message;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  }
  return value ?? undefined;
}

export function shows(message: unknown, { field, equals }: Sign): boolean {
  const value = fieldAt(message, field);
  if (value === undefined || equals === undefined) return value !== undefined;
  return [equals].flat().some((wanted) => wanted === value);
}

export type Opened = { readonly ok: true; readonly stream: Stream } | { readonly ok: false; readonly verdict: Verdict };

/** One subscription for the length of a run: every message is handed on in the moment in which it comes. */
export class Stream implements AsyncDisposable {
  private readonly socket: WebSocket;
  private readonly spec: ChannelSpec | SignalSpec;
  private readonly clock: Clock;
  private readonly take: (message: unknown, atMs: number) => void;
  private readonly confirmed = Promise.withResolvers<Verdict | null>();
  private readonly gone = Promise.withResolvers<void>();
  private broken: Verdict | null = null;
  private failure: Verdict | null = null;
  private readonly waiting = new Set<() => void>();

  private constructor(
    socket: WebSocket,
    spec: ChannelSpec | SignalSpec,
    clock: Clock,
    take: (message: unknown, atMs: number) => void,
  ) {
    this.socket = socket;
    this.spec = spec;
    this.clock = clock;
    this.take = take;
    socket.on('message', (data) => {
      if (Buffer.isBuffer(data)) this.read(data.toString());
    });
    socket.on('ping', (data: Buffer) => socket.pong(data));
    socket.on('error', (error) => {
      this.failure ??= networkVerdict(error);
    });
    socket.on('close', (code) => {
      this.end(this.failure ?? bad('closed', `the server closed it with code ${code}`));
      this.gone.resolve();
    });
    for (const message of spec.subscribe) socket.send(JSON.stringify(message));
    if (spec.confirmed === null) this.confirmed.resolve(null);
  }

  /** Dials, subscribes and waits until the subscription is confirmed. @param what for the text of a failure */
  static async open(
    what: string,
    spec: ChannelSpec | SignalSpec,
    probe: PaperOrderSpec,
    take: (message: unknown, atMs: number) => void,
    clock: Clock,
    within: { readonly signal: AbortSignal; readonly ms: number },
  ): Promise<Opened> {
    using limit = deadline(clock, within.ms, within.signal);
    const target = {
      url: spec.url,
      headers: spec.headers ?? probe.headers,
      ca: probe.ca,
      payload: 'text' as const,
      perMessageDeflate: false,
      pingEvery: within.ms,
      maxMessageBytes: MOST_BYTES,
    };
    const attach = (socket: WebSocket): Stream => new Stream(socket, spec, clock, take);
    const dialled = await dial(target, attach, clock, limit.signal, within.ms);
    if (!dialled.ok) return refused(what, dialled.verdict);
    const stream = dialled.line;
    const stop = (): void => stream.confirmed.resolve(abortVerdict(limit.signal, 'answer', within.ms));
    limit.signal.addEventListener('abort', stop, { once: true });
    if (limit.signal.aborted) stop();
    const problem = await stream.confirmed.promise;
    limit.signal.removeEventListener('abort', stop);
    if (problem === null) return { ok: true, stream };
    await stream[Symbol.asyncDispose]();
    return refused(what, problem);
  }

  /** Why nothing comes any more; null while it stands. */
  get brokenBy(): Verdict | null {
    return this.broken;
  }

  /** Resolves with the next message, with the end of the connection, or when the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    if (this.broken !== null || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    this.waiting.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    signal.removeEventListener('abort', wake);
    this.waiting.delete(wake);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end(bad('closed', 'we left'));
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.close(1000);
    const patience = new AbortController();
    await Promise.race([this.gone.promise, this.clock.sleep(GOODBYE_MS, patience.signal).catch(() => {})]);
    patience.abort();
    this.socket.terminate();
  }

  private read(text: string): void {
    const atMs = this.clock.monotonicMs();
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    const { items, confirmed, rejected } = this.spec;
    if (rejected !== null && shows(frame, rejected)) {
      this.confirmed.resolve(bad('subscribe-rejected', `the subscription was refused: ${text}`));
    } else if (confirmed !== null && shows(frame, confirmed)) this.confirmed.resolve(null);
    const held = items === undefined ? frame : fieldAt(frame, items);
    for (const message of Array.isArray(held) ? held : [held]) this.take(message, atMs);
    this.wake();
  }

  private end(why: Verdict): void {
    this.broken ??= why;
    this.confirmed.resolve(why);
    this.wake();
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
  }
}

/** How long a peer may take to answer our goodbye, ms. */
const GOODBYE_MS = 100;

function refused(what: string, verdict: Verdict): Opened {
  return { ok: false, verdict: { ...verdict, detail: `${what}: ${verdict.detail ?? 'no reason given'}` } };
}
