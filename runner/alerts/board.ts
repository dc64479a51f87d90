/** What is wrong now, as all sources say it; changes are kept in the ledger before anybody hears of them. */
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import type { Alert, AlertBoard, AlertChange, AlertListener, Condition } from './alert.ts';
import { alertEvent, alertsOf, changesOf, sourceOf, standingAlerts, type Known } from './history.ts';

export interface BoardOptions {
  readonly store: Pick<StoreReader, 'events'>;
  readonly wallMs: () => number;
  readonly record: (event: LedgerEvent) => Promise<void>;
  /** Told in order; must not throw. */
  readonly listeners: readonly AlertListener[];
  readonly warn: (line: string) => void;
}

/**
 * A ledger that refuses keeps nobody from being told: such a change is heard at once, and offered to the ledger again
 * with the next one.
 */
export function createAlertBoard({ store, wallMs, record, listeners, warn }: BoardOptions): AlertBoard {
  /** Null: not yet read. */
  let known: Known | null = null;
  let unrecorded: LedgerEvent[] = [];
  let last: Promise<unknown> = Promise.resolve();

  /** One at a time: two reports of one source would each see the same edge. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function read(): Promise<Known> {
    known ??= alertsOf(await store.events({ kind: 'alert' }));
    return known;
  }

  async function keep(event: LedgerEvent): Promise<void> {
    const waiting = [...unrecorded, event];
    while (waiting.length > 0) {
      const [next] = waiting;
      if (next === undefined) break;
      try {
        await record(next);
      } catch (error) {
        if (unrecorded.length === 0) {
          warn(`alerts: a change could not be kept yet: ${error instanceof Error ? error.message : String(error)}`);
        }
        break;
      }
      waiting.shift();
    }
    unrecorded = waiting;
  }

  async function make(change: AlertChange, source: string): Promise<void> {
    const before = await read();
    const event = alertEvent(change, source);
    await keep(event);
    known = alertsOf([event], before);
    for (const listen of listeners) listen(change);
  }

  return {
    report: (source, conditions) =>
      inTurn(async () => {
        const changes = changesOf(await read(), source, conditions, Math.round(wallMs()));
        for (const change of changes) await make(change, source);
        known = refreshed(await read(), conditions);
      }),
    load: () => inTurn(async () => standingAlerts(await read())),
    standing: () => (known === null ? [] : standingAlerts(known)),
    resolve: (id, by) =>
      inTurn(async () => {
        const before = await read();
        const alert = standingAlerts(before).find((each) => each.id === id);
        if (alert === undefined) return null;
        const atMs = Math.round(wallMs());
        const resolved: Alert = { ...alert, resolved: { atMs, by } };
        await make({ type: 'resolved', alert: resolved, atMs }, sourceOf(before, id));
        return resolved;
      }),
  };
}

/** What a condition says goes on changing while it lasts; that alone is no news. */
function refreshed(known: Known, conditions: readonly Condition[]): Known {
  const now = new Map(conditions.map((condition) => [condition.key, condition]));
  return new Map(
    [...known].map(([key, entry]) => {
      const condition = now.get(key);
      if (condition === undefined || entry.alert.endedMs !== null) return [key, entry];
      const { says, lastBadAtMs } = condition;
      return [key, { ...entry, alert: { ...entry.alert, says, lastBadAtMs } }];
    }),
  );
}
