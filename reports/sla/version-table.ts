/** What was promised when, by which document, and who signed it off. */
import { governs, type TargetVersion } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import { announcedVersions, versionAt } from '../../slo/targets.ts';
import { percent, targetPercent, utcMinute } from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import { limitText, signOffsText, unsignedText } from '../objective-text.ts';

export function versionTable(statuses: readonly Status[]): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Version' },
      { name: 'Promise' },
      { name: 'Holds' },
      { name: 'Agreed in' },
      { name: 'Signed off' },
    ],
    statuses.filter(({ objective }) => governs(objective)).flatMap(rows),
    '',
  );
}

function rows({ objective, versions, atMs }: Status): readonly (readonly string[])[] {
  const now = versionAt(objective, atMs);
  const announced = announcedVersions(objective, atMs);
  return [...versions, ...announced].map((each) => [
    code(objective.id),
    each.version === null ? '–' : text(each.version),
    text([targetPercent(each.target), ...(each.limit === null ? [] : [limitText(each.limit)])].join(', ')),
    holds(each, announced.includes(each) ? 'announced' : each === now ? 'holds' : 'held'),
    each.rfc === null ? '–' : text(each.rfc),
    signedOff(each),
  ]);
}

function holds({ fromMs, claimedFromMs }: TargetVersion, word: string): string {
  const from = fromMs === null ? 'since before this window' : `from ${utcMinute(fromMs)}`;
  const back = claimedFromMs === undefined ? '' : ` (**retroactive**: dated back to ${utcMinute(claimedFromMs)})`;
  return `${word} ${from}${back}`;
}

function signedOff(version: TargetVersion): string {
  const unsigned = unsignedText(version);
  const by = version.signOffs.length === 0 ? '' : text(signOffsText(version.signOffs));
  if (unsigned !== null) return [`**${text(unsigned)}**`, ...(by === '' ? [] : [by])].join('; ');
  return by === '' ? (version.rfc === null ? '–' : 'with its document') : by;
}

/** Of windows that span a change: what share had to be good, each part by its own target. */
export function requiredText(statuses: readonly Status[]): string {
  const mixed = statuses.filter(
    ({ objective, versions, required }) =>
      governs(objective) && versions.length > 1 && required !== null && required !== Number(objective.target),
  );
  if (mixed.length === 0) return '';
  const each = mixed.map(({ objective, required }) => `${code(objective.id)} ${percent(required)}`).join(', ');
  return `A target changed within the window. Each part is judged by the target that held in it; of the whole had to be good: ${each}.`;
}
