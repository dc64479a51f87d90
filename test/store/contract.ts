/**
 * What every reader of the seam answers, whatever it stands on: one suite, held against results that are judged here, in
 * memory, by nothing but `judge`.
 */
import { expect, test } from 'vitest';
import type { Reading } from '../../probes/probe.ts';
import { collectSla, renderSla } from '../../reports/sla.ts';
import { budgetPoint, createEvaluation, evaluateAll } from '../../runner/evaluation.ts';
import type { Objective } from '../../slo/objective.ts';
import { addTallies, EMPTY_TALLY, type Tally } from '../../slo/tally.ts';
import { timeBase } from '../../slo/time-base.ts';
import { judge, mergeJudged, type Judged } from '../../store/judge.ts';
import { joined, packStep } from '../../store/packed.ts';
import type { Result } from '../../store/result.ts';
import type {
  BudgetPoint,
  EventQuery,
  LedgerEvent,
  ResultQuery,
  RollupRead,
  RollupRow,
  StoreReader,
  TallyQuery,
  TallyRow,
} from '../../store/store.ts';
import { EVENTS, OBJECTIVES, SAMPLE_JOURNAL, anObjective, sampleResults, START } from '../reports/sample.ts';
import { aResult, collect } from '../support/results.ts';

const BASE = timeBase(1);
export const STEP_MS = BASE.minuteMs;
const END = START + 120 * STEP_MS;

const acks = (indicator: 'tick-age' | 'newest-age', atMs: number, valid: number): Reading => ({
  type: 'counts',
  indicator,
  atMs,
  valid,
  within: { 'le:3000': valid - 1 },
  weigh: 'each',
  ...(indicator === 'newest-age' ? { eachMs: 1000 } : {}),
  p50Ms: null,
  p99Ms: 0.1 + 0.2,
  maxMs: null,
});

/** Every weighing, every kind of split, and names that no tag can say. */
export const CONTRACT_OBJECTIVES: readonly Objective[] = [
  ...OBJECTIVES,
  anObjective({ id: 'odd-endpoints', split: 'endpoint', probes: ['odd'] }),
  anObjective({ id: 'places', split: 'location', probes: ['odd', 'positions'] }),
  anObjective({
    id: 'wide-counts',
    sli: { type: 'threshold', indicator: 'tick-age', ms: 3000, strict: false },
    weighing: 'count',
    probes: ['wide'],
  }),
  anObjective({
    id: 'watched',
    sli: { type: 'threshold', indicator: 'newest-age', ms: 3000, strict: false },
    probes: ['watch'],
  }),
  anObjective({ id: 'fills', sli: { type: 'quantity' }, weighing: 'quantity', split: 'venue', probes: ['paper'] }),
  anObjective({ id: 'money', sli: { type: 'quantity' }, weighing: 'notional', split: 'venue', probes: ['paper'] }),
  anObjective({
    id: 'acks',
    sli: { type: 'telemetry', what: 'acks' },
    weighing: 'fraction',
    split: 'venue',
    probes: ['telemetry:acks'],
  }),
];

const ODD = ['/a\\', '/a\\~', '/a', 'two\nlines', `it's "so", = 5`, '🙂', ' ', '/b\\,c'];

function oddResults(): readonly Result[] {
  const results: Result[] = [];
  const add = (differing: Partial<Result> & Pick<Result, 'probe' | 'scheduledMs'>): void => {
    results.push(aResult(results.length, { weightMs: 20_000, ...differing }));
  };
  for (let n = 0; n < 200; n += 1) {
    const scheduledMs = START + Math.floor(n / 4) * 30_000 + (n % 2) * 0.25;
    const endpoint = n % 11 === 0 ? null : (ODD[n % ODD.length] ?? null);
    add({ probe: 'odd', scheduledMs, endpoint, outcome: n % 7 === 0 ? 'bad' : 'good', detail: ODD[n % 5] ?? null });
    add({
      probe: 'wide',
      scheduledMs,
      readings: [acks('tick-age', scheduledMs, 2 ** 33 + n)],
      values: { tiny: 5e-324, third: 1 / 3, gone: null },
    });
    add({ probe: 'watch', scheduledMs, readings: [acks('newest-age', scheduledMs, 30)] });
    const [submitted, executed] =
      n % 3 === 0 ? ['1.00000007', '0.3'] : ['12345678901234567890.5', '12345678901234567890.5'];
    const quantity: Reading = { type: 'quantity', submitted, executed, price: '50123.45' };
    add({
      probe: 'paper',
      kind: 'paper-order',
      scheduledMs,
      venue: n % 2 === 0 ? 'primary' : 'back up',
      readings: [quantity],
    });
    if (n % 4 !== 0) continue;
    add({
      probe: 'telemetry:acks',
      kind: 'telemetry',
      scheduledMs,
      weightMs: 60_000,
      readings: ['primary', 'x\\'].map((split) => ({ type: 'telemetry', split, good: '59.999999', valid: '60.5' })),
    });
  }
  add({ probe: 'odd', scheduledMs: START + 1_234.5, cadence: 'once', weightMs: 0, detail: '🙂'.repeat(30_000) });
  add({ probe: 'odd', scheduledMs: START + 2_000, trail: [{ name: null, url: 'http://x/', status: 302, ms: 0.125 }] });
  return results;
}

/** In the order in which they are stored. */
export const CONTRACT_RESULTS: readonly Result[] = [...sampleResults(), ...oddResults()];

export const CONTRACT_EVENTS: readonly LedgerEvent[] = [
  ...EVENTS,
  {
    id: 'n1',
    atMs: START + 5.5,
    kind: 'note',
    service: null,
    subject: 'two\nlines',
    body: { text: 'x'.repeat(40_000) },
  },
  {
    id: 'n2',
    atMs: START + 5.5,
    kind: 'note',
    service: null,
    subject: 'of one moment',
    body: { deep: [1, { a: null }] },
  },
  { id: 'n3', atMs: START + 5.5, kind: 'note', service: 'odd\\', subject: '', body: {} },
];

const byTime =
  <T>(timeOf: (item: T) => number) =>
  (a: T, b: T): number =>
    timeOf(a) - timeOf(b);
const bySplit = (a: { atMs: number; split: string }, b: { atMs: number; split: string }): number =>
  a.atMs - b.atMs || (a.split < b.split ? -1 : a.split > b.split ? 1 : 0);

/** The seam as simple as it can be: everything is judged again for each question. */
export function referenceReader(
  results: readonly Result[],
  events: readonly LedgerEvent[],
  budgets: readonly BudgetPoint[] = [],
): StoreReader {
  const steps = new Map<string, readonly TallyRow[]>();
  function stepsOf(id: string): readonly TallyRow[] {
    const rule = CONTRACT_OBJECTIVES.find((each) => each.id === id);
    const known = steps.get(id);
    if (known !== undefined || rule === undefined) return known ?? [];
    const merged = new Map<string, Judged>();
    for (const judged of results.flatMap((result) => judge(rule, result, STEP_MS))) {
      const key = `${judged.atMs} ${judged.split}`;
      const earlier = merged.get(key);
      merged.set(key, earlier === undefined ? judged : mergeJudged(earlier, judged));
    }
    const found = [...merged.values()].map(({ atMs, split, tally }) => ({ atMs, split, ...tally }));
    steps.set(id, found);
    return found;
  }
  const tallies = (query: TallyQuery): readonly TallyRow[] => {
    const { objective, fromMs, toMs, groupMs = null } = query;
    const groups = new Map<string, TallyRow>();
    for (const row of stepsOf(objective)) {
      if (row.atMs < fromMs || row.atMs >= toMs) continue;
      const atMs = groupMs === null ? row.atMs : fromMs + Math.floor((row.atMs - fromMs) / groupMs) * groupMs;
      const split = query.bySplit === true ? row.split : '';
      const key = `${atMs} ${split}`;
      groups.set(key, { atMs, split, ...addTallies(groups.get(key) ?? EMPTY_TALLY, row) });
    }
    return [...groups.values()].toSorted(bySplit);
  };
  const rollup = ({ objective, span, fromMs, toMs }: RollupRead): readonly RollupRow[] => {
    const lengthMs = (span === 'hour' ? 60 : 1440) * STEP_MS;
    const unitMs = span === 'hour' ? STEP_MS : 60 * STEP_MS;
    const rows = new Map<string, { atMs: number; split: string; units: Map<number, Tally> }>();
    for (const row of stepsOf(objective)) {
      const atMs = Math.floor(row.atMs / lengthMs) * lengthMs;
      if (atMs + lengthMs <= fromMs || atMs >= toMs) continue;
      const own = rows.get(`${atMs} ${row.split}`) ?? { atMs, split: row.split, units: new Map() };
      const index = Math.floor((row.atMs - atMs) / unitMs);
      own.units.set(index, addTallies(own.units.get(index) ?? EMPTY_TALLY, row));
      rows.set(`${atMs} ${row.split}`, own);
    }
    return [...rows.values()].toSorted(bySplit).map(({ atMs, split, units }) => ({
      atMs,
      split,
      steps: new Uint8Array(joined(new Map([...units].map(([index, tally]) => [index, packStep(index, tally)])))),
    }));
  };
  return {
    tallies: (query) => Promise.resolve(tallies(query)),
    rollups: ({ reads }) =>
      Promise.resolve({ mark: { identity: 'reference', revision: 0 }, rows: reads.map(rollup), changed: [] }),
    async *results(query: ResultQuery) {
      const { fromMs, toMs, probe, probes, service, gameday } = query;
      yield* results
        .filter(
          (each) =>
            each.scheduledMs >= fromMs &&
            each.scheduledMs < toMs &&
            each.probe === (probe ?? each.probe) &&
            (probes ?? [each.probe]).includes(each.probe) &&
            each.service === (service ?? each.service) &&
            each.gameday === (gameday ?? each.gameday),
        )
        .toSorted(byTime(({ scheduledMs }) => scheduledMs));
    },
    events: ({ fromMs = -Infinity, toMs = Infinity, kind, service }: EventQuery) =>
      Promise.resolve(
        events
          .filter(
            (each) =>
              each.atMs >= fromMs &&
              each.atMs < toMs &&
              each.kind === (kind ?? each.kind) &&
              each.service === (service ?? each.service),
          )
          .toSorted(byTime(({ atMs }) => atMs)),
      ),
    budgets: ({ objective, fromMs, toMs }) =>
      Promise.resolve(
        budgets
          .filter((each) => each.objective === objective && each.atMs >= fromMs && each.atMs < toMs)
          .toSorted(byTime(({ atMs }) => atMs)),
      ),
  };
}

/** Evaluations as a runner would have recorded them. */
export async function contractBudgets(): Promise<readonly BudgetPoint[]> {
  const reader = referenceReader(CONTRACT_RESULTS, CONTRACT_EVENTS);
  const evaluation = createEvaluation(reader, OBJECTIVES, BASE);
  const points: BudgetPoint[] = [];
  for (let nowMs = START + 1_200_000; nowMs < END; nowMs += 1_200_000) {
    points.push(...(await evaluation.at(nowMs, { percentiles: 'failing' })).map(budgetPoint));
  }
  return points;
}

const ALL = { fromMs: START - 1, toMs: END + 1 };
const HOUR_MS = 60 * STEP_MS;
/** What a store adds to what it was given. */
const given = ({ recordedMs: _recorded, ...result }: Result): Result => result;
const anywhere = ({ location: _location, ...event }: LedgerEvent): LedgerEvent => event;

/** @param contract what was written to, and the same as it was written; made once for all tests */
export function readerContract(contract: () => { readonly reader: StoreReader; readonly expected: StoreReader }): void {
  const each = CONTRACT_OBJECTIVES.map(({ id }) => id);

  test.each(each)('tallies of %s: steps, splits, groups of any length, to the last digit', async (objective) => {
    const { reader, expected } = contract();
    for (const query of [
      ALL,
      { ...ALL, bySplit: true },
      { fromMs: START + 5 * STEP_MS, toMs: START + 50 * STEP_MS },
      { ...ALL, groupMs: HOUR_MS, bySplit: true },
      { fromMs: START + 7 * STEP_MS, toMs: END, groupMs: HOUR_MS },
      { fromMs: START - 200 * STEP_MS, toMs: END, groupMs: 300 * STEP_MS, bySplit: true },
      { fromMs: START, toMs: END, groupMs: 2.5 * STEP_MS },
    ]) {
      expect(await reader.tallies({ objective, ...query })).toEqual(await expected.tallies({ objective, ...query }));
    }
  });

  test('roll-ups: hours by their minutes and days by their hours, byte by byte', async () => {
    const { reader, expected } = contract();
    const reads = each.flatMap((objective): readonly RollupRead[] => [
      { objective, span: 'hour', fromMs: START, toMs: END },
      { objective, span: 'hour', fromMs: START + 61 * STEP_MS, toMs: START + 62 * STEP_MS },
      { objective, span: 'day', fromMs: START - 30 * 24 * HOUR_MS, toMs: Number.MAX_SAFE_INTEGER },
    ]);
    const answer = await reader.rollups({ reads, since: null });
    const plain = (rows: readonly (readonly RollupRow[])[]) =>
      rows.map((found) => found.map(({ steps, ...row }) => ({ ...row, steps: Buffer.from(steps).toString('hex') })));
    expect(plain(answer.rows)).toEqual(plain((await expected.rollups({ reads, since: null })).rows));
    expect(answer.changed).toEqual([]);
  });

  test('results: all of them, in order, each as it was given, and those of a probe, a service, a game-day', async () => {
    const { reader, expected } = contract();
    for (const query of [
      ALL,
      { ...ALL, probe: 'positions' },
      { ...ALL, service: 'market-data' },
      { ...ALL, gameday: 'gd-1' },
      { fromMs: START + 0.25, toMs: START + 30_000.25, probe: 'odd' },
      { ...ALL, probe: "nobody's" },
      { ...ALL, probes: ['positions', "nobody's", 'odd'] },
      { ...ALL, probes: [] },
    ]) {
      const found = await collect(reader.results(query));
      expect(found.map(given)).toEqual(await collect(expected.results(query)));
    }
  });

  test('events: all of them, in order, and those of a time, a kind, a service', async () => {
    const { reader, expected } = contract();
    for (const query of [
      {},
      { fromMs: START + 5.5, toMs: START + 5.75 },
      { toMs: START + 5.5 },
      { kind: 'colour' },
      { service: 'odd\\' },
      { kind: 'cadence', service: 'elsewhere' },
    ] as const satisfies readonly EventQuery[]) {
      expect((await reader.events(query)).map(anywhere)).toEqual(await expected.events(query));
    }
  });

  test('budgets: every point as it was recorded', async () => {
    const { reader, expected } = contract();
    for (const objective of each) {
      const found = await reader.budgets({ objective, ...ALL });
      expect(found).toEqual(await expected.budgets({ objective, ...ALL }));
    }
  });

  test('evaluations: every figure of every objective, with the samples of percentile rows', async () => {
    const { reader, expected } = contract();
    for (const nowMs of [START + 65 * STEP_MS, END - 1]) {
      const found = await evaluateAll(reader, CONTRACT_OBJECTIVES, { base: BASE, nowMs });
      expect(found).toEqual(await evaluateAll(expected, CONTRACT_OBJECTIVES, { base: BASE, nowMs }));
    }
  });

  test('report sla: the same bytes, charts included', async () => {
    const { reader, expected } = contract();
    const [found, wanted] = await Promise.all([reader, expected].map(rendered));
    expect(found).toEqual(wanted);
  });
}

async function rendered(reader: StoreReader) {
  const statuses = await evaluateAll(reader, OBJECTIVES, { base: BASE, nowMs: END - 1 });
  const report = await collectSla({
    reader,
    statuses,
    base: BASE,
    fromMs: START,
    toMs: END,
    environment: 'staging',
    location: 'fra1',
    tool: { version: '0.1.0' },
    gamedays: [SAMPLE_JOURNAL],
  });
  return renderSla(report);
}
