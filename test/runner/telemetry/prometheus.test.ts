/** Against a real Prometheus, whose past is written down, so that every count is known. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countStep } from '../../../runner/telemetry/counted.ts';
import { openSource } from '../../../runner/telemetry/kinds.ts';
import { askFor } from '../../../runner/telemetry/poller.ts';
import type { TelemetrySource } from '../../../runner/telemetry/source.ts';
import { startPrometheus, type Prometheus } from '../../support/prometheus.ts';
import { isMissing } from '../../support/servers.ts';
import { configured } from '../configured.ts';
import { bound, MINUTE } from './fake.ts';

const HOUR = 60 * MINUTE;
const SCRAPE = 15_000;
/** Within the server's retention, and long over. */
const T = Math.floor(Date.now() / HOUR) * HOUR - 6 * HOUR;
const SIGNAL = new AbortController().signal;

/** One series of a counter: `rise` a scrape, from 0; `resetAt` begins anew; `silent` scrapes are missing. Minutes since T. */
function counter(
  name: string,
  labels: string,
  rise: number,
  { resetAt = Infinity, silent = [Infinity, Infinity] }: { resetAt?: number; silent?: readonly [number, number] } = {},
): readonly string[] {
  const lines: string[] = [];
  let value = 0;
  for (let ms = 0; ms <= 30 * MINUTE; ms += SCRAPE) {
    if (ms === resetAt * MINUTE) value = 0;
    else if (ms > 0) value += rise;
    const isSilent = ms > silent[0] * MINUTE && ms <= silent[1] * MINUTE;
    if (!isSilent) lines.push(`${name}{${labels}} ${value} ${(T + ms) / 1000}`);
  }
  return lines;
}

const HISTORY = [
  '# TYPE jobs counter',
  ...counter('jobs_total', 'outcome="completed"', 14, { resetAt: 10.5, silent: [15, 18] }),
  ...counter('jobs_total', 'outcome="failed"', 1, { resetAt: 10.5, silent: [15, 18] }),
  '# TYPE acks counter',
  ...counter('acks_total', 'venue="primary",fast="yes"', 3),
  ...counter('acks_total', 'venue="primary",fast="no"', 1),
  ...counter('acks_total', 'venue="backup",fast="yes"', 2),
  '# TYPE delay counter',
  ...counter('delay_total', 'le="30"', 2),
  ...counter('delay_total', 'le="45"', 6),
  ...counter('delay_total', 'le="+Inf"', 10),
  '# EOF',
  '',
].join('\n');

let prometheus: Prometheus;
let source: TelemetrySource;

describe.skipIf(isMissing('prometheus', 'prometheus'))('a real Prometheus', () => {
  beforeAll(async () => {
    prometheus = await startPrometheus({ history: HISTORY });
    const [planned] = configured({
      probes: [{ id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/' }],
      sources: [{ id: 'prom', kind: 'prometheus', url: `${prometheus.url}/` }],
    }).sources;
    if (planned === undefined) throw new Error('no source');
    source = openSource(planned.spec);
  });
  afterAll(async () => {
    await source?.[Symbol.asyncDispose]();
    await prometheus?.[Symbol.asyncDispose]();
  });

  const span = (minutes: number, stepMs = MINUTE) => ({ fromMs: T, toMs: T + minutes * MINUTE, stepMs });

  it('counts every minute exactly, through a reset and beside a gap', async () => {
    const ask = {
      good: 'sum(increase(jobs_total{outcome="completed"}[$range]))',
      valid: 'sum(increase(jobs_total[$range]))',
    };
    const answers = await askFor(source, bound({ ask }), span(30), SIGNAL);
    if (typeof answers === 'string') throw new Error(answers);
    const minutes = Array.from({ length: 30 }, (_, minute) => {
      const counted = countStep(answers, T + minute * MINUTE);
      if (counted.type === 'none') return counted.why;
      return counted.readings.map((each) => (each.type === 'telemetry' ? `${each.good}/${each.valid}` : '')).join();
    });
    // Four scrapes a minute, fourteen jobs completed and one failed in each.
    expect(minutes.filter((_, minute) => minute < 10)).toEqual(Array.from({ length: 10 }, () => '56/60'));
    // The process began anew at 10:30: three rises before and after; what it had done at its first scrape is 0.
    expect(minutes[10]).toBe('42/45');
    expect(minutes.slice(11, 15)).toEqual(Array.from({ length: 4 }, () => '56/60'));
    // One sample at the very beginning of the gap is none; nothing in it is a count of zero.
    expect(minutes.slice(15, 18)).toEqual(['no samples', 'no samples', 'no samples']);
    expect(minutes.slice(19)).toEqual(Array.from({ length: 11 }, () => '56/60'));
  });

  it('keeps venues apart', async () => {
    const ask = {
      good: 'sum by (venue) (increase(acks_total{fast="yes"}[$range]))',
      valid: 'sum by (venue) (increase(acks_total[$range]))',
    };
    const answers = await askFor(source, bound({ ask, split: 'venue' }), span(5), SIGNAL);
    if (typeof answers === 'string') throw new Error(answers);
    const counted = countStep(answers, T + 2 * MINUTE);
    expect(counted).toMatchObject({ type: 'counted' });
    expect(counted.type === 'counted' ? counted.readings : []).toEqual(
      expect.arrayContaining([
        { type: 'telemetry', split: 'primary', good: '12', valid: '16' },
        { type: 'telemetry', split: 'backup', good: '8', valid: '8' },
      ]),
    );
  });

  it('answers the median of a slice, and NaN where nothing was observed', async () => {
    const median = 'histogram_quantile(0.5, sum by (le) (rate(delay_total[$range])))';
    const slices = span(30, 5 * MINUTE);
    const answers = await askFor(source, bound({ ask: { median }, stepMs: 5 * MINUTE }), slices, SIGNAL);
    if (typeof answers === 'string') throw new Error(answers);
    // Five of ten lie at or below the median: three quarters of the way from 30 s to 45 s.
    expect(countStep(answers, T)).toEqual({
      type: 'counted',
      readings: [{ type: 'median', split: '', ms: expect.closeTo(41_250, 6) }],
      remark: null,
    });
    const still = { median: `histogram_quantile(0.5, sum by (le) (rate(delay_total[$range]) * 0))` };
    const empty = await askFor(source, bound({ ask: still, stepMs: 5 * MINUTE }), slices, SIGNAL);
    if (typeof empty === 'string') throw new Error(empty);
    expect(countStep(empty, T)).toEqual({ type: 'none', why: 'no samples' });
  });

  it.each([
    ['sum(', /^valid: answers 400: bad_data: .*parse error: unclosed left parenthesis$/],
    [
      'jobs_total',
      /^valid: 2 series where one is expected \(__name__="jobs_total", outcome="completed", …\): sum them$/,
    ],
  ])('says what is wrong with %s', async (valid, reason) => {
    const answers = await askFor(source, bound({ ask: { good: 'vector(1)', valid } }), span(5), SIGNAL);
    expect(answers).toMatch(reason);
  });

  it('has no samples of a metric that is not there', async () => {
    const ask = { good: 'vector(1)', valid: 'no_such_metric' };
    const answers = await askFor(source, bound({ ask }), span(5), SIGNAL);
    if (typeof answers === 'string') throw new Error(answers);
    expect(countStep(answers, T)).toEqual({ type: 'none', why: 'no samples' });
  });
});
