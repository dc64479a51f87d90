/** How much of each window was measured, by the minutes on record: the same from a ledger and from a bundle. */
import { periodOf, type Period } from '../slo/period.ts';
import { stepEnd } from '../slo/ranges.ts';
import type { Status } from '../slo/status.ts';
import type { TimeBase } from '../slo/time-base.ts';
import { markSteps } from './packed.ts';
import type { StoreReader } from './store.ts';

/** Of those that something can feed, each over its own window up to when it was judged. */
export async function measuredPeriods(
  reader: Pick<StoreReader, 'rollups'>,
  statuses: readonly Pick<Status, 'objective' | 'atMs'>[],
  base: TimeBase,
): Promise<readonly Period[]> {
  const { minuteMs: stepMs } = base;
  const found: Period[] = [];
  for (const { objective, atMs } of statuses) {
    if (objective.unknownBecause !== null) continue;
    const toMs = stepEnd(base, atMs);
    // A window of half a minute more begins within a step, which is not wholly its own.
    const fromMs = toMs - Math.floor(objective.windowMs / stepMs) * stepMs;
    // One by one, because months of minutes of one objective are a few megabytes.
    const read = { objective: objective.id, span: 'hour' as const, fromMs, toMs };
    const { rows } = await reader.rollups({ reads: [read], since: null });
    // Of all splits together: a mark for each step, because months of minutes pass through here.
    const marks = new Uint8Array(Math.round((toMs - fromMs) / stepMs));
    for (const row of rows[0] ?? []) markSteps(row.steps, marks, Math.round((row.atMs - fromMs) / stepMs));
    found.push(periodOf(objective.id, { fromMs, toMs }, marks));
  }
  return found;
}
