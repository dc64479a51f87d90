/** What is said of a target's versions. */
import { limitText } from '../reports/objective-text.ts';
import { targetPercent, utcMinute } from '../reports/figures.ts';
import { governs, type Objective, type TargetVersion } from '../slo/objective.ts';
import { retroactive, type HistoryOptions } from '../slo/target-history.ts';
import { PLAYBOOK_LINK } from '../slo/tradepulse-rows.ts';
import type { TargetRecords } from '../store/target-records.ts';

/** "v2 (99.5 %, ≤ 300 ms)". */
export function versionText({ version, target, limit }: TargetVersion): string {
  const promise = [targetPercent(target), ...(limit === null ? [] : [limitText(limit)])].join(', ');
  return version === null ? promise : `${version} (${promise})`;
}

/** What an override, or a change, has not said for itself; null: nothing, it is signed off. */
export function unsignedText({ lacks }: TargetVersion): string | null {
  return lacks.length === 0 ? null : `not signed off: lacks ${lacks.join(', ')}`;
}

/** Versions that the configuration brings itself and that nobody has signed off. Shipped ones have their assumptions told. */
export function unsignedTexts(objectives: readonly Objective[]): readonly string[] {
  return objectives.filter(governs).flatMap(({ id, versions = [] }) =>
    versions.flatMap((version) => {
      const says = isShipped(version) ? null : unsignedText(version);
      return says === null ? [] : [`${id}: ${versionText(version)} is ${says}`];
    }),
  );
}

function isShipped({ rfc, lacks }: TargetVersion): boolean {
  return rfc === PLAYBOOK_LINK && !lacks.includes('rfc');
}

/** A date in the past does not change what was judged in it: one line for each that claims it would. */
export function retroactiveTexts(
  objectives: readonly Objective[],
  records: TargetRecords,
  options: HistoryOptions,
): readonly string[] {
  return objectives.flatMap((objective) =>
    retroactive(objective, records.get(objective.id) ?? [], options).map(
      ({ version, claimedFromMs, untilMs, recorded }) =>
        `${objective.id}: retroactive change: ${versionText(version)} is said to hold from ${utcMinute(claimedFromMs)}, but ${versionText(recorded)} is on record until ${utcMinute(untilMs)}: what happened before that stays judged by the record`,
    ),
  );
}
