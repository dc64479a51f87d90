/**
 * The source of truth on this machine: one SQLite file. Synchronous; `open.ts` runs it in a thread of its own, so that
 * the disk never stalls a measurement. A result and its share in every tally are one transaction: a kill cannot part them.
 */
import type { OrderIntent } from '../probes/probe.ts';
import type { Objective } from '../slo/objective.ts';
import { withHistory } from '../slo/target-history.ts';
import { isEmpty, openDatabase } from './database.ts';
import type { DatabaseOptions } from './database.ts';
import type { Link } from './chain.ts';
import type { Rule } from './judge.ts';
import { LastNoted, goneSince, goneText, lastNoted, type Noted } from './last-noted.ts';
import { adoptIdentity, adoptStep } from './made-with.ts';
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
import { RuleTable, ruleHash, type Stretch } from './rules.ts';
import { SegmentTable } from './segment-table.ts';
import { TEMP_TALLIES } from './schema.ts';
import { Sql } from './sql.ts';
import type {
  BudgetPoint,
  BudgetQuery,
  Chained,
  ChangedHours,
  EventQuery,
  LedgerEvent,
  Mark,
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
import { Gathered, TallyTable, gatherAll } from './tally-table.ts';
import { targetRecords } from './target-records.ts';
import { expiredThroughMs, expiredThroughSeq, wholeFromMs } from './expired.ts';
import { Upkeep, type UpkeepDone, type UpkeepOrder } from './upkeep.ts';

export interface LedgerOptions extends DatabaseOptions {
  /** Length of a tally step, ms; a ledger keeps the one it was made with. Default: whatever the ledger has, or a minute. */
  readonly stepMs?: number;
  /** The objectives to judge by from now on. Default: those that the ledger was last opened with. */
  readonly objectives?: readonly VersionedRule[];
  /** From when on a change of limit holds that is not on record yet, wall-clock ms. Default: not before it is. */
  readonly nowMs?: number;
  /** Whoever only reads sees one state of the ledger for as long as it is open, whoever writes meanwhile. */
  readonly snapshot?: boolean;
  /** What went on record of targets after this moment is not known, wall-clock ms. Default: all is. */
  readonly knownMs?: number;
}

/** A rule whose limit may have versions. */
export type VersionedRule = Rule & Partial<Pick<Objective, 'target' | 'versions'>>;

const PAGE = 500;
/** Links of the chain in one answer: few enough that they are garbage before the collector comes. */
const LINKS = 100;
/** Rows written since a follower looked last, beyond which it had better read everything again. */
const MOST_CHANGES = 20_000;

export class Ledger implements Disposable {
  readonly stepMs: number;
  /** Given to the file when it was made; '' for one that was only ever read since. */
  readonly identity: string;
  readonly #sql: Sql;
  readonly #results: ResultTable;
  readonly #segments: SegmentTable;
  readonly #noted: LastNoted;
  /** As of when it was opened: steps before have lost results, and keep what was counted of them. */
  readonly #wholeFromMs: number;
  readonly #rules: RuleTable;
  readonly #tallies: TallyTable;
  readonly #measures: Measures;
  /** Objectives that a read-only ledger judges for itself, in memory, because it was opened with other definitions. */
  readonly #own = new Map<string, TallyTable>();
  /** What opening it did that its owner should know, a line each. */
  readonly notices: string[] = [];
  #upkeep: Upkeep | null = null;
  #active: readonly Rule[] = [];
  #generation = '';
  #revision = 0n;

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
      this.#sql = new Sql(db, options.path, options.readOnly ?? false);
      if (options.snapshot === true && options.readOnly === true) this.#sql.pin();
      this.stepMs = adoptStep(this.#sql, options.stepMs);
      const isNew = this.#sql.meta('identity') === null;
      this.identity = adoptIdentity(this.#sql);
      this.#results = new ResultTable(this.#sql);
      this.#segments = new SegmentTable(db);
      this.#noted = new LastNoted(options.path);
      this.#sayGone(noted, isNew, options.nowMs);
      this.#wholeFromMs = wholeFromMs(this.#sql, this.stepMs);
      this.#rules = new RuleTable(db);
      this.#tallies = new TallyTable(db, 'main', this.stepMs);
      const rules = (): readonly Rule[] => this.#rules.active();
      this.#measures = new Measures({ sql: this.#sql, results: this.#results, stepMs: this.stepMs, rules });
      if (options.objectives !== undefined) this.#adopt(this.#held(options.objectives, options));
      // Those in use may wait to be judged again, since the schema moved on.
      else if (!this.#sql.readOnly) this.#adopt(this.#rules.active());
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
      this.#loadRules();
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
          this.#sayUncounted(result, goneMs, recordedMs);
          continue;
        }
        stored.push(result);
        for (const rule of this.#active) gathered.add(rule, result);
      }
      const last = this.#segments.link(links, recordedMs);
      if (gathered.steps.length > 0) this.#numbered(() => this.#keep(gathered, this.#tallies, recordedMs));
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
      return (this.#own.get(query.objective) ?? this.#tallies).query(query);
    } catch (error) {
      throw explain(error, this.#sql.path);
    }
  }

  /** One moment's answer, whoever writes meanwhile. @throws LedgerError */
  rollups({ reads, since }: RollupQuery): RollupAnswer {
    return this.#sql.read(() => {
      const mark = { identity: this.#sql.meta('identity') ?? '', revision: Number(this.#sql.meta('revision') ?? '0') };
      const changed = this.#changedSince(since, mark);
      const rows = reads.map((read) => (this.#own.get(read.objective) ?? this.#tallies).rollups.read(read));
      return { mark, rows, changed };
    });
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
    const rule = this.#rules.active().find((each) => each.id === id);
    if (rule === undefined) return;
    this.#write(() =>
      this.#numbered(() => within.forEach((stretch) => this.#judgeStretch(rule, stretch, this.#tallies))),
    );
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
      this.#generation = '';
      throw error;
    }
  }

  /** With the limits that were, are and will be in force: a newer one never judges the past. */
  #held(
    objectives: readonly VersionedRule[],
    { nowMs = Number.POSITIVE_INFINITY, knownMs }: Pick<LedgerOptions, 'nowMs' | 'knownMs'>,
  ): readonly Rule[] {
    const known = knownMs === undefined ? {} : { recordedBefore: knownMs + 1 };
    const records = targetRecords(this.events({ kind: 'target', ...known }));
    return objectives.map(({ id, sli, weighing, split, probes, target = '', versions }) => {
      const promised = { sli, target, ...(versions === undefined ? {} : { versions }) };
      const held = withHistory(promised, records.get(id) ?? [], { stepMs: this.stepMs, nowMs });
      return { id, sli: held.sli, weighing, split, probes };
    });
  }

  #changedSince(since: Mark | null, mark: Mark): readonly ChangedHours[] | null {
    if (since === null) return [];
    if (since.identity !== mark.identity || since.revision > mark.revision || this.#own.size > 0) return null;
    if (since.revision === mark.revision) return [];
    const written = this.#tallies.writtenSince(since.revision, MOST_CHANGES);
    return written && [...written].map(([objective, steps]) => this.#tallies.rollups.changed(objective, steps));
  }

  #adopt(objectives: readonly Rule[]): void {
    if (this.#sql.readOnly) {
      this.#judgeInMemory(objectives);
      return;
    }
    this.#write(() => {
      const lastSeq = this.#segments.lastSeq();
      this.#numbered(() => {
        for (const { rule, afterSeq, within } of this.#rules.changes(objectives)) {
          this.#sayKept(rule, within);
          if (within !== null) this.#judgeAgain(rule, within, this.#tallies);
          else {
            // All that came while it was out of use may still be there, whatever has expired before.
            const isWhole = afterSeq !== null && expiredThroughSeq(this.#sql) <= afterSeq ? () => true : this.#isWhole;
            if (afterSeq === null) this.#tallies.clear(rule.id, this.#nextRevision, isWhole);
            this.#rebuild(rule, this.#results.storedAfter(afterSeq ?? 0, rule.probes), this.#tallies, isWhole);
          }
        }
      });
      if (this.#rules.use(objectives, lastSeq)) {
        this.#sql.setMeta('generation', String(Number(this.#sql.meta('generation') ?? '0') + 1));
      }
    });
  }

  #judgeInMemory(objectives: readonly Rule[]): void {
    const changes = this.#rules.changes(objectives);
    if (changes.length === 0) return;
    this.#sql.db.exec(TEMP_TALLIES);
    const own = new TallyTable(this.#sql.db, 'temp', this.stepMs);
    for (const { rule, within } of changes) {
      if (within !== null) {
        if (!within.some((stretch) => this.#tallies.has(rule.id, stretch))) continue;
        own.copy(rule.id, 'main');
        this.#judgeAgain(rule, within, own);
      } else {
        if (Number.isFinite(this.#wholeFromMs)) {
          own.copy(rule.id, 'main');
          own.clear(rule.id, this.#nextRevision, this.#isWhole);
        }
        this.#rebuild(rule, this.#results.storedAfter(0, rule.probes), own, this.#isWhole);
      }
      this.#own.set(rule.id, own);
    }
  }

  /** The steps of some stretches, by a rule that differs there: what was counted elsewhere stays. */
  #judgeAgain(rule: Rule, within: readonly Stretch[], into: TallyTable): void {
    for (const stretch of within) if (into.has(rule.id, stretch)) this.#judgeStretch(rule, stretch, into);
  }

  #judgeStretch(rule: Rule, stretch: Stretch, into: TallyTable): void {
    const fromMs = Math.max(stretch.fromMs, this.#wholeFromMs);
    const isMeant = (atMs: number): boolean => atMs >= fromMs && atMs < stretch.toMs;
    into.clear(rule.id, this.#nextRevision, isMeant);
    this.#rebuild(rule, this.#results.near(stretch, rule.probes), into, isMeant);
  }

  #isWhole = (atMs: number): boolean => atMs >= this.#wholeFromMs;

  /** That a definition judges only what still has its results. */
  #sayKept(rule: Rule, within: readonly Stretch[] | null): void {
    const fromMs = this.#wholeFromMs;
    if (!Number.isFinite(fromMs) || within?.every((stretch) => stretch.fromMs >= fromMs) === true) return;
    const from = new Date(fromMs).toISOString();
    const text = this.#tallies.has(rule.id, { fromMs: -Infinity, toMs: fromMs })
      ? `${rule.id} is judged anew from ${from} on; the results of before have expired, and what was counted of them stays as it was judged then`
      : `${rule.id} counts from ${from} on, because the results of before have expired`;
    this.notices.push(text);
    const id = `kept/${rule.id}/${ruleHash(rule).slice(0, 16)}/${fromMs}`;
    const body = { fromMs, text };
    records.insertEvent(this.#sql, { id, atMs: fromMs, kind: 'note', service: null, subject: rule.id, body }, 0);
  }

  /** That results had been stored which are not there any more: on record before others take their numbers. */
  #sayGone(noted: Noted | null, isNew: boolean, nowMs: number = Number.NaN): void {
    // A ledger that was killed before its -wal was ever moved into it has its very identity there.
    const gone = goneSince(noted, isNew ? (noted?.identity ?? '') : this.identity, this.#segments.lastSeq());
    if (gone === null) return;
    const text = isNew ? `a new record begins, and of the one before it ${goneText(gone)}` : goneText(gone);
    this.notices.push(
      `ledger ${this.path}: ${text}: if the newer file is somewhere, with its -wal, end this and let store.ledger name it`,
    );
    const id = `gone/${gone.firstSeq}-${gone.lastSeq}/${gone.head.slice(0, 16)}`;
    const recordedMs = Number.isFinite(nowMs) ? Math.floor(nowMs) : 0;
    const event = { id, atMs: gone.recordedMs, service: null, subject: 'results', body: { ...gone, text } };
    this.#write(() => records.insertEvent(this.#sql, { ...event, kind: 'note' }, recordedMs));
  }

  /** Whether it had been counted before can no longer be known: its time has expired. Said once a probe and expiry. */
  #sayUncounted({ probe, service, runId, scheduledMs }: Result, goneMs: number, recordedMs: number): void {
    const detail = `came when the results of its time, up to ${new Date(goneMs).toISOString()}, had expired: stored, and not counted`;
    const body = { probe, runId, detail };
    const id = `uncounted/${probe}/${goneMs}`;
    records.insertEvent(this.#sql, { id, atMs: scheduledMs, kind: 'note', service, subject: probe, body }, recordedMs);
  }

  /** Judges results by `rule`. Memory is bounded whatever the ledger's length. @param isMeant the steps to count */
  #rebuild(
    rule: Rule,
    results: Iterable<Result>,
    into: TallyTable,
    isMeant: (atMs: number) => boolean = () => true,
  ): void {
    for (const gathered of gatherAll(rule, results, { stepMs: this.stepMs, isMeant })) this.#keep(gathered, into);
  }

  #keep(gathered: Gathered, into: TallyTable, recordedMs = 0): void {
    into.add(gathered, this.#nextRevision);
    if (this.#sql.readOnly) return;
    // A reading that cannot be judged is a fault of ours; it is said once for each objective and probe.
    for (const { objective, result, problem } of gathered.unjudged) {
      const { probe, runId, service, scheduledMs } = result;
      const id = `unjudged/${objective}/${probe}/${problem.code}`;
      const body = { probe, runId, code: problem.code, detail: problem.detail };
      records.insertEvent(
        this.#sql,
        { id, atMs: scheduledMs, kind: 'note', service, subject: objective, body },
        recordedMs,
      );
    }
  }

  /** Inside a transaction: every tally row that `work` writes gets a revision that no row has ever had. */
  #numbered(work: () => void): void {
    this.#revision = BigInt(this.#sql.meta('revision') ?? '0');
    work();
    this.#sql.setMeta('revision', String(this.#revision));
  }

  #nextRevision = (): bigint => {
    this.#revision += 1n;
    return this.#revision;
  };

  /** Another process may have opened the ledger with other objectives: what it judges by is in the ledger itself. */
  #loadRules(): void {
    const generation = this.#sql.meta('generation') ?? '0';
    if (generation === this.#generation) return;
    this.#active = this.#rules.active();
    this.#generation = generation;
  }
}
