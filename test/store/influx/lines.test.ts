import { describe, expect, test } from 'vitest';
import { EMPTY_TALLY } from '../../../slo/tally.ts';
import { budgetLine, eventLine, runLine, tallyLine } from '../../../store/influx/lines.ts';
import type { Result } from '../../../store/result.ts';
import { T0, aResult } from '../../support/results.ts';

const NS = BigInt(T0) * 1_000_000n;

/** Without its record, which has a test of its own. */
function runText(differing: Partial<Result>): string {
  return (runLine(aResult(0, differing), NS, 7) ?? '').replace(/,record="(?:[^"\\]|\\.)*"/, '');
}

describe('the line of a run', () => {
  test('has its series in tags and all else in fields, what was not measured left out', () => {
    expect(runText({ endpoint: '/orders', runId: 'r1' })).toBe(
      'pulsedrill_run,endpoint=/orders,kind=http,location=fra1,probe=status,service=api ' +
        'run_id="r1",outcome="good",cadence="green",is_good=1i,weight_ms=1000i,lateness_ms=1.5,duration_ms=21.25,' +
        `loop_delay_ms=0.5,first_byte_ms=18.5,transfer_ms=0.75,latency_ms=20,value_status=200 ${NS}`,
    );
  });

  test('ends in a record of the whole run, in as many parts as it takes', () => {
    const result = aResult(0, { detail: `said "no"\nand \\ ${'🙂'.repeat(20_000)}`, values: { weird: 0.1 + 0.2 } });
    const line = runLine(result, NS, 7) ?? '';
    const parts = [...line.matchAll(/,(record(?:_\d+)?)="((?:[^"\\]|\\.)*)"/g)];
    expect(parts.map(([, name]) => name)).toEqual(['record', 'record_2', 'record_3']);
    const texts = parts.map(([, , text = '']) => text.replaceAll(/\\(["\\])/g, '$1'));
    expect(texts.every((text) => text.length <= 16_000 && text.isWellFormed())).toBe(true);
    expect(JSON.parse(texts.join(''))).toEqual({ seq: 7, ...result });
    expect(line).not.toContain('\n');
  });

  test('says neither good nor bad of a run that is no valid event', () => {
    expect(runText({ outcome: 'skipped', reason: 'overlap' })).not.toContain('is_good');
    expect(runText({ outcome: 'bad', reason: 'timeout' })).toContain('is_good=0i');
  });

  test('adds up the counts of a run that crossed a step, and keeps the worst of its figures', () => {
    const counts = { type: 'counts', indicator: 'tick-age', within: {}, weigh: 'shared' } as const;
    const line = runText({
      readings: [
        { ...counts, atMs: T0, valid: 3, p50Ms: 10, p99Ms: 20, maxMs: 30 },
        { ...counts, atMs: T0 + 1, valid: 4, p50Ms: null, p99Ms: 90.5, maxMs: 25 },
        { type: 'quantity', submitted: '0.5', executed: '0.25' },
        { type: 'duration', indicator: 'order-fill', ms: null },
      ],
    });
    expect(line).toContain('tick_age_events=7i,tick_age_p50_ms=10,tick_age_p99_ms=90.5,tick_age_max_ms=30');
    expect(line).toContain('executed_quantity=0.25');
    expect(line).not.toContain('order_fill');
  });

  test('leaves out counts that no integer can hold, so that the rest of the line is taken', () => {
    const counts = { type: 'counts', indicator: 'tick-age', within: {}, weigh: 'shared', atMs: T0 } as const;
    const line = runText({ readings: [{ ...counts, valid: Number.NaN, p50Ms: 1, p99Ms: null, maxMs: null }] });
    expect(line).not.toContain('tick_age_events');
    expect(line).toContain('tick_age_p50_ms=1');
  });

  test('has what telemetry answered, each split in fields of its own', () => {
    const said = { probe: 'telemetry:acks', kind: 'telemetry' };
    const counts = (split: string) => ({ type: 'telemetry', split, good: '59.5', valid: '60.25' }) as const;
    const line = runText({ ...said, readings: [counts(''), counts('Primary 1')] });
    expect(line).toContain('good_events=59.5');
    expect(line).toContain('valid_events=60.25');
    expect(line).toContain('good_primary_1_events=59.5');
    expect(line).toContain('valid_primary_1_events=60.25');
    expect(runText({ ...said, readings: [{ type: 'median', split: '', ms: 41_250 }] })).toContain('median_ms=41250');
  });

  test('survives names and texts that the line protocol gives a meaning', () => {
    const line = runText({
      service: 'a b,c=d',
      venue: 'back\\',
      endpoint: 'two\nlines',
      detail: 'said "no"\nand \\ left',
      values: { connectMs: 1e21, gaps: null },
    });
    expect(line).toContain(
      String.raw`pulsedrill_run,endpoint=two␊lines,kind=http,location=fra1,probe=status,service=a\ b\,c\=d,venue=back\~ `,
    );
    expect(line).toContain('detail="said \\"no\\" and \\\\ left"');
    expect(line).toContain('value_connect_ms=1e+21');
    expect(line).not.toContain('gaps');
  });
});

describe('the line of a tally', () => {
  const near = { borderline: 3, bounded: 4 };
  const weights = { goodWeight: 2n ** 45n + 1n, squaredWeight: 9n };
  const row = { atMs: T0, split: '/orders', ...EMPTY_TALLY, good: 2, ...weights, ...near };
  const at = { location: 'fra1', nowMs: 12 };
  const counts = 'good=2i,bad=0i,excluded=0i,faults=0i,borderline=3i,bounded=4i';

  test.each([
    ['time', 'good_us=35184372088833i,bad_us=0i,excluded_us=0i,fault_us=0i,squared_ms2=9i'],
    ['count', 'good_events=35184372088833i,bad_events=0i,excluded_events=0i,fault_events=0i,squared_events2=9i'],
    [
      'fraction',
      'good_millionths=35184372088833i,bad_millionths=0i,excluded_millionths=0i,fault_millionths=0i,squared_events_millionths=9i',
    ],
    [
      'quantity',
      'good_millionths_ms="35184372088833",bad_millionths_ms="0",squared_millionths2="9",' +
        'good_quantity_ms=35184372.088833,bad_quantity_ms=0',
    ],
    [
      'notional',
      'good_millionths_ms="35184372088833",bad_millionths_ms="0",squared_millionths2="9",' +
        'good_notional_ms=35184372.088833,bad_notional_ms=0',
    ],
  ] as const)('weighed by %s names its unit', (weighing, fields) => {
    expect(tallyLine('o', weighing, row, at)).toBe(
      `pulsedrill_tally,location=fra1,objective=o,split=/orders ${counts},${fields},written_ms=12i ${NS}`,
    );
  });

  test('keeps every digit of weights that no integer of InfluxDB holds', () => {
    const line = tallyLine('o', 'count', { ...row, goodWeight: 2n ** 70n }, at);
    expect(line).toContain('good_events=9223372036854775807i');
    expect(line).toContain('wide="1180591620717411303424 0 0 0 9"');
  });

  test('has no split when there is none, and says the one that no tag can say', () => {
    expect(tallyLine('o', 'time', { ...row, split: '' }, at)).toContain(
      'pulsedrill_tally,location=fra1,objective=o good',
    );
    const odd = tallyLine('o', 'time', { ...row, split: '/a\\' }, at);
    expect(odd).toContain(String.raw`,split=/a\~ `);
    expect(odd).toContain(String.raw`exact_split="\"/a\\\\\""`);
  });
});

test('the line of a budget leaves out what is unknown', () => {
  const point = {
    objective: 'o',
    service: 'api',
    atMs: T0 + 0.5,
    colour: 'unknown',
    consumedPct: null,
    attainmentPct: null,
    burn1h: null,
    validEvents: 0,
    badEvents: 0,
  };
  expect(budgetLine(point, 'fra1')).toBe(
    `pulsedrill_budget,location=fra1,objective=o,service=api colour="unknown",valid_events=0i,bad_events=0i ${NS + 500_000n}`,
  );
  expect(
    budgetLine({ ...point, colour: 'red', consumedPct: 256.4, attainmentPct: 99.1, burn1h: 14.4 }, 'fra1'),
  ).toContain('consumed_pct=256.4,attainment_pct=99.1,burn_1h_ratio=14.4 ');
});

test('the line of an event carries its body as JSON, cut when it is too long for people, whole in the record', () => {
  const event = { id: 'e1', atMs: T0, kind: 'colour', service: null, subject: 'o', body: { from: 'green' } } as const;
  const at = { location: 'fra1', seq: 3, recordedMs: 0 };
  expect(eventLine(event, NS, at)).toBe(
    String.raw`pulsedrill_event,kind=colour,location=fra1 id="e1",subject="o",body="{\"from\":\"green\"}",record="{\"id\":\"e1\",\"atMs\":${T0},\"kind\":\"colour\",\"service\":null,\"subject\":\"o\",\"body\":{\"from\":\"green\"},\"recordedMs\":0,\"seq\":3}" ${NS}`,
  );
  const long = eventLine({ ...event, body: { text: 'x'.repeat(100_000) } }, NS, at) ?? '';
  expect(long).toContain('… (cut)');
  expect(long).toContain(',record_7="');
});
