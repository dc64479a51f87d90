import { describe, expect, test } from 'vitest';
import { createInfluxQuery, type Patience } from '../../../store/influx/query.ts';
import { collect } from '../../support/results.ts';
import { slowServer } from '../../support/slow-server.ts';

async function asked(url: string, patience: Patience | null = null): Promise<unknown> {
  await using query = createInfluxQuery({ url, database: 'd' }, new AbortController().signal, patience);
  return await collect(query.ask('SHOW DATABASES')).catch((error: unknown) =>
    error instanceof Error ? error.message : error,
  );
}

describe('a question to InfluxDB', () => {
  test('of one that accepts and never answers: whoever waits is told once, and it is given up', async () => {
    await using server = await slowServer();
    server.delayMs = Infinity;
    const told: string[] = [];
    const said = await asked(server.url, { silenceMs: 200, tellAfterMs: 20, tell: (line) => told.push(line) });
    expect(said).toBe(
      `InfluxDB ${server.url} db=d: says nothing for 0.2 s: see store.influx, or read the ledger of this machine instead (store.read)`,
    );
    expect(told).toEqual([`InfluxDB ${server.url} db=d has said nothing for 0.02 s; it is given up after 0.2 s`]);
  });

  test('that is answered with nothing failed: no data would be an answer', async () => {
    await using server = await slowServer();
    server.status = 204;
    expect(await asked(server.url)).toBe(
      `InfluxDB ${server.url} db=d: answers 204 with nothing: see store.influx, or read the ledger of this machine instead (store.read)`,
    );
  });
});
