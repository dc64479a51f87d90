/** What a ledger puts on record by itself: `note` events, each once, for whoever asks later why a figure is what it is. */
import type { Rule } from './judge.ts';
import { goneText, type Gone } from './last-noted.ts';
import { insertEvent } from './record-tables.ts';
import type { Result } from './result.ts';
import { ruleHash, type Stretch } from './rules.ts';
import type { Sql } from './sql.ts';
import type { LedgerEvent } from './store.ts';
import type { Gathered, TallyTable } from './tally-table.ts';

function note(sql: Sql, event: Omit<LedgerEvent, 'kind'>, recordedMs: number): void {
  insertEvent(sql, { ...event, kind: 'note' }, recordedMs);
}

/**
 * That a definition judges only what still has its results.
 * @param within the stretches that are judged anew; null: everything. @returns the same in words; null: it judges everything
 */
export function noteKept(
  sql: Sql,
  rule: Rule,
  within: readonly Stretch[] | null,
  fromMs: number,
  tallies: TallyTable,
): string | null {
  if (!Number.isFinite(fromMs) || within?.every((stretch) => stretch.fromMs >= fromMs) === true) return null;
  const from = new Date(fromMs).toISOString();
  const text = tallies.has(rule.id, { fromMs: -Infinity, toMs: fromMs })
    ? `${rule.id} is judged anew from ${from} on; the results of before have expired, and what was counted of them stays as it was judged then`
    : `${rule.id} counts from ${from} on, because the results of before have expired`;
  const id = `kept/${rule.id}/${ruleHash(rule).slice(0, 16)}/${fromMs}`;
  note(sql, { id, atMs: fromMs, service: null, subject: rule.id, body: { fromMs, text } }, 0);
  return text;
}

/** A reading that cannot be judged is a fault of ours; it is said once for each objective and probe. */
export function noteUnjudged(sql: Sql, { unjudged }: Gathered, recordedMs: number): void {
  for (const { objective, result, problem } of unjudged) {
    const { probe, runId, service, scheduledMs } = result;
    const id = `unjudged/${objective}/${probe}/${problem.code}`;
    const body = { probe, runId, code: problem.code, detail: problem.detail };
    note(sql, { id, atMs: scheduledMs, service, subject: objective, body }, recordedMs);
  }
}

/** Whether it had been counted before can no longer be known: its time has expired. Said once a probe and expiry. */
export function noteUncounted(
  sql: Sql,
  { probe, service, runId, scheduledMs }: Result,
  goneMs: number,
  recordedMs: number,
): void {
  const detail = `came when the results of its time, up to ${new Date(goneMs).toISOString()}, had expired: stored, and not counted`;
  const id = `uncounted/${probe}/${goneMs}`;
  note(sql, { id, atMs: scheduledMs, service, subject: probe, body: { probe, runId, detail } }, recordedMs);
}

/** That results had been stored which are not there any more: on record before others take their numbers. @returns the same in words */
export function noteGone(sql: Sql, gone: Gone, isNew: boolean, nowMs: number = Number.NaN): string {
  const text = isNew ? `a new record begins, and of the one before it ${goneText(gone)}` : goneText(gone);
  const id = `gone/${gone.firstSeq}-${gone.lastSeq}/${gone.head.slice(0, 16)}`;
  const recordedMs = Number.isFinite(nowMs) ? Math.floor(nowMs) : 0;
  note(sql, { id, atMs: gone.recordedMs, service: null, subject: 'results', body: { ...gone, text } }, recordedMs);
  return text;
}
