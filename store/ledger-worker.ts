/** The thread that keeps a ledger: SQLite waits for the disk here, never on the loop that measures. */
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { withLastGood } from './last-good.ts';
import { LedgerError } from './ledger-error.ts';
import { Ledger } from './ledger.ts';
import type { LedgerOptions } from './ledger.ts';
import type { Result } from './result.ts';
import { toFailure } from './thread.ts';
import type { Calls, Failure, Reply, Request } from './thread.ts';

type Groups = readonly (readonly Result[])[];

function appendGroups(ledger: Ledger, groups: Groups, recordedMs: number): readonly (Failure | null)[] {
  try {
    ledger.append(groups.flat(), recordedMs);
    return groups.map(() => null);
  } catch (error) {
    // A disk that fails, fails for all of them. A result that cannot be stored is nobody else's fault.
    if (error instanceof LedgerError || groups.length === 1) return groups.map(() => failureOf(error));
    return groups.flatMap((group) => appendGroups(ledger, [group], recordedMs));
  }
}

function callsOf(ledger: Ledger): Calls {
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
    pending: (stream, follower, limit) => ledger.pending(stream, follower, limit),
    segments: (query) => ledger.segments(query),
    chained: (afterSeq, lastSeq, limit) => ledger.chained(afterSeq, lastSeq, limit),
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

function failureOf(error: unknown): Failure {
  if (!(error instanceof LedgerError) || error.code !== 'corrupt') return toFailure(error);
  damaged ??= withLastGood(error);
  return toFailure(damaged);
}

function serve(options: LedgerOptions): void {
  const reply = (message: Reply): void => parentPort?.postMessage(message, []);
  let ledger: Ledger;
  try {
    ledger = new Ledger(options);
  } catch (error) {
    reply({ id: 0, failure: failureOf(error) });
    return;
  }
  const calls = callsOf(ledger);
  parentPort?.on('message', ({ id, method, args }: Request) => {
    try {
      reply({ id, value: Reflect.apply(calls[method], calls, args) });
    } catch (error) {
      reply({ id, failure: failureOf(error) });
    }
    if (method === 'close') parentPort?.close();
  });
  reply({ id: 0 });
}

serve(workerData);
