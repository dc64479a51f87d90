/**
 * The source of truth on this machine: one SQLite file. Synchronous; `open.ts` runs it in a thread of its own, so that
 * the disk never stalls a measurement. A result and its share in every tally are one transaction: a kill cannot part them.
 */
import type { OrderIntent } from '../probes/probe.ts';
import { isEmpty, openDatabase } from './database.ts';
import type { DatabaseOptions } from './database.ts';
import type { Link } from './chain.ts';
import { Judging, type HeldAt } from './judging.ts';
import { LastNoted, goneSince, lastNoted, type Noted } from './last-noted.ts';
import { adoptIdentity, adoptStep } from './made-with.ts';
import { noteGone, noteUncounted } from './notes.ts';
import { pendingLines, waitingRows } from './outbox.ts';
import { Measures } from './measures/measures.ts';
import type { MeasurePage } from './measures/measure-table.ts';
import type { Slice } from './measures/measure-builder.ts';
import type { Follower as OutboxFollower, OutboxPage, OutboxStream, Waiting } from './outbox.ts';
import * as records from './record-tables.ts';
import { ResultTable } from './result-table.ts';
import type { PageStart, ResultPage } from './result-table.ts';
import type { Result } from './result.ts';
import type { Cell } from './rows.ts';
import type { Stretch, VersionedRule } from './rules.ts';
import { SegmentTable } from './segment-table.ts';
import { Sql } from './sql.ts';
import type {
  BudgetPoint,
  BudgetQuery,
  Chained,
  EventQuery,
  LedgerEvent,
  MeasureQuery,
  OrderRecord,
  ResultQuery,
  RollupAnswer,
  RollupQuery,
  Segment,
  SegmentQuery,
  TallyQuery,
  TallyRow,
} from './store.ts';
import { explain } from './sqlite-error.ts';
import { Gathered } from './tally-table.ts';
import { expiredThroughMs } from './expired.ts';
import { Upkeep, type UpkeepDone, type UpkeepOrder } from './upkeep.ts';

export interface LedgerOptions extends DatabaseOptions, HeldAt {
  /** Length of a tally step, ms; a ledger keeps the one it was made with. Default: whatever the ledger has, or a minute. */
  readonly stepMs?: number;
  /** The objectives to judge by from now on. Default: those that the ledger was last opened with. */
  readonly objectives?: readonly VersionedRule[];
  /** Whoever only reads sees one state of the ledger for as long as it is open, whoever writes meanwhile. */
  readonly snapshot?: boolean;
}

const PAGE = 500;
/** Links of the chain in one answer: few enough that they are garbage before the collector comes. */
const LINKS = 100;

export class Ledger implements Disposable {
  readonly stepMs: number;
  /** Given to the file when it was made; '' for one that was only ever read since. */
  readonly identity: string;
  readonly #sql: Sql;
  readonly #results: ResultTable;
  readonly #segments: SegmentTable;
  readonly #noted: LastNoted;
  readonly #judging: Judging;
  readonly #measures: Measures;
  /** What opening it did that its owner should know, a line each. */
  readonly notices: string[] = [];
  #upkeep: Upkeep | null = null;

  /** @throws LedgerError */
  constructor(options: LedgerOptions) {
    const wasEmpty = isEmpty(options.path);
    const noted = options.readOnly === true ? null : lastNoted(options.path);
    const db = openDatabase(options);
    if (wasEmpty)
      this.notices.push(
        `ledger ${options.path}: the file was empty, and a new record begins in it: if it ever held results, end this and restore a copy`,
      );
    try {
      const sql = new Sql(db, options.path, options.readOnly ?? false);
      this.#sql = sql;
      if (options.snapshot === true && options.readOnly === true) sql.pin();
      this.stepMs = adoptStep(sql, options.stepMs);
      const isNew = sql.meta('identity') === null;
      this.identity = adoptIdentity(sql);
      const results = new ResultTable(sql);
      const segments = new SegmentTable(db);
      [this.#results, this.#segments, this.#noted] = [results, segments, new LastNoted(options.path)];
      const { stepMs, notices } = this;
      const judging = new Judging({ sql, results, segments, stepMs, notices });
      this.#judging = judging;
      this.#sayGone(noted, isNew, options.nowMs);
      this.#measures = new Measures({ sql, results, stepMs, rules: () => judging.active() });
      this.#adopt(options);
    } catch (error) {
      db.close();
      throw explain(error, options.path);
    }
  }

  get path(): string {
    return this.#sql.path;
  }

  /**
   * Stores the new ones of `results`, chains them, and adds their shares to the tallies.
   * @param recordedMs the present, whole wall-clock ms; 0: nobody knows. @returns how many were new. @throws LedgerError
   */
  append(results: readonly Result[], recordedMs = 0): number {
    const { count, end } = this.#write(() => {
      const rules = this.#judging.current();
      const gathered = new Gathered(this.stepMs);
      const links: Link[] = [];
      const stored: Result[] = [];
      const before = this.#segments.lastSeq();
      const goneMs = expiredThroughMs(this.#sql);
      for (const result of results) {
        const link = this.#results.insert(result, before + links.length + 1, recordedMs);
        if (link === null) continue;
        links.push(link);
        if (result.scheduledMs <= goneMs) {
          noteUncounted(this.#sql, result, goneMs, recordedMs);
          continue;
        }
        stored.push(result);
        for (const rule of rules) gathered.add(rule, result);
      }
      const last = this.#segments.link(links, recordedMs);
      this.#judging.add(gathered, recordedMs);
      this.#measures.stored(stored, recordedMs);
      return { count: links.length, end: last };
    });
    if (count > 0 && end !== null)
      this.#noted.note({ identity: this.identity, seq: end.lastSeq, head: end.head, recordedMs });
    return count;
  }

  /** @param recordedMs as for {@link append}. @throws LedgerError */
  recordEvents(events: readonly LedgerEvent[], recordedMs = 0): void {
    this.#write(() => events.forEach((event) => records.insertEvent(this.#sql, event, recordedMs)));
  }

  /** When the newest results and events were stored, wall-clock ms; 0: nothing is there of which that is known. */
  recordedMs(): number {
    return this.#sql.read(() => records.newestRecord(this.#sql));
  }

  segments(query: SegmentQuery): readonly Segment[] {
    return this.#sql.read(() => this.#segments.select(query));
  }

  /** Stored results, in the order of the chain. */
  chained(afterSeq: number, lastSeq: number, limit = PAGE): readonly Chained[] {
    return this.#sql.read(() => this.#segments.chained(afterSeq, lastSeq, limit));
  }

  /** The same as cells, for who walks through all of them: see `ChainedRun`. */
  links(afterSeq: number, lastSeq: number, limit = LINKS): readonly (readonly Cell[])[] {
    return this.#sql.read(() => [...this.#segments.links(afterSeq, lastSeq, limit)]);
  }

  /** @throws LedgerError */
  recordBudgets(points: readonly BudgetPoint[]): void {
    this.#write(() => {
      points.forEach((point) => records.insertBudget(this.#sql, point));
      this.#measures.recorded(points);
    });
  }

  /** @throws LedgerError */
  intendOrder(order: OrderIntent): void {
    this.#write(() => records.insertOrder(this.#sql, order));
  }

  /** @throws LedgerError */
  closeOrder(clientOrderId: string, how: string, atMs: number): void {
    this.#write(() => records.closeOrder(this.#sql, clientOrderId, how, atMs));
  }

  openOrders(): readonly OrderIntent[] {
    return records.selectOpenOrders(this.#sql);
  }

  ordersSince(fromMs: number): readonly OrderRecord[] {
    return records.selectOrdersSince(this.#sql, fromMs);
  }

  tallies(query: TallyQuery): readonly TallyRow[] {
    try {
      return this.#judging.tallies(query);
    } catch (error) {
      throw explain(error, this.#sql.path);
    }
  }

  /** One moment's answer, whoever writes meanwhile. @throws LedgerError */
  rollups(query: RollupQuery): RollupAnswer {
    return this.#sql.read(() => this.#judging.rollups(query));
  }

  page(query: ResultQuery, start: PageStart | null, limit = PAGE): ResultPage {
    return this.#results.page(query, start, limit);
  }

  *results(query: ResultQuery): Iterable<Result> {
    let start: PageStart | null = null;
    do {
      const page: ResultPage = this.page(query, start);
      yield* page.results;
      start = page.next;
    } while (start !== null);
  }

  events(query: EventQuery): readonly LedgerEvent[] {
    return records.selectEvents(this.#sql, query);
  }

  budgets(query: BudgetQuery): readonly BudgetPoint[] {
    if (query.most !== undefined) return this.#measures.budgets(query, query.most);
    return records.selectBudgets(this.#sql, query);
  }

  /** Roll-ups of what reports read, by the page. @throws LedgerError */
  measures(query: MeasureQuery, startMs: number | null): MeasurePage {
    return this.#measures.page(query, startMs);
  }

  /** Makes some more of them. @param nowMs the present, wall-clock ms; null: nobody can vouch for it. @throws LedgerError */
  measureSlice(nowMs: number | null): Slice {
    return this.#measures.slice(nowMs);
  }

  /** What a follower has not been given yet of a stream, as lines of InfluxDB's line protocol; or what comes `after` a position. */
  pending(stream: OutboxStream, { name, ...by }: OutboxFollower, limit: number, after?: number): OutboxPage {
    return pendingLines(this.#sql, stream, { position: after ?? this.position(name), limit, ...by });
  }

  /** Up to where a follower has been given a stream. */
  position(name: string): number {
    return records.cursor(this.#sql, name);
  }

  /** How much a follower has not been given yet of a stream. */
  waiting(stream: OutboxStream, name: string): Waiting {
    return waitingRows(this.#sql, stream, records.cursor(this.#sql, name));
  }

  /** Under which location this ledger's records are shipped to a place: the first that was asked for, for ever. @throws LedgerError */
  shipAs(place: string, location: string): string {
    const key = `ships to ${place} as`;
    return this.#write(() => {
      if (this.#sql.meta(key) === null) this.#sql.setMeta(key, location);
      return this.#sql.meta(key) ?? location;
    });
  }

  /**
   * Without waiting for the disk, which a follower would do at each of its batches: after a power cut a cursor may stand where
   * it stood before, and what comes after it is served again. @throws LedgerError
   */
  advance(name: string, position: number): void {
    this.#sql.writeSoon(() => records.advance(this.#sql, name, position));
  }

  /** A small piece of what a ledger needs that grows, if there is any: roll-ups first, then what is too old leaves. @throws LedgerError */
  upkeep(order: UpkeepOrder, monotonicMs: () => number): UpkeepDone {
    if (this.measureSlice(order.nowMs) === 'worked') return { what: 'measured', count: 1 };
    this.#upkeep ??= new Upkeep(this.#sql, this.stepMs, monotonicMs, this.#measures);
    return this.#upkeep.slice(order);
  }

  /** Counts stretches anew whose tallies are not what their results say. @throws LedgerError */
  countAgain(id: string, within: readonly Stretch[]): void {
    this.#write(() => this.#judging.countAgain(id, within));
  }

  close(): void {
    this.#noted.close();
    if (this.#sql.db.isOpen) this.#sql.db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write<T>(work: () => T): T {
    try {
      return this.#sql.write(work);
    } catch (error) {
      this.#results.forget();
      this.#judging.forget();
      throw error;
    }
  }

  /** To be judged by from now on. Those in use may wait to be judged again, since the schema moved on. */
  #adopt({ objectives, ...at }: LedgerOptions): void {
    if (!this.#sql.readOnly) {
      const rules = objectives === undefined ? this.#judging.active() : this.#judging.held(objectives, at);
      this.#write(() => this.#judging.adopt(rules));
    } else if (objectives !== undefined) this.#judging.adoptInMemory(this.#judging.held(objectives, at));
  }

  /** That results had been stored which are not there any more. @param isNew a record begins in the file */
  #sayGone(noted: Noted | null, isNew: boolean, nowMs: number | undefined): void {
    // A ledger that was killed before its -wal was ever moved into it has its very identity there.
    const gone = goneSince(noted, isNew ? (noted?.identity ?? '') : this.identity, this.#segments.lastSeq());
    if (gone === null) return;
    const text = this.#write(() => noteGone(this.#sql, gone, isNew, nowMs));
    this.notices.push(
      `ledger ${this.path}: ${text}: if the newer file is somewhere, with its -wal, end this and let store.ledger name it`,
    );
  }
}
