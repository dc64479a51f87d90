/** Against a real InfluxDB 1.x, whose points are written down, so that every count is known. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countStep } from '../../../runner/telemetry/counted.ts';
import { openSource } from '../../../runner/telemetry/kinds.ts';
import { askFor } from '../../../runner/telemetry/poller.ts';
import { startInfluxd, type Influxd } from '../../support/influxd.ts';
import { isMissing } from '../../support/servers.ts';
import { configured } from '../configured.ts';
import { bound, MINUTE } from './fake.ts';

/** On a minute and on a slice of five. */
const T = 1_800_000_000_000;
const SIGNAL = new AbortController().signal;
const SPAN = { fromMs: T, toMs: T + 5 * MINUTE, stepMs: MINUTE };

/** Each minute but the third: ten jobs on each of two venues, one of them failed on `backup`. */
const JOBS = [0, 1, 3, 4].flatMap((minute) =>
  Array.from({ length: 10 }, (_, job) => [
    `jobs,venue=primary completed=1i,attempted=1i ${T + minute * MINUTE + job * 1000}`,
    `jobs,venue=backup completed=${job === 0 ? 0 : 1}i,attempted=1i ${T + minute * MINUTE + job * 1000}`,
  ]),
);
/** Nine registrations in the first slice, none in the second. */
const DELAYS = [12, 14, 15, 20, 44.5, 46, 50, 70, 90].map(
  (seconds, index) => `registrations delay_s=${seconds} ${T + index * 20_000}`,
);

let influx: Influxd;

async function ask(
  query: { readonly good: string; readonly valid: string } | { readonly median: string },
  {
    split = null,
    stepMs = MINUTE,
    database = 'pulsedrill',
  }: { split?: 'venue' | null; stepMs?: number; database?: string } = {},
) {
  const [planned] = configured({
    probes: [{ id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/' }],
    sources: [{ id: 'flux', kind: 'influxdb', url: influx.url, database }],
  }).sources;
  if (planned === undefined) throw new Error('no source');
  await using source = openSource(planned.spec);
  return await askFor(source, bound({ ask: query, split, stepMs }), { ...SPAN, toMs: T + 10 * MINUTE, stepMs }, SIGNAL);
}

const summed = (field: string, by = '') =>
  `SELECT sum("${field}") FROM jobs WHERE $time GROUP BY time($range)${by} fill(none)`;

describe.skipIf(isMissing('influxd', 'influxdb'))('a real InfluxDB', () => {
  beforeAll(async () => {
    influx = await startInfluxd();
    const written = await fetch(`${influx.url}/write?db=pulsedrill&precision=ms`, {
      method: 'POST',
      body: [...JOBS.flat(), ...DELAYS].join('\n'),
    });
    if (written.status !== 204) throw new Error(await written.text());
  });
  afterAll(() => influx?.[Symbol.asyncDispose]());

  it('counts each minute, and has nothing for one without points', async () => {
    const answers = await ask({ good: summed('completed'), valid: summed('attempted') });
    if (typeof answers === 'string') throw new Error(answers);
    const minutes = [0, 1, 2, 3, 4, 5].map((minute) => countStep(answers, T + minute * MINUTE));
    const counted = { type: 'counted', remark: null };
    const nineteen = { ...counted, readings: [{ type: 'telemetry', split: '', good: '19', valid: '20' }] };
    const none = { type: 'none', why: 'no samples' };
    expect(minutes).toEqual([nineteen, nineteen, none, nineteen, nineteen, none]);
  });

  it('keeps venues apart', async () => {
    const by = ', venue';
    const answers = await ask({ good: summed('completed', by), valid: summed('attempted', by) }, { split: 'venue' });
    expect(typeof answers === 'string' ? answers : countStep(answers, T)).toEqual({
      type: 'counted',
      readings: [
        { type: 'telemetry', split: 'backup', good: '9', valid: '10' },
        { type: 'telemetry', split: 'primary', good: '10', valid: '10' },
      ],
      remark: null,
    });
  });

  it('answers the median of a slice', async () => {
    const median = 'SELECT percentile("delay_s", 50) FROM registrations WHERE $time GROUP BY time($range) fill(none)';
    const answers = await ask({ median }, { stepMs: 5 * MINUTE });
    if (typeof answers === 'string') throw new Error(answers);
    expect(countStep(answers, T)).toEqual({
      type: 'counted',
      readings: [{ type: 'median', split: '', ms: 44_500 }],
      remark: null,
    });
    expect(countStep(answers, T + 5 * MINUTE)).toEqual({ type: 'none', why: 'no samples' });
  });

  it('says what is wrong with a query, a database, and series that were not summed', async () => {
    const valid = summed('attempted');
    expect(await ask({ good: valid, valid: 'SELEKT $time GROUP BY time($range)' })).toMatch(
      /^valid: answers 400: error parsing query: found SELEKT, expected /,
    );
    expect(await ask({ good: valid, valid }, { database: 'elsewhere' })).toBe(
      'valid: answers 200: database not found: elsewhere',
    );
    expect(await ask({ good: valid, valid: summed('attempted', ', venue') })).toBe(
      'valid: 2 series where one is expected (venue="backup", …): sum them',
    );
  });
});
