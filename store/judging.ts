/**
 * What a ledger judges results by, and the tallies that come of it. What writes is for inside a transaction of the ledger's:
 * a result and its share in every tally are one.
 */
import { withHistory } from '../slo/target-history.ts';
import { expiredThroughSeq, wholeFromMs } from './expired.ts';
import type { Rule } from './judge.ts';
import { noteKept, noteUnjudged } from './notes.ts';
import { selectEvents } from './record-tables.ts';
import type { ResultTable } from './result-table.ts';
import type { Result } from './result.ts';
import { RuleTable, type Stretch, type VersionedRule } from './rules.ts';
import { TEMP_TALLIES } from './schema.ts';
import type { SegmentTable } from './segment-table.ts';
import type { Sql } from './sql.ts';
import type { ChangedHours, Mark, RollupAnswer, RollupQuery, TallyQuery, TallyRow } from './store.ts';
import { TallyTable, gatherAll, type Gathered } from './tally-table.ts';
import { targetRecords } from './target-records.ts';

export interface JudgingParts {
  readonly sql: Sql;
  readonly results: ResultTable;
  readonly segments: SegmentTable;
  readonly stepMs: number;
  /** Takes what the ledger's owner should know, a line each. */
  readonly notices: string[];
}

/** As of when limits are looked up. */
export interface HeldAt {
  /** From when on a change of limit holds that is not on record yet, wall-clock ms. Default: not before it is. */
  readonly nowMs?: number;
  /** What went on record of targets after this moment is not known, wall-clock ms. Default: all is. */
  readonly knownMs?: number;
}

/** Rows written since a follower looked last, beyond which it had better read everything again. */
const MOST_CHANGES = 20_000;

export class Judging {
  readonly #sql: Sql;
  readonly #results: ResultTable;
  readonly #segments: SegmentTable;
  readonly #stepMs: number;
  readonly #notices: string[];
  readonly #rules: RuleTable;
  readonly #tallies: TallyTable;
  /** As of when it was opened: steps before have lost results, and keep what was counted of them. */
  readonly #wholeFromMs: number;
  /** Objectives that a read-only ledger judges for itself, in memory, because it was opened with other definitions. */
  readonly #own = new Map<string, TallyTable>();
  #active: readonly Rule[] = [];
  #generation = '';
  #revision = 0n;

  constructor({ sql, results, segments, stepMs, notices }: JudgingParts) {
    this.#sql = sql;
    this.#results = results;
    this.#segments = segments;
    this.#stepMs = stepMs;
    this.#notices = notices;
    this.#rules = new RuleTable(sql.db);
    this.#tallies = new TallyTable(sql.db, 'main', stepMs);
    this.#wholeFromMs = wholeFromMs(sql, stepMs);
  }

  /** What the ledger was last opened with. */
  active(): readonly Rule[] {
    return this.#rules.active();
  }

  /** The same, read again only where another process may have opened the ledger with other objectives meanwhile. */
  current(): readonly Rule[] {
    const generation = this.#sql.meta('generation') ?? '0';
    if (generation !== this.#generation) {
      this.#active = this.#rules.active();
      this.#generation = generation;
    }
    return this.#active;
  }

  /** A transaction came to nothing: what was read in it may not be there. */
  forget(): void {
    this.#generation = '';
  }

  /** With the limits that were, are and will be in force: a newer one never judges the past. */
  held(objectives: readonly VersionedRule[], { nowMs = Number.POSITIVE_INFINITY, knownMs }: HeldAt): readonly Rule[] {
    const known = knownMs === undefined ? {} : { recordedBefore: knownMs + 1 };
    const records = targetRecords(selectEvents(this.#sql, { kind: 'target', ...known }));
    return objectives.map(({ id, sli, weighing, split, probes, target = '', versions }) => {
      const promised = { sli, target, ...(versions === undefined ? {} : { versions }) };
      const { sli: held } = withHistory(promised, records.get(id) ?? [], { stepMs: this.#stepMs, nowMs });
      return { id, sli: held, weighing, split, probes };
    });
  }

  /** Judges by these from now on, and anew what was judged by others. */
  adopt(objectives: readonly Rule[]): void {
    const lastSeq = this.#segments.lastSeq();
    this.#numbered(() => {
      for (const { rule, afterSeq, within } of this.#rules.changes(objectives)) {
        const kept = noteKept(this.#sql, rule, within, this.#wholeFromMs, this.#tallies);
        if (kept !== null) this.#notices.push(kept);
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
  }

  /** The same for who only reads: in memory, and only what differs. */
  adoptInMemory(objectives: readonly Rule[]): void {
    const changes = this.#rules.changes(objectives);
    if (changes.length === 0) return;
    this.#sql.db.exec(TEMP_TALLIES);
    const own = new TallyTable(this.#sql.db, 'temp', this.#stepMs);
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

  /** Adds what new results came to. @param recordedMs as for `Ledger.append` */
  add(gathered: Gathered, recordedMs: number): void {
    if (gathered.steps.length > 0) this.#numbered(() => this.#keep(gathered, this.#tallies, recordedMs));
  }

  /** Counts stretches anew whose tallies are not what their results say. */
  countAgain(id: string, within: readonly Stretch[]): void {
    const rule = this.#rules.active().find((each) => each.id === id);
    if (rule === undefined) return;
    this.#numbered(() => within.forEach((stretch) => this.#judgeStretch(rule, stretch, this.#tallies)));
  }

  tallies(query: TallyQuery): readonly TallyRow[] {
    return this.#tableOf(query.objective).query(query);
  }

  rollups({ reads, since }: RollupQuery): RollupAnswer {
    const mark = { identity: this.#sql.meta('identity') ?? '', revision: Number(this.#sql.meta('revision') ?? '0') };
    const changed = this.#changedSince(since, mark);
    return { mark, changed, rows: reads.map((read) => this.#tableOf(read.objective).rollups.read(read)) };
  }

  #tableOf(objective: string): TallyTable {
    return this.#own.get(objective) ?? this.#tallies;
  }

  #changedSince(since: Mark | null, mark: Mark): readonly ChangedHours[] | null {
    if (since === null) return [];
    if (since.identity !== mark.identity || since.revision > mark.revision || this.#own.size > 0) return null;
    if (since.revision === mark.revision) return [];
    const written = this.#tallies.writtenSince(since.revision, MOST_CHANGES);
    return written && [...written].map(([objective, steps]) => this.#tallies.rollups.changed(objective, steps));
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

  /** Judges results by `rule`. Memory is bounded whatever the ledger's length. @param isMeant the steps to count */
  #rebuild(rule: Rule, results: Iterable<Result>, into: TallyTable, isMeant: (atMs: number) => boolean): void {
    for (const gathered of gatherAll(rule, results, { stepMs: this.#stepMs, isMeant })) this.#keep(gathered, into);
  }

  #keep(gathered: Gathered, into: TallyTable, recordedMs = 0): void {
    into.add(gathered, this.#nextRevision);
    if (!this.#sql.readOnly) noteUnjudged(this.#sql, gathered, recordedMs);
  }

  /** Every tally row that `work` writes gets a revision that no row has ever had. */
  #numbered(work: () => void): void {
    this.#revision = BigInt(this.#sql.meta('revision') ?? '0');
    work();
    this.#sql.setMeta('revision', String(this.#revision));
  }

  #nextRevision = (): bigint => {
    this.#revision += 1n;
    return this.#revision;
  };
}
