/** Where a game-day's record is kept: `<gamedays folder>/gd-20261123-181500-feed-latency/journal.ndjson`. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../probes/folder.ts';
import { JOURNAL_NAME } from './recover.ts';

/** By the UTC second of its start and the scenario's id. */
export function gamedayIdOf(scenario: string, wallMs: number): string {
  const [date = '', time = ''] = new Date(wallMs).toISOString().split('T');
  return `gd-${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${scenario}`;
}

export interface GamedayFolder {
  readonly gamedayId: string;
  readonly journalPath: string;
}

/** Makes a folder of its own; a second start within the same second gets a number behind its id. */
export async function makeGamedayFolder(parent: string, scenario: string, wallMs: number): Promise<GamedayFolder> {
  makeFolder(parent);
  const id = gamedayIdOf(scenario, wallMs);
  for (let count = 1; ; count += 1) {
    const gamedayId = count === 1 ? id : `${id}-${count}`;
    try {
      await mkdir(join(parent, gamedayId));
      return { gamedayId, journalPath: join(parent, gamedayId, JOURNAL_NAME) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}
