/** Tallies whose pages are lost, from the hours, which hold the figures of each of their minutes. */
import type { DatabaseSync } from 'node:sqlite';
import { unpack } from './packed.ts';
import { bytes, number, text } from './rows.ts';
import { TallyTable } from './tally-table.ts';

export interface FromHours {
  readonly saved: number;
  /** Whether every hour could be read. */
  readonly isWhole: boolean;
}

/**
 * Inside a transaction on `target`. Minutes that are there stay as they are.
 * @param revision hands out numbers that no row has had
 */
export function talliesFromHours(
  source: DatabaseSync,
  target: DatabaseSync,
  stepMs: number,
  revision: () => bigint,
): FromHours {
  const table = new TallyTable(target, 'main', stepMs);
  const known = target.prepare('SELECT 1 FROM tallies WHERE objective = ? AND at_ms = ? AND split = ?');
  let saved = 0;
  for (const way of ['ASC', 'DESC']) {
    try {
      const walk = source.prepare(
        `SELECT objective, at_ms, split, steps FROM rollups WHERE span = 'hour'
         ORDER BY objective ${way}, span ${way}, at_ms ${way}, split ${way}`,
      );
      for (const row of walk.iterate()) {
        const [objective, split] = [text(row, 'objective'), text(row, 'split')];
        const steps = unpack(bytes(row, 'steps'), number(row, 'at_ms'), stepMs)
          .filter(({ atMs }) => known.get(objective, atMs, split) === undefined)
          .map(({ atMs, ...tally }) => ({ objective, judged: { atMs, split, tally, cluster: 0n, problem: null } }));
        table.add({ steps }, revision);
        saved += steps.length;
      }
      return { saved, isWhole: true };
    } catch {
      // From the other end there may be more.
    }
  }
  return { saved, isWhole: false };
}
