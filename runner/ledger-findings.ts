/** What `ledger check` found, in words. Each `mend:` is one command that works for what stands above it. */
import { plural } from '../reports/figures.ts';
import type { LedgerFinding } from '../store/check.ts';
import { goneText } from '../store/last-noted.ts';

export function isWhole(found: LedgerFinding): boolean {
  return isReadable(found) && !isChanged(found) && !isMendable(found);
}

/** Whether judging anew, and setting cursors back, is of use. */
export function isMendable(found: LedgerFinding): boolean {
  return isReadable(found) && (wrongObjectives(found).length > 0 || found.cursors.length > 0);
}

export function wrongObjectives({ tallies }: LedgerFinding): readonly string[] {
  return (tallies ?? []).flatMap((each) => (each.different > 0 || !each.areRollupsWhole ? [each.objective] : []));
}

export function findingLines(path: string, found: LedgerFinding): readonly string[] {
  const { pages, gone, goneBefore } = found;
  return [
    `${path}: ${isWhole(found) ? 'whole' : 'NOT WHOLE'}`,
    pages.length === 0 ? 'pages: whole' : `pages: damaged: ${pagesText(pages)}`,
    ...chainLines(found),
    ...(gone === null ? [] : [`  ${goneText(gone)}`]),
    ...goneBefore.map((text) => `  on record: ${text}`),
    ...tallyLines(found),
    ...cursorLines(found),
    ...mendLines(found),
  ];
}

/** What became of what could be mended. */
export function mendedText(found: LedgerFinding, after: LedgerFinding): string {
  const what = [...wrongObjectives(found), ...found.cursors.map(({ cursor }) => `"${cursor}"`)].join(', ');
  if (isMendable(after) || !isReadable(after)) return `mended: ${what}: still not whole`;
  return `mended: ${what}: whole now${isChanged(after) ? '; what was stored and is gone or changed stays so' : ''}`;
}

function isReadable({ pages, chain, tallies }: LedgerFinding): boolean {
  return pages.length === 0 && chain !== null && tallies !== null;
}

/** SQLite names up to twenty places; a few show what kind of damage it is. */
function pagesText(pages: readonly string[]): string {
  const [shown, more] = [pages.slice(0, 3), pages.length - 3];
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** Results are not those that were stored: nothing that is here mends that. */
function isChanged({ chain, gone }: LedgerFinding): boolean {
  return gone !== null || (chain?.broken.length ?? 0) > 0;
}

function chainLines({ chain }: LedgerFinding): readonly string[] {
  if (chain === null) return ['chain: cannot be read'];
  const { broken, results, segments, expired, head } = chain;
  const how = broken.length === 0 ? 'whole' : `broken in ${plural(broken.length, 'segment')}`;
  return [
    `chain: ${how}: ${plural(results, 'result')} in ${plural(segments, 'segment')}, ${plural(expired, 'segment')} expired; head ${head}`,
    ...broken.map(
      ({ number, firstScheduledMs, lastScheduledMs, why }) =>
        `  segment ${number} (${iso(firstScheduledMs)} to ${iso(lastScheduledMs)}): ${why}`,
    ),
  ];
}

function tallyLines(found: LedgerFinding): readonly string[] {
  const { tallies } = found;
  if (tallies === null) return ['tallies: cannot be read'];
  const how = wrongObjectives(found).length === 0 ? 'as the results say' : 'NOT as the results say';
  const lines = [`tallies: ${how}, ${plural(tallies.length, 'objective')}`];
  for (const { objective, fromMs, different, firstMs, areRollupsWhole } of tallies) {
    if (different > 0)
      lines.push(
        `  ${objective}: ${plural(different, 'step')} ${different === 1 ? 'differs' : 'differ'}, the first at ${iso(firstMs ?? 0)}`,
      );
    if (!areRollupsWhole) lines.push(`  ${objective}: its hours and days are not the sums of its minutes`);
    if (fromMs !== null)
      lines.push(`  ${objective}: looked at from ${iso(fromMs)} on, because results of before have expired`);
  }
  return lines;
}

function cursorLines({ cursors }: LedgerFinding): readonly string[] {
  return cursors.map(
    ({ cursor, position, last }) =>
      `cursor "${cursor}": at ${position}, and the last that there is has number ${last}: what comes next would not be shipped`,
  );
}

function mendLines(found: LedgerFinding): readonly string[] {
  if (!isReadable(found)) return ['mend: "pulsedrill ledger recover --to FILE" saves what can be read'];
  const lines = isMendable(found) ? [`mend: "pulsedrill ledger check --mend" ${mendOf(found)}`] : [];
  if (isChanged(found)) lines.push('no command brings back what was stored and is gone or changed: a copy has it');
  return lines;
}

function mendOf(found: LedgerFinding): string {
  const cursors = found.cursors.length === 0 ? '' : 'sets the cursors back';
  if (wrongObjectives(found).length === 0) return cursors;
  return `${cursors === '' ? '' : `${cursors}, and `}${judgedText(found)}`;
}

/** Where results are gone, tallies may be all that is left of them: they are not to be thrown away unasked. */
function judgedText({ chain }: LedgerFinding): string {
  const missing = (chain?.broken ?? []).reduce((sum, segment) => sum + segment.missing, 0);
  if (missing === 0) return 'judges them anew';
  return (
    `counts the results that are there: tallies that still count the ${missing} that are missing, of which nothing else ` +
    'knows, forget them then, and are better left as they are if that is all'
  );
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
