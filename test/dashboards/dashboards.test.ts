import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { NO_PHASES } from '../../probes/probe.ts';
import { systemClock } from '../../runner/clock.ts';
import { startInfluxExport } from '../../store/influx/exporter.ts';
import { SCHEMA, type FieldType } from '../../store/influx/schema.ts';
import type { Rule } from '../../store/judge.ts';
import { openStore } from '../../store/open.ts';
import type { Result } from '../../store/result.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { startInfluxd, type Influxd } from '../support/influxd.ts';
import { aResult } from '../support/results.ts';
import { isMissing } from '../support/servers.ts';
import { parseInfluxql } from './influxql.ts';

const FOLDER = join(import.meta.dirname, '../../dashboards');

const source = z.object({ type: z.string(), uid: z.string() });
const targetSchema = z.object({
  refId: z.string(),
  datasource: source,
  rawQuery: z.literal(true),
  query: z.string(),
  resultFormat: z.enum(['time_series', 'table']),
  alias: z.string().optional(),
});
const stepsSchema = z.object({
  mode: z.literal('absolute'),
  steps: z.array(z.object({ color: z.string(), value: z.number().nullable() })),
});
const panelSchema = z.object({
  id: z.number(),
  type: z.enum(['table', 'timeseries', 'bargauge', 'state-timeline']),
  title: z.string().min(1),
  datasource: source,
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  fieldConfig: z.object({
    defaults: z.object({ unit: z.string().optional(), thresholds: stepsSchema }),
    overrides: z.array(z.object({ matcher: z.object({ id: z.literal('byName'), options: z.string() }) })),
  }),
  targets: z.array(targetSchema).min(1),
});
const boardSchema = z.object({
  uid: z.string(),
  title: z.string(),
  schemaVersion: z.literal(41),
  annotations: z.object({
    list: z.array(
      z.object({
        name: z.string(),
        datasource: source,
        target: z
          .object({ query: z.string(), titleColumn: z.string(), textColumn: z.string(), tagsColumn: z.string() })
          .optional(),
      }),
    ),
  }),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string(), query: z.string() })) }),
  panels: z.array(panelSchema),
});

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const boards = files.map((file) => ({
  file,
  board: boardSchema.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))),
}));
const panels = boards.flatMap(({ file, board }) =>
  board.panels.map((panel) => ({ file, panel, title: `${file}: ${panel.title}` })),
);
const variables = boards.flatMap(({ file, board }) =>
  board.templating.list
    .filter(({ type }) => type === 'query')
    .map(({ name, query }) => ({ title: `${file}: $${name}`, query })),
);
const annotations = boards.flatMap(({ file, board }) =>
  board.annotations.list.flatMap(({ name, target }) =>
    target === undefined ? [] : [{ title: `${file}: ${name}`, target, query: target.query }],
  ),
);
const queries = [
  ...panels.flatMap(({ title, panel }) =>
    panel.targets.map(({ refId, query }) => ({ title: `${title} ${refId}`, query })),
  ),
  ...variables,
  ...annotations,
];

/** Of the schema; a field with a part of its own, `<…>`, stands for many. */
function typeOf(measurement: string, name: string): FieldType | 'tag' | null {
  const found = Object.entries(SCHEMA).find(([known]) => known === measurement)?.[1];
  if (found === undefined) return null;
  const tags: readonly string[] = found.tags;
  if (tags.includes(name)) return 'tag';
  const fields = Object.entries<FieldType>(found.fields);
  const own = fields.find(([field]) => field === name);
  const like = fields.find(
    ([field]) => field.includes('<') && new RegExp(`^${field.replaceAll(/<[^>]+>/g, '[a-z0-9_]+')}$`).test(name),
  );
  return (own ?? like)?.[1] ?? null;
}

const WORDS = new Set(
  'SELECT FROM WHERE AND GROUP BY ORDER DESC LIMIT AS time fill none previous $timeFilter $__interval SHOW TAG VALUES WITH KEY'.split(
    ' ',
  ),
);
/** What they can be asked of. */
const FUNCTIONS: Readonly<Record<string, readonly FieldType[]>> = {
  sum: ['integer', 'float'],
  mean: ['integer', 'float'],
  max: ['integer', 'float'],
  percentile: ['integer', 'float'],
  last: ['integer', 'float', 'string'],
  count: ['integer', 'float', 'string'],
};

function unitOf(query: string): string {
  if (/^SELECT 100 \*|_pct"/.test(query)) return 'percent';
  if (query.includes('_ratio"')) return 'suffix:×';
  return query.includes('_ms"') ? 'ms' : 'short';
}

describe('the dashboards', () => {
  test('are four, each under a name of its own', () => {
    expect(files.toSorted()).toEqual(['budgets.json', 'burn.json', 'gamedays.json', 'probes.json']);
    expect(new Set(boards.map(({ board }) => board.uid)).size).toBe(4);
    for (const { board } of boards) expect(board.title).toMatch(/^pulsedrill: /);
  });

  test.each(queries)('ask only for what is shipped: $title', ({ query }) => {
    const { measurement, names, words } = parseInfluxql(query);
    expect(Object.keys(SCHEMA)).toContain(measurement);
    const found = names.map(({ name, inside }) => ({ name, inside, type: typeOf(measurement, name) }));
    expect(found.filter(({ type }) => type === null)).toEqual([]);
    const isMisused = ({ inside, type }: (typeof found)[number]): boolean =>
      inside !== null && type !== 'tag' && type !== null && FUNCTIONS[inside]?.includes(type) !== true;
    expect(found.filter(isMisused)).toEqual([]);
    // Without quotation marks stand only words of the language.
    const isKnown = (word: string): boolean => WORDS.has(word) || FUNCTIONS[word] !== undefined || /^\d/.test(word);
    expect(words.filter((word) => !isKnown(word))).toEqual([]);
  });

  test('would not pass with a field that nobody ships', () => {
    expect(typeOf('pulsedrill_budget', 'burn_2h_ratio')).toBeNull();
    expect(typeOf('pulsedrill_run', 'tick_age_p99_ms')).toBe('float');
    expect(() => parseInfluxql('SELECT "a" FROM "b"; DROP')).toThrow('not InfluxQL at 19: ; DROP');
  });

  test.each(panels)('name series by what they are grouped by, and say their unit: $title', ({ panel }) => {
    for (const { query, alias = '', resultFormat } of panel.targets) {
      const { groupedBy, aliases } = parseInfluxql(query);
      for (const [, tag] of alias.matchAll(/\$tag_(\w+)/g)) expect(groupedBy).toContain(tag);
      expect(resultFormat).toBe(panel.type === 'table' ? 'table' : 'time_series');
      expect(panel.type === 'table' || query.includes('GROUP BY ')).toBe(true);
      const shown = panel.type === 'table' ? [...aliases, 'Time'] : panel.targets.map((each) => each.alias);
      for (const { matcher } of panel.fieldConfig.overrides) expect(shown).toContain(matcher.options);
    }
    const { unit } = panel.fieldConfig.defaults;
    const isNumeric = panel.type === 'timeseries' || panel.type === 'bargauge';
    const units = isNumeric ? panel.targets.map(({ query }) => unitOf(query)) : [undefined];
    expect(units).toEqual(units.map(() => unit));
  });

  test('draw what is consumed with Yellow from 25 % and Red from 75 %', () => {
    const consumed = panels.filter(
      ({ panel }) => panel.type !== 'table' && panel.targets.some(({ query }) => query.includes('consumed_pct')),
    );
    expect(consumed).toHaveLength(2);
    for (const { panel } of consumed) {
      expect(panel.fieldConfig.defaults.unit).toBe('percent');
      expect(panel.fieldConfig.defaults.thresholds.steps).toEqual([
        { color: 'green', value: null },
        { color: 'yellow', value: 25 },
        { color: 'red', value: 75 },
      ]);
    }
  });

  test.each(boards)('lay their panels out side by side, and use no variable that is not there: $file', ({ board }) => {
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
    const cells = new Set<string>();
    for (const { gridPos } of board.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(x).toBeLessThan(24);
          expect(cells).not.toContain(`${x} ${y}`);
          cells.add(`${x} ${y}`);
        }
      }
    }
    const known = new Set(board.templating.list.map(({ name }) => name));
    const all = [
      ...board.panels.flatMap(({ targets }) => targets),
      ...board.annotations.list.flatMap(({ target }) => target ?? []),
    ];
    for (const { query } of all) {
      for (const [, name = ''] of query.matchAll(/\/\^\$(\w+)\$\//g)) expect(known).toContain(name);
    }
    for (const { datasource } of board.panels) expect(datasource).toEqual({ type: 'influxdb', uid: '${datasource}' });
  });

  test.each(annotations)('mark with what their query answers: $title', ({ target }) => {
    const { names } = parseInfluxql(target.query);
    const asked = names.map(({ name }) => name);
    for (const column of [target.titleColumn, target.textColumn, target.tagsColumn]) expect(asked).toContain(column);
  });
});

const MINUTE = 60_000;
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE;

const OBJECTIVES: readonly Rule[] = [
  { id: 'by-time', sli: { type: 'availability' }, weighing: 'time', split: null, probes: ['status'] },
  {
    id: 'by-count',
    sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true },
    weighing: 'count',
    split: null,
    probes: ['ticks'],
  },
  {
    id: 'by-telemetry',
    sli: { type: 'telemetry', what: 'jobs' },
    weighing: 'fraction',
    split: null,
    probes: ['telemetry:jobs'],
  },
  { id: 'by-quantity', sli: { type: 'quantity' }, weighing: 'quantity', split: 'venue', probes: ['paper'] },
];

/** A little of everything that is ever shipped. */
function resultsOf(): readonly Result[] {
  const outcomes = ['good', 'bad', 'excluded', 'fault', 'skipped'] as const;
  const phases = { ...NO_PHASES, dnsMs: 1, connectMs: 2, tlsMs: 3, sentMs: 0.1, firstByteMs: 9, transferMs: 1 };
  const at = (n: number): number => NOW - 30 * MINUTE + n * 10_000;
  return Array.from({ length: 60 }, (_, n): readonly Result[] => [
    aResult(n, {
      scheduledMs: at(n),
      outcome: outcomes[n % 5] ?? 'good',
      detail: n % 5 === 1 ? 'expected status 200, got 503' : null,
      phases,
      gameday: n % 2 === 0 ? 'gd-1' : null,
    }),
    aResult(n, {
      runId: `ticks/${n}`,
      probe: 'ticks',
      kind: 'market-data',
      scheduledMs: at(n) + 1,
      readings: [
        {
          type: 'counts',
          indicator: 'tick-age',
          atMs: at(n),
          valid: 10,
          within: { 'lt:1500': 9 },
          weigh: 'each',
          p50Ms: 20,
          p99Ms: 1600,
          maxMs: 1700,
        },
        {
          type: 'counts',
          indicator: 'newest-age',
          atMs: at(n),
          valid: 10,
          within: {},
          weigh: 'each',
          eachMs: 1000,
          p50Ms: 20,
          p99Ms: 600,
          maxMs: 700,
        },
      ],
    }),
    aResult(n, {
      runId: `paper/${n}`,
      probe: 'paper',
      kind: 'paper-order',
      venue: 'primary',
      scheduledMs: at(n) + 2,
      readings: [
        { type: 'duration', indicator: 'ack', ms: 40 },
        { type: 'quantity', submitted: '2', executed: n % 2 === 0 ? '2' : '1' },
      ],
    }),
    aResult(n, {
      runId: `telemetry/${n}`,
      probe: 'telemetry:jobs',
      kind: 'telemetry',
      scheduledMs: at(n) + 3,
      readings: [{ type: 'telemetry', split: '', good: '9', valid: '10' }],
    }),
  ]).flat();
}

const KINDS = ['colour', 'gameday', 'gameday-schedule', 'obligation', 'alert', 'incident', 'cadence'] as const;

function eventsOf(): readonly LedgerEvent[] {
  return KINDS.map((kind, n) => ({
    id: `${kind}/1`,
    atMs: NOW - n * MINUTE,
    kind,
    service: 'api',
    subject: 'by-time',
    body: { state: 'open' },
  }));
}

describe.skipIf(isMissing('influxd', 'influxdb'))('on a real InfluxDB, into which a ledger was exported', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-dashboards-'));
  let influxd: Influxd | null = null;
  beforeAll(async () => {
    const started = await startInfluxd();
    influxd = started;
    await using store = await openStore({ path: join(folder, 'ledger.db'), objectives: OBJECTIVES, stepMs: MINUTE });
    await store.append(resultsOf());
    await store.recordEvents(eventsOf());
    await store.recordBudgets(
      OBJECTIVES.map(({ id }) => ({
        objective: id,
        service: 'api',
        atMs: NOW,
        colour: 'yellow',
        consumedPct: 30,
        attainmentPct: 99.7,
        burn1h: 1.5,
        validEvents: 60,
        badEvents: 12,
      })),
    );
    const connection = { url: started.url, database: started.database };
    const options = { store, connection, location: 'fra1', clock: systemClock, random: () => 0 };
    await using exporter = startInfluxExport(options);
    const { total } = await exporter.flush();
    if (total > 0) throw new Error(`InfluxDB does not take ${total} rows`);
  }, 60_000);
  afterAll(async () => {
    await influxd?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(queries)('an answer has rows: $title', async ({ query }) => {
    // As Grafana fills in All, and several values that somebody chose.
    for (const [location, service] of [
      ['.*', '.*'],
      ['(fra1|lon1)', '(api|client-api)'],
    ] as const) {
      const filled = query
        .replaceAll('$timeFilter', `time >= ${NOW - 60 * MINUTE}ms and time <= ${NOW + MINUTE}ms`)
        .replaceAll('$__interval', '1m')
        .replaceAll('/^$location$/', `/^${location}$/`)
        .replaceAll('/^$service$/', `/^${service}$/`)
        .replaceAll(/\/\^\$(?:probe|objective)\$\//g, '/^.*$/');
      expect(filled).not.toMatch(/\$\w/);
      const rows = (await influxd?.query(filled)) ?? [];
      // A row says something beside its time and its tags.
      const values = rows.flatMap((row) =>
        Object.entries(row).filter(([name, value]) => name !== 'time' && value !== null && value !== ''),
      );
      expect({ filled, isEmpty: values.length === 0 }).toEqual({ filled, isEmpty: false });
    }
  });
});
