import type { Clock, OrderIntent } from '../probes/probe.ts';
import { ChainedRun } from './chained-run.ts';
import { toCrossing } from './crossing.ts';
import type { Crossing } from './crossing.ts';
import { LedgerError } from './ledger-error.ts';
import type { VersionedRule } from './rules.ts';
import type { MeasurePage } from './measures/measure-table.ts';
import type { OutboxStream, Waiting } from './outbox.ts';
import type { PageStart, ResultPage } from './result-table.ts';
import type { Result } from './result.ts';
import type {
  BudgetPoint,
  Chained,
  EventQuery,
  LedgerEvent,
  MeasureQuery,
  MeasuredStretch,
  OrderRecord,
  ResultQuery,
  RollupAnswer,
  RollupQuery,
  Segment,
  SegmentQuery,
  Store,
  TallyQuery,
  TallyRow,
} from './store.ts';
import { LedgerThread, fromFailure, type Caller } from './thread.ts';
import type { UpkeepDone, UpkeepOrder } from './upkeep.ts';

export interface StoreOptions {
  /** The ledger's file. Its folder is made when missing. */
  readonly path: string;
  /** What to judge by. Default: what the ledger was last opened with. */
  readonly objectives?: readonly VersionedRule[];
  /** The present, wall-clock ms: a limit that is not on record yet holds from here on. Default: it does not hold yet. */
  readonly nowMs?: number;
  /** Says when results and events are stored. Default: what is stored says nothing of when. */
  readonly clock?: Pick<Clock, 'wallMs'>;
  /** Length of a tally step, ms. Default: the ledger's own. */
  readonly stepMs?: number;
  readonly readOnly?: boolean;
  /** Read without a thread, for a process that measures nothing meanwhile. Only for reading. Default: with one. */
  readonly inline?: boolean;
  /** For reading only: one state of the ledger for as long as it is open. */
  readonly snapshot?: boolean;
  /** What went on record of targets after this moment is not known, wall-clock ms. Default: all is. */
  readonly knownMs?: number;
  /** How long to wait for another process's lock, ms. Default 5,000. */
  readonly busyMs?: number;
  /** A ceiling for the file, in pages of 4,096 bytes; beyond it the ledger behaves as on a full disk. */
  readonly maxPages?: number;
}

/** What a follower of the ledger needs of it, beside its rows: a durable cursor. */
export interface Outbox {
  advance(name: string, position: number): Promise<void>;
  waiting(stream: OutboxStream, name: string): Promise<Waiting>;
  /** Under which location this ledger ships to a place: the first that was asked for, for ever. */
  shipAs(place: string, location: string): Promise<string>;
}

/** The ledger behind the seam, and what only a ledger on this machine has. */
export interface LedgerStore extends Store {
  readonly path: string;
  /** Of this ledger and no other, whatever its path. */
  readonly identity: string;
  readonly outbox: Outbox;
  /** When the newest results and events were stored, wall-clock ms; 0: of nothing that is known. */
  recordedMs(): Promise<number>;
  /** What opening it did that its owner should know, a line each. */
  readonly notices: readonly string[];
  /** A small piece of what an old ledger needs, in between appends; `what` is null when there is nothing to do now. */
  upkeep(order: UpkeepOrder): Promise<UpkeepDone>;
  /** The chain of the stored results: where it was cut, and what each piece hashes to. */
  segments(query?: SegmentQuery): Promise<readonly Segment[]>;
  /** A segment's stored results, in order; none where they have expired. */
  chained(segment: Pick<Segment, 'firstSeq' | 'lastSeq'>): AsyncIterable<Chained>;
  /** The same as what is hashed, many at a time: less than half of the work, for who walks through millions. */
  links(segment: Pick<Segment, 'firstSeq' | 'lastSeq'>): AsyncIterable<readonly ChainedRun[]>;
}

/** One transaction takes at most this many results: a longer queue becomes several, so that each is acknowledged soon. */
const GROUP_RESULTS = 2_000;

/** @throws LedgerError when the file cannot be used, with what to do about it */
export async function openStore(options: StoreOptions): Promise<LedgerStore> {
  const { path, objectives, readOnly = false, inline = false, clock = UNKNOWN, ...rest } = options;
  const rules = objectives?.map(({ id, sli, weighing, split, probes, target, versions }) => ({
    id,
    sli,
    weighing,
    split,
    probes,
    ...(target === undefined ? {} : { target }),
    ...(versions === undefined ? {} : { versions }),
  }));
  const wanted = { path, readOnly, ...rest, ...(rules === undefined ? {} : { objectives: rules }) };
  const first = readOnly && inline ? (await import('./inline.ts')).openInline(wanted) : await LedgerThread.open(wanted);
  const about = { path, identity: await first.call('identity'), notices: await first.call('notices') };
  return new ThreadedStore(about, clock, first, readOnly);
}

const UNKNOWN: Pick<Clock, 'wallMs'> = { wallMs: () => 0 };

interface WaitingAppend {
  readonly results: readonly Crossing[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A writing thread, and a reading one from the first question on: a report over months does not delay a commit. */
class ThreadedStore implements LedgerStore {
  readonly path: string;
  readonly identity: string;
  readonly notices: readonly string[];
  readonly outbox: Outbox = {
    advance: (name, position) => this.#writer.call('advance', name, position),
    waiting: async (stream, name) => (await this.#reader()).call('waiting', stream, name),
    shipAs: (place, location) => this.#writer.call('shipAs', place, location),
  };
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #writer: Caller;
  #reading: Promise<Caller> | null;
  #queue: WaitingAppend[] = [];
  #appending: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(
    about: Pick<LedgerStore, 'path' | 'identity' | 'notices'>,
    clock: Pick<Clock, 'wallMs'>,
    first: Caller,
    readOnly: boolean,
  ) {
    this.path = about.path;
    this.identity = about.identity;
    this.notices = about.notices;
    this.#clock = clock;
    this.#writer = first;
    this.#reading = readOnly ? Promise.resolve(first) : null;
  }

  append(results: readonly Result[]): Promise<void> {
    if (this.#closing !== null) return Promise.reject(this.#closed());
    if (results.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#queue.push({ results: results.map(toCrossing), resolve, reject });
      this.#appending ??= this.#drain();
    });
  }

  recordEvents(events: readonly LedgerEvent[]): Promise<void> {
    return this.#writer.call('recordEvents', events, this.#nowMs());
  }

  recordBudgets(points: readonly BudgetPoint[]): Promise<void> {
    return this.#writer.call('recordBudgets', points);
  }

  intendOrder(order: OrderIntent): Promise<void> {
    return this.#writer.call('intendOrder', order);
  }

  closeOrder(clientOrderId: string, how: string, atMs: number): Promise<void> {
    return this.#writer.call('closeOrder', clientOrderId, how, atMs);
  }

  async openOrders(): Promise<readonly OrderIntent[]> {
    return (await this.#reader()).call('openOrders');
  }

  async ordersSince(fromMs: number): Promise<readonly OrderRecord[]> {
    return (await this.#reader()).call('ordersSince', fromMs);
  }

  async tallies(query: TallyQuery): Promise<readonly TallyRow[]> {
    return (await this.#reader()).call('tallies', query);
  }

  async rollups(query: RollupQuery): Promise<RollupAnswer> {
    return (await this.#reader()).call('rollups', query);
  }

  async *results(query: ResultQuery): AsyncIterable<Result> {
    const reader = await this.#reader();
    let start: PageStart | null = null;
    do {
      const page: ResultPage = await reader.call('page', query, start);
      yield* page.results;
      start = page.next;
    } while (start !== null);
  }

  async *measures(query: MeasureQuery): AsyncIterable<MeasuredStretch> {
    const reader = await this.#reader();
    let startMs: number | null = null;
    do {
      const page: MeasurePage = await reader.call('measures', query, startMs);
      yield* page.stretches;
      startMs = page.nextMs;
    } while (startMs !== null);
  }

  async events(query: EventQuery): Promise<readonly LedgerEvent[]> {
    return (await this.#reader()).call('events', query);
  }

  async budgets(query: Parameters<Store['budgets']>[0]): Promise<readonly BudgetPoint[]> {
    return (await this.#reader()).call('budgets', query);
  }

  async recordedMs(): Promise<number> {
    return (await this.#reader()).call('recordedMs');
  }

  upkeep(order: UpkeepOrder): Promise<UpkeepDone> {
    return this.#writer.call('upkeep', order);
  }

  async segments(query: SegmentQuery = {}): Promise<readonly Segment[]> {
    return (await this.#reader()).call('segments', query);
  }

  async *chained({ firstSeq, lastSeq }: Pick<Segment, 'firstSeq' | 'lastSeq'>): AsyncIterable<Chained> {
    const reader = await this.#reader();
    for (let afterSeq = firstSeq - 1; ;) {
      const page = await reader.call('chained', afterSeq, lastSeq);
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      afterSeq = last.seq;
    }
  }

  async *links({ firstSeq, lastSeq }: Pick<Segment, 'firstSeq' | 'lastSeq'>): AsyncIterable<readonly ChainedRun[]> {
    const reader = await this.#reader();
    for (let afterSeq = firstSeq - 1; ;) {
      const page = (await reader.call('links', afterSeq, lastSeq)).map((cells) => new ChainedRun(cells));
      yield page;
      const last = page.at(-1);
      if (last === undefined) return;
      afterSeq = last.seq;
    }
  }

  #nowMs(): number {
    return Math.floor(this.#clock.wallMs());
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Group commit: whatever waits while one transaction is on its way to the disk makes up the next one. */
  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const group: WaitingAppend[] = [];
      let size = 0;
      while (this.#queue.length > 0 && size < GROUP_RESULTS) {
        const next = this.#queue.shift();
        if (next === undefined) break;
        group.push(next);
        size += next.results.length;
      }
      try {
        const outcomes = await this.#writer.call(
          'appendGroups',
          group.map(({ results }) => results),
          this.#nowMs(),
        );
        for (const [index, { resolve, reject }] of group.entries()) {
          const failure = outcomes[index] ?? null;
          if (failure === null) resolve();
          else reject(fromFailure(failure));
        }
      } catch (error) {
        for (const { reject } of group) reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#appending = null;
  }

  #reader(): Promise<Caller> {
    if (this.#closing !== null) return Promise.reject(this.#closed());
    this.#reading ??= LedgerThread.open({ path: this.path, readOnly: true });
    return this.#reading;
  }

  async #close(): Promise<void> {
    await this.#appending;
    const reader = await this.#reading?.catch(() => null);
    if (reader !== this.#writer) await reader?.close();
    await this.#writer.close();
  }

  #closed(): LedgerError {
    return new LedgerError('closed', this.path, 'it was closed', 'open it again');
  }
}
