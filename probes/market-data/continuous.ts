import { deadline } from '../deadline.ts';
import type { ProbeEnvironment } from '../kind.ts';
import { bad, type Verdict } from '../network.ts';
import { NO_PHASES, type Clock, type Phases } from '../probe.ts';
import { dial } from './dial.ts';
import type { LineSpec } from './spec.ts';
import { Subscription, type Sink } from './subscription.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const NEVER = new AbortController().signal;

/** What the connection did since the last report. */
export interface LineReport {
  readonly phases: Phases;
  readonly connects: number;
  readonly disconnects: number;
  readonly connectMs: number | null;
  /** The slowest answer to a ping. */
  readonly pingMs: number | null;
}

/** What is wrong with a connection. */
export interface LineState {
  /** Why there is none; null while there is one. */
  readonly down: Verdict | null;
  /** Why one was lost since the last report, though there may be another by now. */
  readonly lost: Verdict | null;
}

/** A subscription that lives across runs: dialled again, with growing pauses, for as long as it is wanted. */
export class Feed {
  /** Why there is no connection; null while there is one. */
  down: Verdict | null = bad('timeout', 'no connection yet');
  private readonly spec: LineSpec & { readonly timeout: number };
  private readonly messages: readonly unknown[];
  private readonly sink: Sink;
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly stop = new AbortController();
  private readonly attempted = Promise.withResolvers<void>();
  private readonly broken = Promise.withResolvers<void>();
  private readonly running: Promise<void>;
  private counts = { connects: 0, disconnects: 0 };
  private subscription: Subscription | null = null;
  private lost: Verdict | null = null;
  private lastDial: { readonly phases: Phases; readonly connectMs: number | null } | null = null;

  constructor(
    spec: LineSpec & { readonly timeout: number },
    messages: readonly unknown[],
    sink: Sink,
    environment: Pick<ProbeEnvironment, 'clock' | 'random'>,
  ) {
    this.spec = spec;
    this.messages = messages;
    this.sink = sink;
    this.clock = environment.clock;
    this.random = environment.random;
    this.running = this.keep();
  }

  /** Resolves when the first attempt has succeeded or failed. */
  get firstAttempt(): Promise<void> {
    return this.attempted.promise;
  }

  /** Resolves when the first connection is lost: nothing is to be waited for on it any more. */
  get firstLoss(): Promise<void> {
    return this.broken.promise;
  }

  /** Since the last report. */
  drain(): { readonly line: LineReport; readonly state: LineState } {
    const state = { down: this.down, lost: this.lost };
    const line = {
      phases: this.lastDial?.phases ?? NO_PHASES,
      connectMs: this.lastDial?.connectMs ?? null,
      pingMs: this.subscription?.drainPing() ?? null,
      ...this.counts,
    };
    this.lastDial = null;
    this.counts = { connects: 0, disconnects: 0 };
    this.lost = null;
    return { line, state };
  }

  async close(): Promise<void> {
    this.stop.abort(new Error('the feed is closed'));
    await this.running;
  }

  private async keep(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.stop.signal.aborted) {
      const dialled = await this.dialOnce();
      this.lastDial = { phases: dialled.phases, connectMs: dialled.ok ? dialled.connectMs : null };
      if (dialled.ok) {
        const before = this.sink.total;
        this.counts.connects++;
        this.down = null;
        this.attempted.resolve();
        this.down = this.lost = await this.listen(dialled.line);
        this.broken.resolve();
        this.counts.disconnects++;
        this.sink.interrupted(this.clock.monotonicMs());
        // A server that accepts and hangs up at once is not to be hammered: only data makes the pause short again.
        if (this.sink.total > before) pauseMs = FIRST_PAUSE_MS;
      } else {
        this.down = dialled.verdict;
        this.attempted.resolve();
      }
      await this.clock.sleep(pauseMs * (0.5 + this.random()), this.stop.signal).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  private async dialOnce() {
    const { spec, clock } = this;
    using attempt = deadline(clock, spec.timeout, this.stop.signal);
    return await dial(
      spec,
      (socket) => new Subscription(socket, spec, this.messages, this.sink, clock),
      clock,
      attempt.signal,
      spec.timeout,
    );
  }

  /** Until the connection is gone, or the feed is closed. */
  private async listen(subscription: Subscription): Promise<Verdict> {
    const over = new AbortController();
    const leave = () => {
      over.abort();
      void subscription.leave(NEVER);
    };
    this.subscription = subscription;
    this.stop.signal.addEventListener('abort', leave, { once: true });
    if (this.stop.signal.aborted) leave();
    const looking = this.look(subscription, over.signal);
    const verdict = await subscription.end;
    this.stop.signal.removeEventListener('abort', leave);
    over.abort();
    this.subscription = null;
    await looking;
    return verdict;
  }

  private async look(subscription: Subscription, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.clock.sleep(this.spec.pingEvery, signal).catch(() => {});
      if (!signal.aborted) subscription.look(this.spec.pingEvery);
    }
  }
}
