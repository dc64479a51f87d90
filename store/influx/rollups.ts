/** Roll-ups for evaluations, packed from the shared tallies as the ledger packs its own. */
import type { Weighing } from '../../slo/objective.ts';
import { addTallies, type Tally } from '../../slo/tally.ts';
import { joined, packStep } from '../packed.ts';
import type { ChangedHours, Mark, RollupAnswer, RollupQuery, RollupRead, RollupRow } from '../store.ts';
import { from } from './places.ts';
import { literal, type InfluxQuery } from './query.ts';
import { steps, sums, type Step } from './steps.ts';

const MINUTES_AN_HOUR = 60;
const HOURS_A_DAY = 24;
/** Hours that changed since a follower looked last, beyond which it had better read everything again. */
const MOST_HOURS = 2_000;
/**
 * What was made ready to be shipped within this of the newest may not be there yet, ms: a request is on its way for that
 * long at most, and its points do not appear all at once.
 */
const ON_ITS_WAY_MS = 120_000;
/** Questions at a time. */
const LANES = 4;

export interface RollupSource {
  readonly query: InfluxQuery;
  readonly locations: readonly string[] | null;
  readonly stepMs: number;
  readonly weighingOf: (objective: string) => Weighing;
}

/** By location: up to which moment of its prober's clock what it wrote has been seen. */
type Seen = ReadonlyMap<string, number>;

export interface Rollups {
  answer(query: RollupQuery): Promise<RollupAnswer>;
}

export function createRollups(source: RollupSource): Rollups {
  const { query, stepMs } = source;
  const hourMs = MINUTES_AN_HOUR * stepMs;
  /** Of the mark that was handed out last: who asks from another one reads everything. */
  let last: { readonly revision: number; readonly seen: Seen } | null = null;

  async function read({ objective, span, fromMs, toMs }: RollupRead): Promise<readonly RollupRow[]> {
    const lengthMs = span === 'hour' ? hourMs : HOURS_A_DAY * hourMs;
    const startMs = Math.floor(fromMs / lengthMs) * lengthMs;
    const endMs = Math.ceil(toMs / lengthMs) * lengthMs;
    const asked = { objective, weighing: source.weighingOf(objective), fromMs: startMs, toMs: endMs };
    const unitMs = span === 'hour' ? stepMs : hourMs;
    const found =
      span === 'hour'
        ? steps(query, source.locations, asked)
        : sums(query, source.locations, { ...asked, groupMs: hourMs, stepMs });
    return packed(found, lengthMs, unitMs);
  }

  /** @returns null: so much that everything had better be read again */
  async function changedSince(seen: Seen, now: Seen): Promise<readonly ChangedHours[] | null> {
    const hours = new Map<string, Set<number>>();
    let count = 0;
    for (const [location, newestMs] of now) {
      const sinceMs = seen.get(location);
      if (sinceMs === undefined) return null;
      if (newestMs <= sinceMs) continue;
      const influxql =
        `SELECT max("written_ms") FROM pulsedrill_tally WHERE "location" = ${literal(location)} ` +
        `AND "written_ms" > ${sinceMs} AND time >= 0 AND time < ${FOREVER} GROUP BY time(${hourMs}ms), "objective" fill(none)`;
      for await (const { tags, values } of query.ask(influxql)) {
        const objective = tags['objective'] ?? '';
        const own = hours.get(objective) ?? new Set();
        for (const [time] of values) own.add(Date.parse(String(time)));
        count += values.length;
        hours.set(objective, own);
      }
      if (count > MOST_HOURS) return null;
    }
    const found: ChangedHours[] = [];
    for (const [objective, starts] of hours) {
      const sorted = [...starts].toSorted((a, b) => a - b);
      const rows: RollupRow[] = [];
      for (const { fromMs, toMs } of runsOf(sorted, hourMs)) {
        rows.push(...(await read({ objective, span: 'hour', fromMs, toMs })));
      }
      found.push({ objective, hours: sorted, rows });
    }
    return found;
  }

  /** The newest of each location, short of what may still be on its way. */
  async function seenNow(): Promise<Seen> {
    const seen = new Map<string, number>();
    const influxql = `SELECT max("written_ms") FROM pulsedrill_tally WHERE ${from(source.locations)} GROUP BY "location"`;
    for await (const { tags, values } of query.ask(influxql)) {
      const newest = values[0]?.[1];
      if (typeof newest === 'number') seen.set(tags['location'] ?? '', newest - ON_ITS_WAY_MS);
    }
    return seen;
  }

  async function answer({ reads, since }: RollupQuery): Promise<RollupAnswer> {
    // First: what comes while the rest is read is then read again, instead of never.
    const seen = await seenNow();
    const mark: Mark = { identity: query.place, revision: (last?.revision ?? 0) + 1 };
    const isKnown = since !== null && since.identity === mark.identity && since.revision === last?.revision;
    const changed = since === null ? [] : isKnown && last !== null ? await changedSince(last.seen, seen) : null;
    const rows = await inLanes(reads, read);
    last = { revision: mark.revision, seen };
    return { mark, rows, changed };
  }

  return { answer };
}

/** InfluxDB's last moment. */
const FOREVER = '9223372036854ms';

/** One row a span and split, ascending. */
async function packed(found: AsyncIterable<Step>, lengthMs: number, unitMs: number): Promise<readonly RollupRow[]> {
  const rows = new Map<string, { readonly atMs: number; readonly split: string; readonly units: Map<number, Tally> }>();
  for await (const { atMs: momentMs, split, tally } of found) {
    const atMs = Math.floor(momentMs / lengthMs) * lengthMs;
    const key = `${atMs} ${split}`;
    const row = rows.get(key) ?? { atMs, split, units: new Map() };
    rows.set(key, row);
    const index = Math.floor((momentMs - atMs) / unitMs);
    const earlier = row.units.get(index);
    row.units.set(index, earlier === undefined ? tally : addTallies(earlier, tally));
  }
  return [...rows.values()]
    .toSorted((a, b) => a.atMs - b.atMs || (a.split < b.split ? -1 : a.split > b.split ? 1 : 0))
    .map(({ atMs, split, units }) => ({
      atMs,
      split,
      steps: new Uint8Array(joined(new Map([...units].map(([index, tally]) => [index, packStep(index, tally)])))),
    }));
}

function runsOf(
  hours: readonly number[],
  hourMs: number,
): readonly { readonly fromMs: number; readonly toMs: number }[] {
  const runs: { fromMs: number; toMs: number }[] = [];
  for (const atMs of hours) {
    const run = runs.at(-1);
    if (run?.toMs === atMs) run.toMs += hourMs;
    else runs.push({ fromMs: atMs, toMs: atMs + hourMs });
  }
  return runs;
}

async function inLanes<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const found: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const at = next;
      next += 1;
      const item = items[at];
      if (item !== undefined) found[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return found;
}
