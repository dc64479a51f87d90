/** What is said of a target's versions. */
import { signOffsText, unsignedText, versionText } from '../reports/objective-text.ts';
import { percent, utcMinute } from '../reports/figures.ts';
import { governs, type Objective, type TargetVersion } from '../slo/objective.ts';
import { retroactive, type HistoryOptions } from '../slo/target-history.ts';
import { PLAYBOOK_LINK } from '../slo/tradepulse-rows.ts';
import type { Status } from '../slo/status.ts';
import { announcedVersions, versionAt } from '../slo/targets.ts';
import type { TargetRecords } from '../store/target-records.ts';

/** In a few words, for the line below a row's figures. */
export function versionFlags({ objective, versions, required, atMs }: Status): readonly string[] {
  const version = versionAt(objective, atMs);
  const isMixed = versions.length > 1 && required !== null && required !== Number(objective.target);
  return [
    ...(isMixed ? [`${percent(required)} required: the target changed within the window`] : []),
    ...announcedVersions(objective, atMs).map(
      (each) => `announced: ${versionText(each)} from ${utcMinute(each.fromMs ?? atMs)}`,
    ),
    ...(versions.some(({ claimedFromMs }) => claimedFromMs !== undefined) ? ['retroactive change'] : []),
    ...(version !== null && version.lacks.length > 0 ? ['not signed off'] : []),
  ];
}

/** One line for each version but the shipped ones: since when, by which RFC, and by whom it is signed off. */
export function versionNotes({ objective, versions, atMs }: Status): readonly string[] {
  if (!governs(objective)) return [];
  const all = [...versions, ...announcedVersions(objective, atMs)];
  if (all.length < 2 && all.every((each) => isShipped(each) || (each.version === null && each.lacks.length === 0))) {
    return [];
  }
  return all.map((each) => `  ${objective.id}: ${versionLine(each)}`);
}

function versionLine(each: TargetVersion): string {
  const { fromMs, claimedFromMs, rfc, signOffs } = each;
  return [
    `${versionText(each)}${fromMs === null ? '' : ` from ${utcMinute(fromMs)}`}`,
    ...(claimedFromMs === undefined ? [] : [`retroactive: dated back to ${utcMinute(claimedFromMs)}`]),
    ...(rfc === null ? [] : [rfc]),
    ...(signOffs.length === 0 ? [] : [signOffsText(signOffs)]),
    unsignedText(each) ?? (signOffs.length === 0 ? '' : 'signed off'),
  ]
    .filter((part) => part !== '')
    .join(', ');
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
