/** What each game-day on record spent of the budgets as they stand: a line of its own beside what the days themselves cost. */
import { spentBetween, type Spent } from '../reports/exercise.ts';
import { consumedPercent, count } from '../reports/figures.ts';
import type { Status } from '../slo/status.ts';
import type { TimeBase } from '../slo/time-base.ts';
import type { StoreReader } from '../store/store.ts';

export interface SpentByGameday {
  readonly gameday: string;
  readonly verdict: string;
  readonly component: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  /** Only where something was spent. */
  readonly spent: readonly Spent[];
}

/** Of the game-days that lie in the window of an objective, oldest first; those that injected nothing spent nothing. */
export async function spentByGamedays(
  reader: Pick<StoreReader, 'events' | 'tallies'>,
  statuses: readonly Status[],
  base: TimeBase,
): Promise<readonly SpentByGameday[]> {
  const fromMs = Math.min(...statuses.map(({ atMs, objective }) => atMs - objective.windowMs));
  if (!Number.isFinite(fromMs)) return [];
  const found: SpentByGameday[] = [];
  for (const { subject, service, atMs, body } of await reader.events({ kind: 'gameday', fromMs })) {
    const injectedMs = body['injectedMs'];
    // Older ledgers do not say when.
    if (typeof injectedMs !== 'number') continue;
    const stretch = await spentBetween({ reader, statuses, base }, injectedMs, atMs, service);
    const spent = stretch.spent.filter(({ bad }) => bad > 0);
    found.push({ gameday: subject, verdict: String(body['verdict']), component: service, ...stretch, spent });
  }
  return found;
}

export function spentLines(gamedays: readonly SpentByGameday[]): readonly string[] {
  return gamedays.map(({ gameday, verdict, spent }) => {
    const shares = spent.map(
      ({ objective, split, bad, valid, share }) =>
        `${consumedPercent(share)} of ${objective}${split === null ? '' : ` ${split}`} (${count(bad)} bad of ${count(valid)})`,
    );
    return `game-day ${gameday} (${verdict}) spent ${shares.length === 0 ? 'nothing' : shares.join(', ')}`;
  });
}
