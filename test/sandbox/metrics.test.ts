import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../sandbox/random.ts';
import { Histogram } from '../../sandbox/venue/histogram.ts';
import { venueKnobsSchema } from '../../sandbox/venue/knobs.ts';
import { Work } from '../../sandbox/venue/work.ts';
import { eventually, isMissing } from '../support/servers.ts';
import { api, json, practice, turn, type Json } from './support.ts';

const PROMPT = { exchange: { knobs: { ackLatency: { type: 'fixed', ms: 1 } } } } as const;

async function place(url: string): Promise<Json> {
  const body = { symbol: 'BTCUSD', side: 'buy', quantity: 0.001, reference_price: 50_000 };
  return json(await api(url, '/api/v1/orders', { body }));
}

/** The value of one series. */
function value(text: string, series: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  if (line === undefined) throw new Error(`no ${series}`);
  return Number(line.slice(series.length + 1));
}

async function metrics(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

describe('a histogram', () => {
  it('counts what is at or below each bound, and what never happened only in +Inf', () => {
    const histogram = new Histogram([0.1, 0.5]);
    for (const seconds of [0.1, 0.3, 2, Infinity]) histogram.observe(seconds);
    expect(histogram.lines('ack', 'venue="primary"')).toBe(
      'ack_bucket{venue="primary",le="0.1"} 1\nack_bucket{venue="primary",le="0.5"} 2\n' +
        'ack_bucket{venue="primary",le="+Inf"} 4\nack_sum{venue="primary"} 2.4\nack_count{venue="primary"} 4\n',
    );
  });
});

describe('the work that telemetry tells of', () => {
  const knobs = venueKnobsSchema.parse({ jobsPerSecond: 10, jobFailRatio: 0.5, parityFailRatio: 0.1 });

  it('is done at its rate, whatever the steps in which time passes', () => {
    const [one, many] = [new Work(0), new Work(0)];
    one.advance(1000, knobs, randomStream(1, 'work'));
    const random = randomStream(1, 'work');
    for (let ms = 50; ms <= 1000; ms += 50) many.advance(ms, knobs, random);
    expect(one.jobs.completed + one.jobs.failed).toBe(10);
    expect(many.jobs).toEqual(one.jobs);
    expect(many.decisions.lines('d')).toBe(one.decisions.lines('d'));
  });

  it('makes up for no more than a second after a stop of the whole process', () => {
    const work = new Work(0);
    work.advance(3_600_000, knobs, randomStream(1, 'work'));
    expect(work.jobs.completed + work.jobs.failed).toBe(10);
  });

  it('fails by its own dice: turning one knob shifts no other', () => {
    const [calm, ill] = [new Work(0), new Work(0)];
    calm.advance(1000, { ...knobs, jobFailRatio: 0 }, randomStream(1, 'work'));
    ill.advance(1000, { ...knobs, jobFailRatio: 1 }, randomStream(1, 'work'));
    expect(calm.jobs).toEqual({ completed: 10, failed: 0 });
    expect(ill.jobs).toEqual({ completed: 0, failed: 10 });
    expect(ill.parity).toEqual(calm.parity);
  });
});

describe('/metrics of the venue', () => {
  it('tells of jobs, parity, decisions, registrations, signals and acknowledgements', async () => {
    await using it = await practice(PROMPT);
    await turn(it.venue.control, { jobFailRatio: 1, decisionLatency: { type: 'fixed', ms: 130 } });
    await place(it.url);
    const text = await eventually(async () => {
      const found = await metrics(it.url);
      const isThere =
        value(found, 'order_ack_seconds_count{venue="primary"}') === 1 &&
        value(found, 'strategy_jobs_total{outcome="failed"}') > 0 &&
        value(found, 'signal_age_seconds_count') > 0;
      return isThere ? found : undefined;
    }, 'all of it');
    expect(value(text, 'order_ack_seconds_count{venue="backup"}')).toBe(0);
    expect(value(text, 'strategy_decision_seconds_bucket{le="+Inf"}')).toBe(
      value(text, 'strategy_decision_seconds_count'),
    );
    expect(value(text, 'pipeline_parity_jobs_total{outcome="failed"}')).toBe(0);
  });

  it('counts an order that is cancelled without an acknowledgement as one that never came', async () => {
    await using it = await practice({ exchange: { knobs: { neverAckRatio: 1 } } });
    const order = await place(it.url);
    await api(it.url, `/api/v1/orders/${String(order['order_id'])}`, { method: 'DELETE' });
    const text = await metrics(it.url);
    expect(value(text, 'order_ack_seconds_count{venue="primary"}')).toBe(1);
    expect(value(text, 'order_ack_seconds_bucket{venue="primary",le="2.5"}')).toBe(0);
  });

  it('is away when the knob says so', async () => {
    await using it = await practice(PROMPT);
    await turn(it.venue.control, { metricsDown: true });
    expect((await fetch(`${it.url}/metrics`)).status).toBe(503);
  });
});

describe.skipIf(isMissing('promtool', 'prometheus'))('promtool', () => {
  it('finds nothing wrong with the form of the metrics', async () => {
    await using it = await practice(PROMPT);
    const found = execFileSync('promtool', ['check', 'metrics'], { input: await metrics(it.url), encoding: 'utf8' });
    expect(found).toBe('');
  });
});
