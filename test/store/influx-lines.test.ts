import { describe, expect, test } from 'vitest';
import { EMPTY_TALLY } from '../../slo/tally.ts';
import { budgetLine, eventLine, runLine, tallyLine } from '../../store/influx-lines.ts';
import { T0, aResult } from '../support/results.ts';

const NS = BigInt(T0) * 1_000_000n;

describe('the line of a run', () => {
  test('has its series in tags and all else in fields, what was not measured left out', () => {
    expect(runLine(aResult(0, { endpoint: '/orders', runId: 'r1' }), NS + 1n)).toBe(
      'pulsedrill_run,endpoint=/orders,kind=http,location=fra1,probe=status,service=api ' +
        'cadence="green",duration_ms=21.25,first_byte_ms=18.5,is_good=1i,latency_ms=20,lateness_ms=1.5,' +
        'loop_delay_ms=0.5,outcome="good",run_id="r1",transfer_ms=0.75,value_status=200,weight_ms=1000i ' +
        `${NS + 1n}`,
    );
  });

  test('says neither good nor bad of a run that is no valid event', () => {
    expect(runLine(aResult(0, { outcome: 'skipped', reason: 'overlap' }), NS)).not.toContain('is_good');
    expect(runLine(aResult(0, { outcome: 'bad', reason: 'timeout' }), NS)).toContain('is_good=0i');
  });

  test('adds up the counts of a run that crossed a step, and keeps the worst of its figures', () => {
    const counts = { type: 'counts', indicator: 'tick-age', within: {}, weigh: 'shared' } as const;
    const line = runLine(
      aResult(0, {
        readings: [
          { ...counts, atMs: T0, valid: 3, p50Ms: 10, p99Ms: 20, maxMs: 30 },
          { ...counts, atMs: T0 + 1, valid: 4, p50Ms: null, p99Ms: 90.5, maxMs: 25 },
          { type: 'quantity', submitted: '0.5', executed: '0.25' },
          { type: 'duration', indicator: 'order-fill', ms: null },
        ],
      }),
      NS,
    );
    expect(line).toContain('tick_age_events=7i,tick_age_max_ms=30,tick_age_p50_ms=10,tick_age_p99_ms=90.5');
    expect(line).toContain('executed_quantity=0.25');
    expect(line).not.toContain('order_fill');
  });

  test('has what telemetry answered, each split in fields of its own', () => {
    const said = { probe: 'telemetry:acks', kind: 'telemetry' };
    const counts = (split: string) => ({ type: 'telemetry', split, good: '59.5', valid: '60.25' }) as const;
    const line = runLine(aResult(0, { ...said, readings: [counts(''), counts('Primary 1')] }), NS);
    expect(line).toContain('good_events=59.5');
    expect(line).toContain('valid_events=60.25');
    expect(line).toContain('good_primary_1_events=59.5');
    expect(line).toContain('valid_primary_1_events=60.25');
    expect(runLine(aResult(0, { ...said, readings: [{ type: 'median', split: '', ms: 41_250 }] }), NS)).toContain(
      'median_ms=41250',
    );
  });

  test('survives names and texts that the line protocol gives a meaning', () => {
    const line = runLine(
      aResult(0, {
        service: 'a b,c=d',
        venue: 'back\\',
        endpoint: '',
        detail: 'said "no"\nand \\ left',
        values: { connectMs: 1e21, gaps: null },
      }),
      NS,
    );
    expect(line).toContain('pulsedrill_run,kind=http,location=fra1,probe=status,service=a\\ b\\,c\\=d,venue=back_ ');
    expect(line).toContain('detail="said \\"no\\" and \\\\ left"');
    expect(line).toContain('value_connect_ms=1e+21');
    expect(line).not.toContain('gaps');
  });
});

describe('the line of a tally', () => {
  const near = { borderline: 3, bounded: 4 };
  const weights = { goodWeight: 2n ** 53n + 1n, squaredWeight: 9n };
  const row = { atMs: T0, split: '/orders', ...EMPTY_TALLY, good: 2, ...weights, ...near };

  test.each([
    [
      'time',
      'bad_us=0i,borderline=3i,bounded=4i,excluded=0i,excluded_us=0i,fault_us=0i,faults=0i,good=2i,good_us=9007199254740993i,squared_ms2=9i',
    ],
    [
      'count',
      'bad_events=0i,borderline=3i,bounded=4i,excluded=0i,excluded_events=0i,fault_events=0i,faults=0i,good=2i,good_events=9007199254740993i,squared_events2=9i',
    ],
    [
      'quantity',
      'bad_millionths_ms="0",bad_quantity_ms=0,borderline=3i,bounded=4i,excluded=0i,faults=0i,good=2i,' +
        'good_millionths_ms="9007199254740993",good_quantity_ms=9007199254.740992,squared_millionths2="9"',
    ],
    [
      'notional',
      'bad_millionths_ms="0",bad_notional_ms=0,borderline=3i,bounded=4i,excluded=0i,faults=0i,good=2i,' +
        'good_millionths_ms="9007199254740993",good_notional_ms=9007199254.740992,squared_millionths2="9"',
    ],
  ] as const)('weighed by %s names its unit and keeps every digit', (weighing, fields) => {
    expect(tallyLine('o', weighing, row)).toBe(`pulsedrill_tally,objective=o,split=/orders bad=0i,${fields} ${NS}`);
  });

  test('has no split when there is none', () => {
    expect(tallyLine('o', 'time', { ...row, split: '' })).toContain('pulsedrill_tally,objective=o bad=0i');
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
  expect(budgetLine(point)).toBe(
    `pulsedrill_budget,objective=o,service=api bad_events=0i,colour="unknown",valid_events=0i ${NS + 500_000n}`,
  );
  expect(budgetLine({ ...point, colour: 'red', consumedPct: 256.4, attainmentPct: 99.1, burn1h: 14.4 })).toContain(
    'attainment_pct=99.1,bad_events=0i,burn_1h_ratio=14.4,colour="red",consumed_pct=256.4,',
  );
});

test('the line of an event carries its body as JSON, cut when it is too long to be stored', () => {
  const event = { id: 'e1', atMs: T0, kind: 'colour', service: null, subject: 'o', body: { from: 'green' } } as const;
  expect(eventLine(event, NS)).toBe(
    `pulsedrill_event,kind=colour body="{\\"from\\":\\"green\\"}",id="e1",subject="o" ${NS}`,
  );
  const long = eventLine({ ...event, body: { text: 'x'.repeat(100_000) } }, NS) ?? '';
  expect(long.length).toBeLessThan(20_000);
  expect(long).toContain('… (cut)');
});
