/** The run before of the same scenario, among the journals of a folder. */
import { basename, dirname } from 'node:path';
import { runBefore } from '../../reports/gameday/compare.ts';
import type { JournalEntry } from '../../scenarios/journal.ts';
import { readJournal } from './journal.ts';
import { gamedayJournals } from './journals.ts';

/** @returns its journal; null when there is none. One that cannot be read is none. */
export async function findRunBefore(
  folder: string,
  journal: readonly JournalEntry[],
): Promise<readonly JournalEntry[] | null> {
  const started = journal.find((entry) => entry.type === 'started');
  if (started === undefined) return null;
  // Folders are named by date and scenario: those of others need not be read, and the newest comes first.
  const named = (await gamedayJournals(folder)).filter((path) =>
    basename(dirname(path)).includes(`-${started.scenario}`),
  );
  for (const path of named.toReversed()) {
    const read = await readJournal(path).catch(() => null);
    const found = read === null ? null : runBefore(journal, [read.entries]);
    if (found !== null) return found;
  }
  return null;
}
