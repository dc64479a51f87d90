import { describe, expect, it } from 'vitest';
import type { RequestListener } from 'node:http';
import { checkSources } from '../../../runner/doctor/sources.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { configured } from '../configured.ts';
import { serve } from './fake.ts';

/** Half a minute after 08:05. */
const NOW = 1_800_000_000_000 + 5 * 60_000 + 30_000;
const SIGNAL = new AbortController().signal;

async function found(url: string) {
  const configuration = configured({
    probes: [{ id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/' }],
    sources: [{ id: 'prom', kind: 'prometheus', url }],
    objectives: {
      bind: {
        'slo-strategy-jobs': { source: 'prom', good: 'good', valid: 'valid' },
        'kpi-ingestion-latency': { source: 'prom', median: 'median' },
      },
    },
  });
  return checkSources(configuration, new ManualClock(0, NOW), SIGNAL);
}

/** Answers each query at the end of the step that is asked for, as Prometheus does. */
function answering(values: Readonly<Record<string, string>>): RequestListener {
  return (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const form = new URLSearchParams(body);
      const value = values[form.get('query') ?? ''];
      const at = Number(form.get('end'));
      const result = value === undefined ? [] : [{ metric: {}, values: [[at, value]] }];
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
    });
  };
}

describe('doctor, of a source', () => {
  it('says what each bound query answers for the last settled step', async () => {
    await using server = await serve(answering({ good: '59', valid: '60', median: '12.5' }));
    const [reached, ...queries] = await found(server.url);
    expect(reached).toMatchObject({
      check: 'source prom',
      verdict: 'ok',
      found: expect.stringMatching(/^prometheus reached in \d+ ms$/),
    });
    expect(queries).toEqual([
      {
        check: 'source prom, slo-strategy-jobs',
        verdict: 'ok',
        found: '59 good of 60 valid in the step from 2027-01-15T08:04:00.000Z',
        mend: null,
      },
      {
        check: 'source prom, kpi-ingestion-latency',
        verdict: 'ok',
        found: 'a median of 12500 ms in the step from 2027-01-15T08:00:00.000Z',
        mend: null,
      },
    ]);
  });

  it('warns of an empty answer and of more good than valid, and fails on what counts nothing', async () => {
    await using server = await serve(answering({ good: '61', valid: '60' }));
    const [, jobs, median] = await found(server.url);
    expect(jobs).toEqual({
      check: 'source prom, slo-strategy-jobs',
      verdict: 'warn',
      found: '60 good of 60 valid in the step from 2027-01-15T08:04:00.000Z',
      mend: 'good is 61 of 60 valid, counted as 60: count both where an event ends',
    });
    expect(median).toMatchObject({ verdict: 'warn', found: 'no samples in the step from 2027-01-15T08:00:00.000Z' });
    await using other = await serve(answering({ good: 'NaN', valid: '60', median: '-3' }));
    const [, ...failing] = await found(other.url);
    expect(failing.map(({ verdict, found: text }) => `${verdict}: ${text}`)).toEqual([
      'fail: good answers NaN in the step from 2027-01-15T08:04:00.000Z',
      'fail: median answers -3, and no count is negative in the step from 2027-01-15T08:00:00.000Z',
    ]);
  });

  it('fails on a query that the source refuses', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(400);
      response.end(JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error' }));
    });
    const [, jobs] = await found(server.url);
    expect(jobs).toEqual({
      check: 'source prom, slo-strategy-jobs',
      verdict: 'fail',
      found: 'valid: answers 400: bad_data: parse error',
      mend: 'docs/telemetry.md says what a query must answer',
    });
  });

  it('says once that the source cannot be reached', async () => {
    const url = await (async () => {
      await using server = await serve(() => undefined);
      return server.url;
    })();
    expect(await found(url)).toEqual([
      {
        check: 'source prom',
        verdict: 'fail',
        found: `connect-refused: connect ECONNREFUSED ${url.slice('http://'.length)}`,
        mend: 'what it feeds becomes Unknown: look at its url and the network',
      },
    ]);
  });
});
