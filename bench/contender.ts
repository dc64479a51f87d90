/** The inner end of a process that the bench started: a contender that is measured, or a server that is not. */
import { performance } from 'node:perf_hooks';
import type { Round } from './arithmetic.ts';
import { ownCpuMs } from './cpu.ts';

/** Asks for one round of about so many milliseconds. */
export interface Order {
  readonly ms: number;
}

/** What a prober says of one run. */
export interface Measured {
  /** Of the answer's body: the name under which the truth is found. */
  readonly bytes: number;
  readonly firstByteMs: number;
  readonly latencyMs: number;
  /** Its prober vouches for it. */
  readonly counts: boolean;
  /** What its prober says that it was late by itself; null where nothing looks. */
  readonly heldUpMs: number | null;
}

/** What a process of the bench says: first that it is ready, then the answer to each order. */
export interface Said {
  readonly port?: number;
  readonly round?: Round;
  readonly measured?: readonly Measured[];
  readonly values?: Readonly<Record<string, number>>;
  readonly failed?: string;
}

function say(said: Said): void {
  process.send?.(said);
}

/** Tells the bench where this server listens. It lives as long as the bench does. */
export function announce(port: number): void {
  process.once('disconnect', () => process.exit());
  say({ port });
}

/** Counts and CPU since it was made. */
export class Stopwatch {
  private readonly cpuMs = ownCpuMs();
  private readonly wallMs = performance.now();

  /** Both clocks are read here: call it in the moment in which `operations` is true. */
  stop(operations: number): Round {
    return { operations, cpuMs: ownCpuMs() - this.cpuMs, wallMs: performance.now() - this.wallMs };
  }
}

/** Answers every order of the bench with a round; one at a time. */
export function answerOrders(round: (ms: number) => Promise<Round> | Round): void {
  answerWith(async (ms) => ({ round: await round(ms) }));
}

export function answerWith(work: (ms: number) => Promise<Said>): void {
  process.once('disconnect', () => process.exit());
  process.on('message', (order: Order) => {
    void (async () => {
      try {
        say(await work(order.ms));
      } catch (error) {
        say({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    })();
  });
  say({});
}
