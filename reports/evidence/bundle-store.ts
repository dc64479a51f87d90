/** The tallies and events that a bundle carries, behind the seam by which figures are computed from a ledger. */
import { sumTallies } from '../../slo/tally.ts';
import { packStep, unpack, joined } from '../../store/packed.ts';
import type { LedgerEvent, RollupRead, RollupRow, StoreReader, TallyQuery, TallyRow } from '../../store/store.ts';
import { inOrder, summed } from '../../store/tally-table.ts';
import { STEPS_AN_HOUR } from './tallies-file.ts';

const HOURS_A_DAY = 24;

export interface BundleContent {
  /** Length of a tally step, ms. */
  readonly stepMs: number;
  /** By objective, hours ascending, then by split. */
  readonly tallies: ReadonlyMap<string, readonly RollupRow[]>;
  readonly events: readonly LedgerEvent[];
}

export function bundleStore({ stepMs, tallies, events }: BundleContent): StoreReader {
  const hourMs = STEPS_AN_HOUR * stepMs;
  const days = new Map([...tallies].map(([objective, hours]) => [objective, daysOf(hours, stepMs)]));

  function rows({ objective, span, fromMs, toMs }: RollupRead): readonly RollupRow[] {
    const rowMs = span === 'hour' ? hourMs : hourMs * HOURS_A_DAY;
    const all = (span === 'hour' ? tallies : days).get(objective) ?? [];
    return all.filter(({ atMs }) => atMs + rowMs > fromMs && atMs < toMs);
  }

  function steps({ objective, fromMs, toMs }: TallyQuery): readonly TallyRow[] {
    return rows({ objective, span: 'hour', fromMs, toMs }).flatMap((row) =>
      unpack(row.steps, row.atMs, stepMs)
        .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
        .map((step) => ({ ...step, split: row.split })),
    );
  }

  return {
    tallies: (query) => Promise.resolve(summed(steps(query), query)),
    rollups: ({ reads }) =>
      Promise.resolve({ mark: { identity: 'bundle', revision: 1 }, rows: reads.map(rows), changed: [] }),
    // oxlint-disable-next-line require-yield -- a bundle carries no raw results
    async *results() {
      return;
    },
    events: ({ kind, service, fromMs = -Infinity, toMs = Infinity }) =>
      Promise.resolve(
        events.filter(
          (event) =>
            (kind === undefined || event.kind === kind) &&
            (service === undefined || event.service === service) &&
            event.atMs >= fromMs &&
            event.atMs < toMs,
        ),
      ),
    budgets: () => Promise.resolve([]),
  };
}

function daysOf(hours: readonly RollupRow[], stepMs: number): readonly RollupRow[] {
  const hourMs = STEPS_AN_HOUR * stepMs;
  const dayMs = hourMs * HOURS_A_DAY;
  const found = new Map<string, { atMs: number; split: string; hours: Map<number, Uint8Array> }>();
  for (const { atMs, split, steps } of hours) {
    const dayAtMs = Math.floor(atMs / dayMs) * dayMs;
    const key = `${dayAtMs} ${split}`;
    const day = found.get(key) ?? { atMs: dayAtMs, split, hours: new Map<number, Uint8Array>() };
    found.set(key, day);
    const index = Math.round((atMs - dayAtMs) / hourMs);
    day.hours.set(index, packStep(index, sumTallies(unpack(steps, atMs, stepMs))));
  }
  return inOrder([...found.values()].map(({ hours: parts, ...day }) => ({ ...day, steps: joined(parts) })));
}
