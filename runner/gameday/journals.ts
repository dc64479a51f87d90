import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { JOURNAL_NAME } from './recover.ts';

/** Paths of the journals of all game-days on record, oldest first: their folders' names begin with the date. */
export async function gamedayJournals(folder: string): Promise<readonly string[]> {
  if (!existsSync(folder)) return [];
  const found = await readdir(folder, { withFileTypes: true });
  return found
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name, JOURNAL_NAME))
    .filter((path) => existsSync(path))
    .toSorted();
}
