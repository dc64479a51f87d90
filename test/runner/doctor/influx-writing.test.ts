import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../runner/doctor/finding.ts';
import { checkWriting } from '../../../runner/doctor/influx-writing.ts';
import type { InfluxConnection } from '../../../store/influx/connection.ts';
import { listening } from '../../probes/context.ts';
import { startInfluxd } from '../../support/influxd.ts';
import { freePort, isMissing } from '../../support/servers.ts';
import { startVictoriaMetrics } from '../../support/victoria-metrics.ts';

const writingTo = (influx: InfluxConnection): Promise<Finding> => checkWriting(influx, AbortSignal.timeout(20_000));

const good = (place: string) => ({
  check: 'InfluxDB writing',
  verdict: 'ok',
  found: `${place} takes what is written`,
  mend: null,
});
const bad = (place: string, found: string, mend: string) => ({
  check: 'InfluxDB writing',
  verdict: 'fail',
  found: `${place} answers ${found}`,
  mend,
});

describe.skipIf(isMissing('influxd', 'influxdb'))('doctor on a real InfluxDB 1.x', () => {
  it('proves that the database is there and can be written, and writes nothing', async () => {
    await using server = await startInfluxd();
    const { url } = server;
    expect(await writingTo({ url, database: 'pulsedrill' })).toEqual(good(`${url} db=pulsedrill`));
    expect(await writingTo({ url, database: 'pulsdrill' })).toEqual(
      bad(
        `${url} db=pulsdrill`,
        '404: database not found: "pulsdrill"',
        `correct store.influx.database, or make it: influx -execute 'CREATE DATABASE "pulsdrill"'`,
      ),
    );
    expect(await writingTo({ url, org: 'sre', bucket: 'pulsedrill', token: 't' })).toEqual(
      bad(
        `${url} sre/pulsedrill`,
        '404',
        'InfluxDB before 1.8 has no /api/v2/write: give store.influx a database instead of org and bucket; or correct its url',
      ),
    );
    expect(await server.query('SHOW MEASUREMENTS')).toEqual([]);
    await server.query('DROP RETENTION POLICY "autogen" ON "pulsedrill"');
    const make = 'CREATE RETENTION POLICY "autogen" ON "pulsedrill" DURATION INF REPLICATION 1 DEFAULT';
    expect(await writingTo({ url, database: 'pulsedrill' })).toEqual(
      bad(`${url} db=pulsedrill`, '500: retention policy not found: autogen', `make one: influx -execute '${make}'`),
    );
    await server.query(make);
    expect(await writingTo({ url, database: 'pulsedrill' })).toEqual(good(`${url} db=pulsedrill`));
  });

  it('that knows its users says who may not write, and the statement that lets them works', async () => {
    await using server = await startInfluxd('pulsedrill', { username: 'root', password: 'secret' });
    await server.query(`CREATE USER "prober" WITH PASSWORD 'p'`);
    await server.query('GRANT READ ON "pulsedrill" TO "prober"');
    const { url, database } = server;
    const place = `${url} db=pulsedrill`;
    const correct = 'correct store.influx.username and store.influx.password';
    expect(await writingTo({ url, database })).toEqual(
      bad(place, '401: unable to parse authentication credentials', correct),
    );
    expect(await writingTo({ url, database, username: 'prober', password: 'x' })).toEqual(
      bad(place, '401: authorization failed', correct),
    );
    const prober = { url, database, username: 'prober', password: 'p' };
    const grant = 'GRANT WRITE ON "pulsedrill" TO "prober"';
    expect(await writingTo(prober)).toEqual(
      bad(
        place,
        '403: "prober" user is not authorized to write to database "pulsedrill"',
        `let that user write: influx -execute '${grant}'`,
      ),
    );
    await server.query(grant);
    expect(await writingTo(prober)).toEqual(good(place));
  });
});

it.skipIf(isMissing('victoria-metrics', 'victoria-metrics'))(
  'doctor on a real VictoriaMetrics, which takes everything',
  async () => {
    await using server = await startVictoriaMetrics();
    const { url } = server;
    expect(await writingTo({ url, database: 'any' })).toEqual(good(`${url} db=any`));
    expect(await writingTo({ url, org: 'sre', bucket: 'any' })).toEqual(good(`${url} sre/any`));
    expect(await server.exported('{__name__=~"pulsedrill.*"}')).toEqual([]);
  },
);

describe('doctor on what answers as InfluxDB 2.x does', () => {
  async function answering(status: number, body: string): Promise<Finding> {
    const asked: string[] = [];
    await using server = await listening(
      createServer((request, response) => {
        let length = 0;
        request.on('data', (chunk: Buffer) => (length += chunk.length));
        request.on('end', () => {
          asked.push(`${request.method} ${request.url} ${request.headers.authorization} ${length}`);
          response.writeHead(status, { 'content-type': 'application/json' }).end(body);
        });
      }),
    );
    const url = `http://127.0.0.1:${server.port}`;
    const found = await writingTo({ url, org: 'sre', bucket: 'prod', token: 'tok-en-of-nobody' });
    expect(asked).toEqual(['POST /api/v2/write?org=sre&bucket=prod&precision=ns Token tok-en-of-nobody 0']);
    return { ...found, found: found.found.replace(url, 'URL') };
  }
  const words = (code: string, message: string): string => JSON.stringify({ code, message });

  it.each([
    [204, ''],
    [400, words('invalid', 'writing requires points')],
  ])('passes where it answers %d %s', async (status, body) => {
    expect(await answering(status, body)).toEqual(good('URL sre/prod'));
  });

  it.each([
    [
      404,
      words('not found', 'bucket "prod" not found'),
      '404: bucket "prod" not found',
      `correct store.influx.org and bucket, or make it: influx bucket create --org 'sre' --name 'prod'`,
    ],
    [
      401,
      words('unauthorized', 'unauthorized access'),
      '401: unauthorized access',
      'store.influx.token is none of this InfluxDB, or may not write to prod: influx auth create makes one',
    ],
    [
      403,
      words('forbidden', 'insufficient permissions for write'),
      '403: insufficient permissions for write',
      'give store.influx a token that may write to prod: influx auth create makes one',
    ],
    [
      503,
      words('unavailable', 'not yet\nready'),
      '503: not yet ready',
      'results wait in the ledger until it takes them',
    ],
    [
      200,
      '<html>welcome</html>',
      '200',
      'only InfluxDB answers 204: store.influx.url may be that of something in front of it',
    ],
  ])('fails where it answers %d %s', async (status, body, found, mend) => {
    expect(await answering(status, body)).toEqual(bad('URL sre/prod', found, mend));
  });

  it('does not know where it objects to an empty body in other words', async () => {
    expect(await answering(400, words('invalid', 'no lines'))).toEqual({
      check: 'InfluxDB writing',
      verdict: 'unknown',
      found: 'URL sre/prod answers 400: no lines',
      mend: 'it may object to nothing but the empty body that it was asked with',
    });
  });

  it('fails where nobody answers, with the address', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await writingTo({ url, org: 'sre', bucket: 'prod' })).toEqual({
      check: 'InfluxDB writing',
      verdict: 'fail',
      found: `${url} sre/prod: connect ECONNREFUSED ${url.slice(7)}`,
      mend: 'results wait in the ledger until it takes them; see store.influx.url',
    });
  });
});
