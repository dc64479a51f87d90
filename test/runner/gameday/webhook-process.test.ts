/** The whole way: a game-day in one process, the status server of `run` in another, and somebody who signs. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { signedHeaders } from '../../../runner/alerts/signature.ts';
import { holdLock } from '../../../runner/gameday/lock.ts';
import { startCli } from '../../support/cli.ts';
import { eventually, freePort } from '../../support/servers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webhook-process-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SECRET = 'a-secret-of-game-days';

it(
  'a signed mark reaches the game-day that is under way, and an unsigned one does not',
  { timeout: 60_000 },
  async () => {
    const port = await freePort();
    writeFileSync(
      join(folder, 'pulsedrill.config.yaml'),
      `
listen: 127.0.0.1:${port}
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/", every: 30s }
objectives: []
gamedays: { webhook: { secret: "\${GAMEDAY_SECRET}" } }
`,
    );
    mkdirSync(join(folder, 'gamedays', 'gd-1'), { recursive: true });
    await using lock = await holdLock(join(folder, 'gamedays', 'gd-1'));
    expect(lock).toBeDefined();
    await using running = startCli(['run'], { folder, env: { GAMEDAY_SECRET: SECRET } });
    await eventually(() => (/runner-started/.test(running.stderr()) ? true : undefined), 'it has started', 30_000);

    const url = `http://127.0.0.1:${port}/gameday`;
    const body = JSON.stringify({ type: 'mark', what: 'diagnosed', by: 'ana' });
    const post = (headers: Readonly<Record<string, string>>) => fetch(url, { method: 'POST', headers, body });
    const refused = await post({});
    expect([refused.status, await refused.json()]).toEqual([403, { says: 'webhook-signature does not fit' }]);
    const taken = await post(signedHeaders(SECRET, 'm-1', Date.now(), body));
    expect([taken.status, await taken.json()]).toEqual([202, { says: 'gd-1: taken' }]);
    expect((await fetch(url)).status).toBe(405);
    const lines = readFileSync(join(folder, 'gamedays', 'gd-1', 'requests.ndjson'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      { type: 'mark', what: 'diagnosed', by: 'ana', note: null, how: 'by webhook' },
    ]);
  },
);
