/** The chain of the stored results, cut into segments whose heads are kept. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { FIRST_HEAD, SELECT_CHAINED, nextHead } from './chain.ts';
import type { Link } from './chain.ts';
import { number, text, toResult } from './rows.ts';
import type { Cell, Row } from './rows.ts';
import { SELECT_RESULTS } from './select-results.ts';
import type { Chained, Segment, SegmentQuery } from './store.ts';

const MOST_RESULTS = 10_000;
const LONGEST_MS = 3_600_000;

interface Standing {
  number: number;
  firstSeq: number;
  lastSeq: number;
  results: number;
  firstScheduledMs: number;
  lastScheduledMs: number;
  openedMs: number;
  previous: string;
  head: string;
}

export class SegmentTable {
  readonly #last: StatementSync;
  readonly #put: StatementSync;
  readonly #select: StatementSync;
  readonly #at: StatementSync;
  readonly #chained: StatementSync;
  readonly #cells: StatementSync;

  constructor(db: DatabaseSync) {
    this.#last = db.prepare('SELECT * FROM segments ORDER BY number DESC LIMIT 1');
    this.#put = db.prepare(
      `INSERT INTO segments (number, first_seq, opened_ms, previous, last_seq, results, first_scheduled_ms,
         last_scheduled_ms, closed_ms, head) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (number) DO UPDATE SET last_seq = excluded.last_seq, results = excluded.results,
         first_scheduled_ms = excluded.first_scheduled_ms, last_scheduled_ms = excluded.last_scheduled_ms,
         closed_ms = excluded.closed_ms, head = excluded.head`,
    );
    this.#select = db.prepare(
      'SELECT * FROM segments WHERE last_scheduled_ms >= ? AND first_scheduled_ms < ? ORDER BY number',
    );
    this.#at = db.prepare('SELECT * FROM segments WHERE number = ?');
    this.#chained = db.prepare(`${SELECT_RESULTS} WHERE r.seq > ? AND r.seq <= ? ORDER BY r.seq LIMIT ?`);
    this.#chained.setReadBigInts(true);
    this.#cells = db.prepare(`${SELECT_CHAINED} WHERE r.seq > ? AND r.seq <= ? ORDER BY r.seq LIMIT ?`);
    this.#cells.setReturnArrays(true);
  }

  /** The number of the last result that was ever stored, also when it is gone; 0 before the first. */
  lastSeq(): number {
    return this.#standing()?.lastSeq ?? 0;
  }

  /** Chains what the same transaction stores. @param recordedMs when, by the ledger's clock. @returns how it ends; null: empty */
  link(links: Iterable<Link>, recordedMs: number): Pick<Segment, 'lastSeq' | 'head'> | null {
    let last = this.#standing();
    for (const link of links) {
      if (last !== null && isFull(last, recordedMs)) {
        this.#write(last, recordedMs);
        last = begun(last, link, recordedMs);
      }
      last ??= begun(null, link, recordedMs);
      last.lastSeq = link.seq;
      last.results += 1;
      last.firstScheduledMs = Math.min(last.firstScheduledMs, link.scheduledMs);
      last.lastScheduledMs = Math.max(last.lastScheduledMs, link.scheduledMs);
      last.head = nextHead(last.head, link);
    }
    if (last !== null) this.#write(last, null);
    return last;
  }

  /** Those with a result that was due in a half-open stretch, in order. The last one is open. */
  select({ fromMs = -Infinity, toMs = Infinity }: SegmentQuery): readonly Segment[] {
    return this.#select.all(fromMs, toMs).map(toSegment);
  }

  at(which: number): Segment | null {
    const row = this.#at.get(which);
    return row === undefined ? null : toSegment(row);
  }

  /** What a segment's results, as they are stored now, hash to, and how many they are. */
  recomputed({ previous, firstSeq, lastSeq }: Segment): Pick<Segment, 'head' | 'results'> {
    let [head, results] = [previous, 0];
    for (const cells of this.links(firstSeq - 1, lastSeq, -1)) {
      head = nextHead(head, { cells });
      results += 1;
    }
    return { head, results };
  }

  /** Stored results in the order of the chain. */
  chained(afterSeq: number, lastSeq: number, limit: number): readonly Chained[] {
    const found: Chained[] = [];
    for (const row of this.#chained.iterate(afterSeq, lastSeq, limit))
      found.push({ seq: number(row, 'seq'), result: toResult(row) });
    return found;
  }

  /** What of them is hashed, cell by cell. */
  *links(afterSeq: number, lastSeq: number, limit: number): Iterable<readonly Cell[]> {
    for (const row of this.#cells.iterate(afterSeq, lastSeq, limit)) {
      if (!Array.isArray(row)) throw new TypeError('a row that was asked for as an array is none');
      yield row;
    }
  }

  #standing(): Standing | null {
    const row = this.#last.get();
    return row === undefined ? null : { ...toSegment(row), openedMs: number(row, 'opened_ms') };
  }

  #write(segment: Standing, closedMs: number | null): void {
    this.#put.run(
      segment.number,
      segment.firstSeq,
      segment.openedMs,
      segment.previous,
      segment.lastSeq,
      segment.results,
      segment.firstScheduledMs,
      segment.lastScheduledMs,
      closedMs,
      segment.head,
    );
  }
}

/** Whether the next result begins another one. A clock that was set back by an hour ends it as well. */
function isFull({ results, openedMs }: Standing, recordedMs: number): boolean {
  return results >= MOST_RESULTS || Math.abs(recordedMs - openedMs) >= LONGEST_MS;
}

function begun(before: Standing | null, { seq, scheduledMs }: Link, openedMs: number): Standing {
  const previous = before?.head ?? FIRST_HEAD;
  return {
    number: (before?.number ?? 0) + 1,
    firstSeq: seq,
    lastSeq: seq,
    results: 0,
    firstScheduledMs: scheduledMs,
    lastScheduledMs: scheduledMs,
    openedMs,
    previous,
    head: previous,
  };
}

function toSegment(row: Row): Segment {
  return {
    number: number(row, 'number'),
    firstSeq: number(row, 'first_seq'),
    lastSeq: number(row, 'last_seq'),
    results: number(row, 'results'),
    firstScheduledMs: number(row, 'first_scheduled_ms'),
    lastScheduledMs: number(row, 'last_scheduled_ms'),
    closedMs: row['closed_ms'] === null ? null : number(row, 'closed_ms'),
    previous: text(row, 'previous'),
    head: text(row, 'head'),
    expiredMs: row['expired_ms'] === null ? null : number(row, 'expired_ms'),
  };
}
