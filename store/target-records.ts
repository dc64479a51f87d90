/** What is on record of the targets that configurations named, from the events that say so. */
import type { TargetVersion } from '../slo/objective.ts';
import type { TargetRecord } from '../slo/target-history.ts';
import type { LedgerEvent } from './store.ts';

export type TargetRecords = ReadonlyMap<string, readonly TargetRecord[]>;

/** By objective. @param events of the kind `target`, ascending by time; one whose body does not read is passed over */
export function targetRecords(events: readonly LedgerEvent[]): TargetRecords {
  const found = new Map<string, TargetRecord[]>();
  for (const { kind, subject, atMs, body } of events) {
    const versions = body['versions'];
    if (kind !== 'target' || !Array.isArray(versions) || versions.length === 0 || !versions.every(isVersion)) continue;
    const own = found.get(subject);
    if (own === undefined) found.set(subject, [{ atMs, versions }]);
    else own.push({ atMs, versions });
  }
  return found;
}

/** Of what this program wrote down itself. */
function isVersion(value: unknown): value is TargetVersion {
  if (typeof value !== 'object' || value === null) return false;
  const cells = new Map<string, unknown>(Object.entries(value));
  return (
    typeof cells.get('target') === 'string' &&
    ['limit', 'fromMs', 'version', 'rfc'].every((key) => cells.has(key)) &&
    ['signOffs', 'lacks'].every((key) => Array.isArray(cells.get(key)))
  );
}

/** What a record of a target says has changed: keys of its body; none where it is the first. */
export function changedOf({ changed }: LedgerEvent['body']): readonly string[] {
  return Array.isArray(changed) ? changed.map(String) : [];
}
