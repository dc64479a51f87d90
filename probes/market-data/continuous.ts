import { deadline } from '../deadline.ts';
import type { ProbeEnvironment } from '../kind.ts';
import { bad, type Verdict } from '../network.ts';
import { NO_PHASES, type Clock, type Phases } from '../probe.ts';
import { dial, type Target } from './dial.ts';
import { Subscription } from './subscription.ts';
import type { Tape } from './tape.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const LOOK_EVERY_MS = 10_000;

/** What the connection did since the last report. */
export interface LineReport {
  readonly phases: Phases;
  readonly connects: number;
  readonly disconnects: number;
  readonly connectMs: number | null;
}

/** A subscription that lives across runs: dialled again, with growing pauses, for as long as it is wanted. */
export class Feed {
  /** Why there is no connection; null while there is one. */
  down: Verdict | null = bad('timeout', 'no connection yet');
  private readonly target: Target;
  private readonly messages: readonly unknown[];
  private readonly timeoutMs: number;
  private readonly tape: Tape;
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly stop = new AbortController();
  private readonly attempted = Promise.withResolvers<void>();
  private readonly running: Promise<void>;
  private counts = { connects: 0, disconnects: 0 };
  private lastDial: { readonly phases: Phases; readonly connectMs: number | null } | null = null;

  constructor(
    target: Target,
    messages: readonly unknown[],
    timeoutMs: number,
    tape: Tape,
    environment: Pick<ProbeEnvironment, 'clock' | 'random'>,
  ) {
    this.target = target;
    this.messages = messages;
    this.timeoutMs = timeoutMs;
    this.tape = tape;
    this.clock = environment.clock;
    this.random = environment.random;
    this.running = this.keep();
  }

  /** Resolves when the first attempt has succeeded or failed. */
  get firstAttempt(): Promise<void> {
    return this.attempted.promise;
  }

  drain(): LineReport {
    const report = {
      phases: this.lastDial?.phases ?? NO_PHASES,
      connectMs: this.lastDial?.connectMs ?? null,
      ...this.counts,
    };
    this.lastDial = null;
    this.counts = { connects: 0, disconnects: 0 };
    return report;
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
        const before = this.tape.newestMs;
        this.counts.connects++;
        this.down = null;
        this.attempted.resolve();
        this.down = await this.listen(dialled.line);
        this.counts.disconnects++;
        this.tape.interrupted();
        // A server that accepts and hangs up at once is not to be hammered: only data makes the pause short again.
        if (this.tape.newestMs !== before) pauseMs = FIRST_PAUSE_MS;
      } else {
        this.down = dialled.verdict;
        this.attempted.resolve();
      }
      await this.clock.sleep(pauseMs * (0.5 + this.random()), this.stop.signal).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  private async dialOnce() {
    using attempt = deadline(this.clock, this.timeoutMs, this.stop.signal);
    return await dial(
      this.target,
      (socket) => new Subscription(socket, this.messages, this.tape, this.clock),
      this.clock,
      attempt.signal,
      this.timeoutMs,
    );
  }

  /** Until the connection is gone, or the feed is closed. */
  private async listen(subscription: Subscription): Promise<Verdict> {
    const over = new AbortController();
    const leave = () => {
      over.abort();
      void subscription.leave(false);
    };
    this.stop.signal.addEventListener('abort', leave, { once: true });
    if (this.stop.signal.aborted) leave();
    const looking = this.look(subscription, over.signal);
    const verdict = await subscription.end;
    this.stop.signal.removeEventListener('abort', leave);
    over.abort();
    await looking;
    return verdict;
  }

  private async look(subscription: Subscription, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
      if (!signal.aborted) subscription.look(LOOK_EVERY_MS);
    }
  }
}
