/** Both ends of the wire between a store and the thread that keeps its ledger. */
import { extname } from 'node:path';
import process from 'node:process';
import type { Worker } from 'node:worker_threads';
import type { Crossing } from './crossing.ts';
import { LedgerError, fromData, toData } from './ledger-error.ts';
import type { LedgerErrorData } from './ledger-error.ts';
import type { Ledger, LedgerOptions } from './ledger.ts';
import type { UpkeepDone, UpkeepOrder } from './upkeep.ts';

/** What a failed call sends back. */
export interface Failure {
  readonly ledger: LedgerErrorData | null;
  readonly message: string;
}

export function toFailure(error: unknown): Failure {
  if (error instanceof LedgerError) return { ledger: toData(error), message: error.message };
  return { ledger: null, message: error instanceof Error ? error.message : String(error) };
}

export function fromFailure(failure: Failure): Error {
  return failure.ledger === null ? new Error(failure.message) : fromData(failure.ledger);
}

/** What the thread can be asked. */
export type Calls = Pick<
  Ledger,
  | 'recordEvents'
  | 'recordBudgets'
  | 'intendOrder'
  | 'closeOrder'
  | 'openOrders'
  | 'ordersSince'
  | 'tallies'
  | 'rollups'
  | 'page'
  | 'events'
  | 'budgets'
  | 'measures'
  | 'segments'
  | 'chained'
  | 'links'
  | 'advance'
  | 'shipAs'
  | 'waiting'
  | 'close'
  | 'recordedMs'
> & {
  /** Appends that waited together, in one transaction. One entry each: null when durable. */
  appendGroups(groups: readonly (readonly Crossing[])[], recordedMs: number): readonly (Failure | null)[];
  identity(): string;
  notices(): readonly string[];
  upkeep(order: UpkeepOrder): UpkeepDone;
};

export interface Request {
  readonly id: number;
  readonly method: keyof Calls;
  readonly args: readonly unknown[];
}

/** The first reply, with id 0, says that the ledger is open, or why not. */
export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: Failure;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A ledger that answers, wherever it is. */
export interface Caller {
  call<K extends keyof Calls>(method: K, ...args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>>;
  /** Finishes what was asked, and closes the ledger. */
  close(): Promise<void>;
}

/**
 * V8 frees machine code of WebAssembly that another thread still runs, and the process dies of SIGSEGV: seldom,
 * where Node loads TypeScript for threads (decision 0051). Only a checkout has much of it to keep.
 */
function keepWasmCode(): void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--no-wasm-code-gc');
}

/** A ledger in a thread of its own. When the thread ends, whatever the cause, everything that waits is rejected. */
export class LedgerThread implements Caller {
  readonly #path: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #next = 1;
  #end: LedgerError | null = null;

  private constructor(options: LedgerOptions) {
    this.#path = options.path;
    // Loaded where there is a thread: who only reads has none.
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    keepWasmCode();
    // The .ts file in a checkout, the .js file in the published package.
    this.#worker = new Worker(new URL(`./ledger-worker${extname(import.meta.filename)}`, import.meta.url), {
      workerData: options,
      name: 'pulsedrill-ledger',
      // On Node 22 SQLite announces itself as experimental, on the stream where our own messages go.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('messageerror', (error) =>
      this.#fail(`its thread sent what cannot be read (${error.message})`, error),
    );
    this.#worker.on('error', (error: unknown) => this.#fail(`its thread failed (${toFailure(error).message})`, error));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#fail(`its thread ended with code ${code}`);
        resolve();
      });
    });
  }

  /** @throws LedgerError when the ledger cannot be opened */
  static async open(options: LedgerOptions): Promise<LedgerThread> {
    const thread = new LedgerThread(options);
    await new Promise<unknown>((resolve, reject) => thread.#waiting.set(0, { resolve, reject }));
    return thread;
  }

  async call<K extends keyof Calls>(method: K, ...args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    if (this.#end !== null) throw this.#end;
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      try {
        const request: Request = { id, method, args };
        this.#worker.postMessage(request, []);
      } catch (error) {
        this.#waiting.delete(id);
        throw error;
      }
    });
  }

  /** Finishes what was asked, closes the ledger and waits for the thread to end. */
  async close(): Promise<void> {
    if (this.#end === null) await this.call('close');
    this.#end ??= new LedgerError('closed', this.#path, 'it was closed', 'open it again');
    await this.#ended;
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.failure === undefined) waiting?.resolve(reply.value);
    else waiting?.reject(fromFailure(reply.failure));
  }

  #fail(what: string, cause?: unknown): void {
    this.#end ??= new LedgerError('closed', this.#path, what, 'start pulsedrill again; what was stored is safe', cause);
    for (const waiting of this.#waiting.values()) waiting.reject(this.#end);
    this.#waiting.clear();
  }
}
