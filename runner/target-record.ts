/** What the configuration says of its targets goes on record, once a change, so that no later one judges the past anew. */
import type { Objective } from '../slo/objective.ts';
import { versionsOf } from '../slo/target-history.ts';
import type { TimeBase } from '../slo/time-base.ts';
import type { LedgerEvent } from '../store/store.ts';
import { changedOf } from '../store/target-records.ts';

/** @param recorded events of the kind `target`, ascending by time. @returns what is not on record yet */
export function targetEvents(
  objectives: readonly Objective[],
  recorded: readonly LedgerEvent[],
  base: TimeBase,
  nowMs: number,
): readonly LedgerEvent[] {
  const last = new Map(recorded.map(({ subject, body }) => [subject, body]));
  return objectives.flatMap((objective): readonly LedgerEvent[] => {
    const { id, service, minEvents, burn = null } = objective;
    const windowMs = objective.windowMs * base.scale;
    const said = { versions: versionsOf(objective), windowMs, minEvents, burn };
    const before = last.get(id);
    const changed = Object.entries(said).flatMap(([name, value]) =>
      before !== undefined && JSON.stringify(before[name]) === JSON.stringify(value) ? [] : [name],
    );
    if (changed.length === 0) return [];
    const body = { ...said, changed: before === undefined ? [] : changed };
    return [{ id: `target/${id}/${nowMs}`, atMs: nowMs, kind: 'target', service, subject: id, body }];
  });
}

/** Whether an event says that something changed, and not only what a runner found when it began to keep the ledger. */
export function isChange({ body }: LedgerEvent): boolean {
  return changedOf(body).length > 0;
}
