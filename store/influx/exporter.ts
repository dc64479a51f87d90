/**
 * Ships the ledger to InfluxDB: in order, at least once, whenever InfluxDB answers. What waits is in the ledger and
 * nowhere else; the cursor moves on only when a batch has arrived, and what arrives twice overwrites itself.
 */
import type { Clock } from '../../probes/probe.ts';
import { destination, type InfluxConnection } from './connection.ts';
import { cursorOf, lagOf, NO_LAG, type Lag } from './lag.ts';
import { Cursors } from './cursors.ts';
import { startShipThread, type ShipThread } from './ship-thread.ts';
import type { Outbox } from '../open.ts';
import { OUTBOX_STREAMS } from '../outbox.ts';
import type { OutboxStream } from '../outbox.ts';

export type { InfluxConnection } from './connection.ts';
export type { Lag } from './lag.ts';

/** News about the export. `held` is told when it begins and when its reason changes, `shipping` when it is over. */
export type ExportState =
  | { readonly state: 'shipping' }
  | { readonly state: 'held'; readonly why: string; readonly retryInMs: number; readonly lag: Lag }
  /** InfluxDB will never take this line; it stays in the ledger, and the lines after it go on. */
  | { readonly state: 'rejected'; readonly why: string; readonly line: string }
  /** This ledger began to ship under another location and goes on so: what is counted under two would be counted twice. */
  | { readonly state: 'named'; readonly location: string };

export interface InfluxExportOptions {
  readonly store: { readonly outbox: Outbox; readonly path: string };
  readonly connection: InfluxConnection;
  /** Where this prober stands: a tag of everything that is not a run, which brings its own. */
  readonly location: string;
  readonly clock: Clock;
  /** Uniform in [0, 1); spreads the retries of many probers. */
  readonly random: () => number;
  /** Ends the export, as `close` does. */
  readonly signal?: AbortSignal;
  readonly onState?: (state: ExportState) => void;
  /** How often the ledger is looked at when nothing waited, ms. Default 1,000. */
  readonly pollMs?: number;
  /** How long InfluxDB may take to answer, ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** Rows a request. Default 2,000. */
  readonly batchRows?: number;
}

export interface ExportStanding {
  /** Why InfluxDB takes nothing; null: it does. */
  readonly held: string | null;
  /** Lines that it took, and lines that it will never take, since the export was started. */
  readonly shipped: number;
  readonly rejected: number;
}

export interface InfluxExporter extends AsyncDisposable {
  /** Tries at once to ship all that is durable now. @returns what still waits: 0 in total when InfluxDB has everything. */
  flush(signal?: AbortSignal): Promise<Lag>;
  /** What waits now, without trying anything. */
  lag(): Promise<Lag>;
  /** As of now, from memory. */
  standing(): ExportStanding;
  /** Stops; what waits is shipped when an exporter to the same place is started again. */
  close(): Promise<void>;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

export function startInfluxExport(options: InfluxExportOptions): InfluxExporter {
  return new Exporter(options);
}

/** How a pass over the streams ended. */
interface Pass {
  readonly held: { readonly why: string; readonly retryAfterMs: number | null } | null;
}

class Exporter implements InfluxExporter {
  readonly #options: InfluxExportOptions;
  readonly #outbox: Outbox;
  readonly #thread: ShipThread;
  readonly #place: string;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #loop: Promise<void>;
  /** Null: the ledger has not said yet under which location it ships. */
  #location: string | null = null;
  #passing: Promise<Pass> | null = null;
  #shipped = 0;
  #rejected = 0;
  /** Why the export is held; null while it is shipping. */
  #why: string | null = null;
  /** Whether `held` was told and `shipping` has not been told since. */
  #isToldHeld = false;

  constructor(options: InfluxExportOptions) {
    this.#options = options;
    this.#outbox = options.store.outbox;
    this.#thread = startShipThread({
      path: options.store.path,
      connection: options.connection,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    });
    this.#place = destination(options.connection);
    this.#signal =
      options.signal === undefined ? this.#closing.signal : AbortSignal.any([options.signal, this.#closing.signal]);
    this.#signal.addEventListener('abort', () => void this.#thread.close(), { once: true });
    this.#loop = this.#run();
  }

  async flush(signal?: AbortSignal): Promise<Lag> {
    // A pass under way may have looked at a stream before its last rows came: it takes one that begins now.
    await unlessAborted(this.#passing, signal);
    if (!this.#signal.aborted && signal?.aborted !== true) await unlessAborted(this.#pass(), signal);
    return this.lag();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#thread.close();
    await this.#loop;
    await this.#passing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { clock, random, pollMs = 1_000 } = this.#options;
    for (let failures = 0; !this.#signal.aborted;) {
      const { held } = await this.#pass();
      if (this.#signal.aborted) return;
      failures = held === null ? 0 : failures + 1;
      const backoffMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16));
      // Somewhere in the upper half, so that many probers do not come back together.
      const waitMs = held === null ? pollMs : Math.max(held.retryAfterMs ?? 0, backoffMs * (0.5 + random() / 2));
      if (held !== null) await this.#tellHeld(held.why, waitMs);
      await clock.sleep(waitMs, this.#signal).catch(() => undefined);
    }
  }

  #pass(): Promise<Pass> {
    this.#passing ??= this.#shipAll().finally(() => {
      this.#passing = null;
    });
    return this.#passing;
  }

  /** All streams in turn, a batch each, until none has anything left. Never rejects. */
  async #shipAll(): Promise<Pass> {
    try {
      await using cursors = new Cursors(this.#outbox);
      let open: readonly OutboxStream[] = OUTBOX_STREAMS;
      while (open.length > 0 && !this.#signal.aborted) {
        const still: OutboxStream[] = [];
        for (const stream of open) if (await this.#shipBatch(stream, cursors)) still.push(stream);
        open = still;
      }
      await cursors.kept();
      this.#why = null;
      if (this.#isToldHeld && !this.#signal.aborted) this.#tell({ state: 'shipping' });
      return { held: null };
    } catch (error) {
      if (error instanceof Held) return { held: { why: error.message, retryAfterMs: error.retryAfterMs } };
      return { held: { why: error instanceof Error ? error.message : String(error), retryAfterMs: null } };
    }
  }

  /** @returns whether more of the stream waits. @throws Held */
  async #shipBatch(stream: OutboxStream, cursors: Cursors): Promise<boolean> {
    const { batchRows: rows = 2_000, clock } = this.#options;
    const name = cursorOf(this.#place, stream);
    const after = cursors.after(name);
    const order = { stream, name, after, rows, location: await this.#shipsAs(), nowMs: clock.wallMs() };
    const { upTo, more, lines, rejected, held } = await this.#thread.ship(order);
    if (upTo === null || this.#signal.aborted) return false;
    if (held !== null) throw new Held(held.why, held.retryAfterMs);
    for (const { line, why } of rejected) this.#tell({ state: 'rejected', line, why });
    this.#shipped += lines - rejected.length;
    this.#rejected += rejected.length;
    await cursors.advance(name, upTo);
    return more;
  }

  async #shipsAs(): Promise<string> {
    const { location } = this.#options;
    if (this.#location === null) {
      this.#location = await this.#outbox.shipAs(this.#place, location);
      if (this.#location !== location) this.#tell({ state: 'named', location: this.#location });
    }
    return this.#location;
  }

  lag(): Promise<Lag> {
    return lagOf(this.#outbox, this.#options.connection);
  }

  standing(): ExportStanding {
    return { held: this.#why, shipped: this.#shipped, rejected: this.#rejected };
  }

  async #tellHeld(why: string, retryInMs: number): Promise<void> {
    if (this.#signal.aborted || why === this.#why) return;
    this.#why = why;
    // Where the ledger itself cannot be read, `why` says so and there is no lag to tell.
    const lag = await this.lag().catch(() => NO_LAG);
    // A flush may have got through meanwhile: then this is no news any more.
    if (this.#why === why) this.#tell({ state: 'held', why, retryInMs, lag });
  }

  #tell(state: ExportState): void {
    if (state.state === 'held' || state.state === 'shipping') this.#isToldHeld = state.state === 'held';
    this.#options.onState?.(state);
  }
}

class Held extends Error {
  readonly retryAfterMs: number | null;

  constructor(why: string, retryAfterMs: number | null) {
    super(why);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The work goes on; only the waiting ends. */
async function unlessAborted(work: Promise<unknown> | null, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await work;
    return;
  }
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  signal.addEventListener('abort', stop, { once: true });
  await Promise.race([work, promise]);
  signal.removeEventListener('abort', stop);
}
