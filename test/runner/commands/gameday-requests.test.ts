/** Real processes: a conductor in one shell, somebody who marks and aborts in another. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJournal } from '../../../runner/gameday/journal.ts';
import type { JournalEntry } from '../../../scenarios/journal.ts';
import { startToxiproxy, type Toxiproxy } from '../../../scenarios/toxiproxy/server.ts';
import { cli, startCli, type Started } from '../../support/cli.ts';
import { eventually } from '../../support/servers.ts';

let folder: string;
let shop: Server;
let proxy: Toxiproxy;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'requests-'));
  shop = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
  await once(shop, 'listening');
  const address = shop.address();
  const upstream = `127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  proxy = await startToxiproxy({ port: 0, seed: 1, config: [{ name: 'shop', upstream }] });
  const { listen } = z.object({ listen: z.string() }).parse(await (await fetch(`${proxy.url}/proxies/shop`)).json());
  const configuration = {
    environment: 'sandbox',
    listen: false,
    objectives: [],
    probes: [{ id: 'shop', kind: 'http', service: 'shop', url: `http://${listen}/`, every: '200ms', timeout: '150ms' }],
    gamedays: { environments: ['sandbox'], injectors: [{ kind: 'toxiproxy', url: proxy.url, proxies: ['shop'] }] },
  };
  writeFileSync(join(folder, 'pulsedrill.config.json'), JSON.stringify(configuration));
  const scenario = {
    id: 'cut',
    title: 'The shop is cut off',
    objective: 'It is noticed.',
    component: 'shop',
    settle: '10s',
    hypothesis: [{ name: 'the shop answers', probe: 'shop', outcome: 'good' }],
    steps: [
      { inject: { id: 'hole', fault: { type: 'blackhole' }, target: { injector: 'toxiproxy', name: 'shop' } } },
      { hold: { for: '5m' } },
      { lift: { fault: 'hole' } },
    ],
  };
  writeFileSync(join(folder, 'cut.json'), JSON.stringify(scenario));
});
afterEach(async () => {
  await proxy.close();
  shop.closeAllConnections();
  shop.close();
  rmSync(folder, { recursive: true });
});

const WHO = ['--by', 'ana'] as const;
const gameday = (...words: readonly string[]) => cli(['gameday', ...words], { folder });
const toxics = async (): Promise<unknown> => (await fetch(`${proxy.url}/proxies/shop/toxics`)).json();

async function injected(): Promise<Started> {
  const started = startCli(['gameday', 'run', './cut.json'], { folder });
  await eventually(
    () => (started.stdout().includes('injected: hole') ? true : undefined),
    'the fault is there',
    30_000,
  );
  return started;
}

async function entriesOf({ stdout }: { readonly stdout: string }): Promise<readonly JournalEntry[]> {
  const id = /game-day (\S+):/.exec(stdout)?.[1] ?? '';
  return (await readJournal(join(folder, 'gamedays', id, 'journal.ndjson'))).entries;
}

describe('a game-day', { timeout: 90_000 }, () => {
  it('takes marks from another shell, and stops within a second when it is told to, with nothing left', async () => {
    await using running = await injected();
    const marked = await gameday('mark', 'diagnosed', ...WHO, '--note', 'the proxy swallows everything');
    expect(marked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^gd-\S+-cut: diagnosed by ana\n$/) });
    await gameday('mark', 'coffee', '--by', 'ben');
    await eventually(() => (running.stdout().includes('ben: coffee') ? true : undefined), 'both are in the journal');

    const aborted = await gameday('abort', ...WHO, '--reason', 'a real incident');
    expect(aborted.stdout).toMatch(/^gd-\S+-cut: stopped, nothing of it is left \(\d+\.\d s\)\n$/);
    expect(aborted.code).toBe(0);
    expect(await toxics()).toEqual([]);
    const ended = await running.ended;
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain('aborted: aborted by ana: a real incident');

    const entries = await entriesOf(ended);
    const mark = entries.find((entry) => entry.type === 'mark' && entry.what === 'diagnosed');
    expect(mark).toMatchObject({
      source: 'ana, by hand: the proxy swallows everything',
      by: 'ana',
      note: 'the proxy swallows everything',
      uncertaintyMs: 0,
      afterMs: expect.any(Number),
    });
    const lifted = entries.find((entry) => entry.type === 'lifted');
    expect(lifted).toMatchObject({ by: 'conductor', verified: true });
  });

  it('whose conductor hangs is stopped by its guardian, and the conductor injects nothing more when it wakes up', async () => {
    await using running = await injected();
    running.process.kill('SIGSTOP');
    const aborted = await gameday('abort', ...WHO, '--reason', 'it does not answer');
    expect(aborted.code).toBe(0);
    expect(await toxics()).toEqual([]);
    running.process.kill('SIGCONT');
    const ended = await running.ended;
    expect(ended.stdout).toContain('aborted:');
    expect(await toxics()).toEqual([]);
    expect((await entriesOf(ended)).filter((entry) => entry.type === 'injected')).toHaveLength(1);
  });

  it('that is not under way can neither be marked nor aborted, and what dead ones left is undone', async () => {
    expect(await gameday('mark', 'diagnosed', ...WHO)).toMatchObject({
      code: 2,
      stderr: 'gameday mark: expected a game-day that is under way, got none\n',
    });
    expect(await gameday('abort', 'gd-1', ...WHO, '--reason', 'x')).toMatchObject({
      code: 2,
      stderr: 'gameday: expected the id of one that is under way (none is), got "gd-1"\n',
    });
    expect(await gameday('abort', '--by', ' ', '--reason', 'x')).toMatchObject({
      code: 2,
      stderr: '--by: expected a word that can be recorded, got nothing\n',
    });
    expect(await gameday('abort', ...WHO, '--reason', 'x')).toMatchObject({
      code: 0,
      stdout: 'no game-day is under way\n',
    });
  });
});
