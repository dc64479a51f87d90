/**
 * The reading half of the seam on an InfluxDB that several probers may ship to: the same figures, to the last digit, as
 * the ledgers that were shipped. Figures are sums over the locations; runs and events come with theirs.
 */
import type { Weighing } from '../../slo/objective.ts';
import type { BudgetPoint, StoreReader, TallyQuery, TallyRow } from '../store.ts';
import type { InfluxConnection } from './connection.ts';
import { from, tagged, within } from './places.ts';
import { createInfluxQuery, type Cell, type InfluxQuery, type Patience } from './query.ts';
import { events, results } from './records.ts';
import { createRollups } from './rollups.ts';
import { byMoment, steps, sums } from './steps.ts';

export interface InfluxReaderOptions {
  readonly connection: InfluxConnection;
  /** Length of a tally step, ms: that of the ledgers that were shipped. */
  readonly stepMs: number;
  /** What each objective weighs by, which says in which fields its weights are. */
  readonly objectives: readonly { readonly id: string; readonly weighing: Weighing }[];
  /** Whose to read; default: those of every location that has shipped. */
  readonly locations?: readonly string[] | null;
  readonly signal: AbortSignal;
  /** How long its silence is waited for, and who is told. Default: a minute, and nobody. */
  readonly patience?: Patience;
}

export interface InfluxReader extends StoreReader, AsyncDisposable {
  readonly place: string;
}

/** Nothing is asked before the first question. @throws TypeError when the URL is none */
export function openInfluxReader(options: InfluxReaderOptions): InfluxReader {
  const { stepMs, locations = null } = options;
  const query = createInfluxQuery(options.connection, options.signal, options.patience);
  const weighings = new Map(options.objectives.map(({ id, weighing }) => [id, weighing]));
  const weighingOf = (objective: string): Weighing => weighings.get(objective) ?? 'time';
  const rollups = createRollups({ query, locations, stepMs, weighingOf });

  async function tallies(asked: TallyQuery): Promise<readonly TallyRow[]> {
    const { objective, fromMs, toMs, groupMs, bySplit = false } = asked;
    const stretch = { objective, weighing: weighingOf(objective), fromMs, toMs };
    const found =
      groupMs === undefined
        ? steps(query, locations, stretch)
        : sums(query, locations, { ...stretch, groupMs: addable(groupMs, stepMs), stepMs });
    const groups = await byMoment(found, bySplit, groupMs === undefined ? null : { fromMs, groupMs });
    return [...groups.values()]
      .map(({ atMs, split, tally }) => ({ atMs, split, ...tally }))
      .toSorted((a, b) => a.atMs - b.atMs || (a.split < b.split ? -1 : a.split > b.split ? 1 : 0));
  }

  return {
    place: query.place,
    tallies,
    rollups: (asked) => rollups.answer(asked),
    results: (asked) => results(query, locations, asked),
    events: (asked) => events(query, locations, asked),
    budgets: (asked) => budgets(query, locations, asked),
    [Symbol.asyncDispose]: () => query[Symbol.asyncDispose](),
  };
}

/** The longest part of a group that InfluxDB may add up exactly. */
function addable(groupMs: number, stepMs: number): number {
  const group = groupMs / stepMs;
  if (!Number.isInteger(group)) return groupMs;
  for (let parts = Math.ceil(group / 128); parts < group; parts += 1) {
    if (group % parts === 0) return groupMs / parts;
  }
  return groupMs;
}

/** Of several locations one after the other where they are of one moment. */
async function budgets(
  query: InfluxQuery,
  locations: readonly string[] | null,
  { objective, fromMs, toMs }: { objective: string; fromMs: number; toMs: number },
): Promise<readonly BudgetPoint[]> {
  const fields = ['colour', 'valid_events', 'bad_events', 'consumed_pct', 'attainment_pct', 'burn_1h_ratio'];
  const names = [...fields, 'exact_service', 'service', 'location'].map((name) => `"${name}"`);
  const where = [tagged('objective', objective), within(fromMs, toMs), from(locations)].join(' AND ');
  const found: (BudgetPoint & { readonly at: string })[] = [];
  for await (const { columns, values } of query.ask(
    `SELECT ${names.join(', ')} FROM pulsedrill_budget WHERE ${where}`,
  )) {
    for (const row of values) {
      const cell = (name: string): Cell => row[columns.indexOf(name)] ?? null;
      const exact = cell('exact_service');
      const service: unknown = typeof exact === 'string' ? JSON.parse(exact) : cell('service');
      const atMs = momentMs(String(row[0]));
      if (atMs < fromMs || atMs >= toMs) continue;
      found.push({
        objective,
        service: String(service),
        atMs,
        colour: String(cell('colour')),
        consumedPct: numberOf(cell('consumed_pct')),
        attainmentPct: numberOf(cell('attainment_pct')),
        burn1h: numberOf(cell('burn_1h_ratio')),
        validEvents: numberOf(cell('valid_events')) ?? 0,
        badEvents: numberOf(cell('bad_events')) ?? 0,
        at: String(cell('location')),
      });
    }
  }
  return found
    .toSorted((a, b) => a.atMs - b.atMs || (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .map(({ at: _at, ...point }) => point);
}

function numberOf(cell: Cell): number | null {
  return typeof cell === 'number' ? cell : null;
}

/** With the fraction of a millisecond that a text of nanoseconds has. */
function momentMs(text: string): number {
  const nanoseconds = /\.\d{3}(\d{1,6})/.exec(text)?.[1] ?? '';
  return Date.parse(text) + Number(nanoseconds.padEnd(6, '0')) / 1e6;
}
