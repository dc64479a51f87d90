import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, dictionary, double, option, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_PHASES, type Reading } from '../../../probes/probe.ts';
import { EMPTY_TALLY } from '../../../slo/tally.ts';
import type { Weighing } from '../../../slo/objective.ts';
import { MOST_KINDS, MOST_SPLITS, seriesBound } from '../../../store/influx/cardinality.ts';
import { budgetLine, eventLine, runLine, tallyLine } from '../../../store/influx/lines.ts';
import { SCHEMA, type FieldType, type MeasurementName } from '../../../store/influx/schema.ts';
import { AVAILABILITY, LATENCY, T0, aResult } from '../../support/results.ts';

const ROOT = join(import.meta.dirname, '../../..');
const NS = BigInt(T0) * 1_000_000n;

interface Told {
  readonly tags: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
}

/** What docs/influxdb.md says of each measurement. */
function documented(): Readonly<Record<string, Told>> {
  const page = readFileSync(join(ROOT, 'docs/influxdb.md'), 'utf8');
  const sections = page.split(/^### /m).slice(1);
  return Object.fromEntries(
    sections.flatMap((section) => {
      const name = /^`(pulsedrill_\w+)`/.exec(section)?.[1];
      if (name === undefined) return [];
      const own = section.split(/^## /m)[0] ?? '';
      const tags = [...(/^Tags: (.*)\.$/m.exec(own)?.[1] ?? '').matchAll(/`(\w+)`/g)].map(([, tag = '']) => tag);
      const rows = [...own.matchAll(/^\| (`[^|]+) \| (\w+) \|/gm)];
      const fields = rows.flatMap(([, names = '', type = '']) =>
        [...names.matchAll(/`([^`]+)`/g)].map(([, field = '']): [string, string] => [field, type]),
      );
      return [[name, { tags, fields: Object.fromEntries(fields) }]];
    }),
  );
}

interface Parsed {
  readonly measurement: string;
  readonly tags: readonly string[];
  readonly fields: ReadonlyMap<string, FieldType>;
}

/** A line as a server reads it. */
function parse(line: string): Parsed {
  const [, head = '', body = ''] = /^((?:[^ \\]|\\.)+) (.*) -?\d+$/s.exec(line) ?? [];
  const [measurement = '', ...tags] = head.split(/(?<!\\),/);
  const fields = [...body.matchAll(/([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)/gs)];
  return {
    measurement,
    tags: tags.map((tag) => tag.split('=')[0] ?? ''),
    fields: new Map(
      fields.map(([, name = '', value = '']) => [
        name,
        value.startsWith('"') ? 'string' : value.endsWith('i') ? 'integer' : 'float',
      ]),
    ),
  };
}

const WORDS: Readonly<Record<string, string>> = {
  '<indicator>': '(?:latency|tick_age|newest_age|signal_age|ack|order_fill|order_cancel|signal_ack|signal_fill)',
  '<split>': '[a-z0-9_]+',
  '<name>': '[a-z0-9_]*',
  '<n>': '\\d+',
};

/** The name in the schema under which a field stands. */
function schemaName(measurement: MeasurementName, field: string): string | undefined {
  return Object.keys(SCHEMA[measurement].fields).find((name) =>
    new RegExp(`^${name.replaceAll(/<\w+>/g, (word) => WORDS[word] ?? word)}$`).test(field),
  );
}

const counts = { type: 'counts', indicator: 'tick-age', atMs: T0, within: {}, weigh: 'each' } as const;
const telemetry = (split: string): Reading => ({ type: 'telemetry', split, good: '1', valid: '2' });
const phases = { dnsMs: 1, connectMs: 1, tlsMs: 1, sentMs: 1, firstByteMs: 1, transferMs: 1 };

/** One of everything that can be written. */
function everyLine(): readonly string[] {
  const run = (differing: object) => runLine(aResult(0, differing), NS, 1);
  const tally = { atMs: T0, split: 'odd\\', ...EMPTY_TALLY, good: 1, goodWeight: 2n ** 64n };
  const budget = { objective: 'o', service: 'odd\\', atMs: T0, colour: 'red', validEvents: 1, badEvents: 1 };
  const weighings: readonly Weighing[] = ['time', 'count', 'fraction', 'quantity', 'notional'];
  return [
    run({
      phases,
      endpoint: '/e',
      venue: 'v',
      reason: 'timeout',
      detail: 'd'.repeat(17_000),
      gameday: 'g',
      recordedMs: 1,
    }),
    run({ readings: [{ ...counts, valid: 3, p50Ms: 1, p99Ms: 1, maxMs: 1 }] }),
    run({ readings: [{ type: 'quantity', submitted: '1', executed: '1' }, telemetry(''), telemetry('Primary 1')] }),
    run({ readings: ['', 'a'].map((split) => ({ type: 'median', split, ms: 1 })) }),
    ...weighings.map((weighing) => tallyLine('o', weighing, tally, { location: 'fra1', nowMs: 1 })),
    budgetLine({ ...budget, consumedPct: 1, attainmentPct: 1, burn1h: 1 }, 'fra1'),
    eventLine({ id: 'e', atMs: T0, kind: 'note', service: 's', subject: 'x', body: { text: 'x'.repeat(17_000) } }, NS, {
      location: 'fra1',
      seq: 1,
      recordedMs: 1,
    }),
  ].filter((line) => line !== null);
}

describe('the schema', () => {
  test('is what the document tells, tag by tag and field by field', () => {
    const plain = Object.fromEntries(
      Object.entries(SCHEMA).map(([name, { tags, fields }]) => [name, { tags: [...tags], fields: { ...fields } }]),
    );
    expect(documented()).toEqual(plain);
  });

  test('has every field that is written, by its type, and nothing that is not written', () => {
    const seen: Record<string, { tags: Set<string>; fields: Set<string> }> = {};
    for (const line of everyLine()) {
      const { measurement, tags, fields } = parse(line);
      const name = Object.keys(SCHEMA).find((each): each is MeasurementName => each === measurement);
      if (name === undefined) throw new Error(`${measurement} is in no schema: ${line}`);
      const own = (seen[name] ??= { tags: new Set(), fields: new Set() });
      for (const tag of tags) own.tags.add(tag);
      for (const [field, type] of fields) {
        const known = schemaName(name, field);
        expect([
          field,
          known,
          known === undefined ? null : Object.entries(SCHEMA[name].fields).find(([key]) => key === known)?.[1],
        ]).toEqual([field, known, type]);
        own.fields.add(known ?? field);
      }
    }
    for (const [name, { tags, fields }] of Object.entries(SCHEMA)) {
      expect([name, [...(seen[name]?.tags ?? [])].toSorted()]).toEqual([name, [...tags].toSorted()]);
      expect([name, [...(seen[name]?.fields ?? [])].toSorted()]).toEqual([name, Object.keys(fields).toSorted()]);
    }
  });

  test('holds whatever numbers and names a probe brings', () => {
    assert(
      property(dictionary(string(), option(double())), string(), (values, split) => {
        const line = runLine(aResult(0, { values, phases: NO_PHASES, readings: [telemetry(split)] }), NS, 1) ?? '';
        for (const [field, type] of parse(line).fields) {
          const known = schemaName('pulsedrill_run', field) ?? field;
          expect(Object.entries(SCHEMA.pulsedrill_run.fields)).toContainEqual([known, type]);
        }
      }),
    );
  });
});

describe('the number of series', () => {
  const probe = (id: string, endpoint: string | null) => ({ id, service: 'api', endpoint, venue: null });
  const probes = [probe('status', '/status'), probe('orders', '/orders'), probe('positions', '/orders')];
  const objective = { ...AVAILABILITY, service: 'api', probes: probes.map(({ id }) => id) };

  test('follows from the configuration alone', () => {
    const latency = { ...LATENCY, service: 'api', probes: objective.probes };
    const fed = {
      ...objective,
      id: 'acks',
      sli: { type: 'telemetry', what: 'acks' },
      split: 'venue',
      probes: [],
    } as const;
    expect(seriesBound({ probes, objectives: [objective, latency, fed], services: ['api', 'ledger'] })).toEqual({
      pulsedrill_run: 4,
      pulsedrill_tally: 1 + 2 + MOST_SPLITS,
      pulsedrill_budget: 3,
      pulsedrill_event: MOST_KINDS * 3,
      total: 4 + 103 + 3 + 192,
    });
  });

  test('leaves room for more kinds of event than there are', () => {
    const text = readFileSync(join(ROOT, 'store/store.ts'), 'utf8');
    const union = /readonly kind:\n((?:.*\n)*?) {2}readonly service/.exec(text)?.[1] ?? '';
    const kinds = union.match(/^ {4}\| '/gm)?.length ?? 0;
    expect(kinds).toBeGreaterThan(10);
    expect(kinds).toBeLessThanOrEqual(MOST_KINDS);
  });
});
