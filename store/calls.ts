/** What a ledger can be asked, as the store asks it: from its thread, or in a process that has nothing else to do. */
import { performance } from 'node:perf_hooks';
import { fromCrossing } from './crossing.ts';
import type { Crossing } from './crossing.ts';
import { withLastGood } from './last-good.ts';
import { LedgerError } from './ledger-error.ts';
import type { Ledger } from './ledger.ts';
import { explain } from './sqlite-error.ts';
import { toFailure, type Calls, type Failure } from './thread.ts';

type Groups = readonly (readonly Crossing[])[];

function appendGroups(ledger: Ledger, groups: Groups, recordedMs: number): readonly (Failure | null)[] {
  try {
    ledger.append(groups.flat().map(fromCrossing), recordedMs);
    return groups.map(() => null);
  } catch (error) {
    // A disk that fails, fails for all of them. A result that cannot be stored is nobody else's fault.
    if (error instanceof LedgerError || groups.length === 1) return groups.map(() => failureOf(error, ledger.path));
    return groups.flatMap((group) => appendGroups(ledger, [group], recordedMs));
  }
}

/** All of it, on a ledger that is open. */
export function callsOf(ledger: Ledger): Calls {
  return {
    appendGroups: (groups, recordedMs) => appendGroups(ledger, groups, recordedMs),
    recordEvents: (events, recordedMs) => ledger.recordEvents(events, recordedMs),
    recordBudgets: (points) => ledger.recordBudgets(points),
    intendOrder: (order) => ledger.intendOrder(order),
    closeOrder: (id, how, atMs) => ledger.closeOrder(id, how, atMs),
    openOrders: () => ledger.openOrders(),
    ordersSince: (fromMs) => ledger.ordersSince(fromMs),
    tallies: (query) => ledger.tallies(query),
    rollups: (query) => ledger.rollups(query),
    page: (query, start, limit) => ledger.page(query, start, limit),
    events: (query) => ledger.events(query),
    budgets: (query) => ledger.budgets(query),
    measures: (query, startMs) => ledger.measures(query, startMs),
    segments: (query) => ledger.segments(query),
    chained: (afterSeq, lastSeq, limit) => ledger.chained(afterSeq, lastSeq, limit),
    links: (afterSeq, lastSeq, limit) => ledger.links(afterSeq, lastSeq, limit),
    advance: (name, position) => ledger.advance(name, position),
    waiting: (stream, name) => ledger.waiting(stream, name),
    shipAs: (place, location) => ledger.shipAs(place, location),
    recordedMs: () => ledger.recordedMs(),
    upkeep: (order) => ledger.upkeep(order, () => performance.now()),
    identity: () => ledger.identity,
    notices: () => ledger.notices,
    close: () => ledger.close(),
  };
}

/** A ledger is damaged once; what is left of it is looked for once. */
let damaged: unknown = null;

/** What went wrong, with what is left where the file is damaged. @param path of the ledger */
export function troubleOf(caught: unknown, path: string): unknown {
  const error = explain(caught, path);
  if (!(error instanceof LedgerError) || error.code !== 'corrupt') return error;
  damaged ??= withLastGood(error);
  return damaged;
}

export function failureOf(error: unknown, path: string): Failure {
  return toFailure(troubleOf(error, path));
}
