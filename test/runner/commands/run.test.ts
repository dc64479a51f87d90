import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openStore } from '../../../store/open.ts';
import { cli, startCli, type CliOptions, type Started } from '../../support/cli.ts';
import { collect } from '../../support/results.ts';
import { eventually, freePort } from '../../support/servers.ts';
import { slowServer, type SlowServer } from '../../support/slow-server.ts';
import { mayNotMount, smallDisk } from '../../support/small-disk.ts';

let server: SlowServer;
let folder = '';
let port = 0;
let options: CliOptions = { folder };
beforeEach(async () => {
  server = await slowServer();
  port = await freePort();
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-run-'));
  // What is put aside goes below the temporary folder.
  options = { folder, env: { TMPDIR: folder } };
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function configure(part: Readonly<Record<string, unknown>> = {}): void {
  const own = { service: 'client-api', target: '0.9', window: '30d', sli: 'availability' };
  const document = {
    location: 'fra1',
    listen: `127.0.0.1:${port}`,
    loopTolerance: '10s',
    probes: [{ id: 'status', kind: 'http', service: 'client-api', url: server.url, every: '1s', yellow: '900ms' }],
    objectives: [{ ...own, id: 'availability', probes: ['status'] }],
    ...part,
  };
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), JSON.stringify(document));
}

const line = z.looseObject({ kind: z.string().optional(), msg: z.string() });
type Line = z.infer<typeof line>;

function logOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .filter((each) => each.startsWith('{') && each.endsWith('}'))
    .map((each) => line.parse(JSON.parse(each)));
}

async function said(running: Started, words: RegExp): Promise<Line> {
  return eventually(
    () => logOf(running.stderr()).find(({ msg }) => words.test(msg)),
    `it says ${String(words)}`,
    30_000,
  ).catch((error: unknown) => {
    throw new Error(`it said: ${running.stderr()}`, { cause: error });
  });
}

async function ask(path: string): Promise<{ readonly code: number; readonly body: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { code: answer.status, body: await answer.json() };
}

async function end(running: Started) {
  running.process.kill('SIGTERM');
  return running.ended;
}

async function stored(path = join(folder, 'pulsedrill.db')) {
  await using store = await openStore({ path, readOnly: true });
  return collect(store.results({ fromMs: 0, toMs: 8_640_000_000_000 }));
}

describe('run', { timeout: 90_000 }, () => {
  it('tells of a probe when it begins to fail and when it is good again, and judges within seconds', async () => {
    configure();
    await using running = startCli(['run'], options);
    await said(running, /runner-started/);
    const status = z.object({
      judgedAgeMs: z.number(),
      objectives: z.array(z.looseObject({ objective: z.string(), colour: z.string() })),
    });
    // The first period is a minute.
    await eventually(async () => {
      const { objectives, judgedAgeMs } = status.parse((await ask('/status')).body);
      return objectives[0]?.colour === 'green' && judgedAgeMs < 60_000 ? true : undefined;
    }, 'Green');
    expect(await ask('/health')).toMatchObject({ code: 200, body: { status: 'running', reasons: [], objectives: 1 } });
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toMatch(
      /^pulsedrill_events_total\{objective="[a-z-]+",service="[a-z-]+",split="",outcome="good"\} [1-9]/m,
    );
    expect(metrics).toMatch(/^pulsedrill_objective_colour\{objective="[a-z-]+",service="[a-z-]+",colour="green"\} 1$/m);
    server.status = 503;
    expect(await said(running, /^status: bad/)).toMatchObject({
      level: 40,
      kind: 'probe-failing',
      probe: 'status',
      service: 'client-api',
      outcome: 'bad',
      reason: 'http-5xx',
    });
    server.status = 200;
    const again = await said(running, /^status: good again after \d+\.\d s and \d+ runs? that were not$/);
    expect(again).toMatchObject({ level: 30, kind: 'probe-recovered', probe: 'status' });
    expect(await end(running)).toMatchObject({ code: 0 });
  });

  it('keeps a ledger for itself: a second one hears who has it, and one that was killed is in nobody’s way', async () => {
    configure();
    await using first = startCli(['run'], options);
    const started = await said(first, /runner-started/);
    expect(started).toMatchObject({ pid: first.process.pid });
    configure({ location: 'lon1', listen: false });
    const second = await cli(['run'], options);
    expect(second).toMatchObject({ code: 3, stdout: '' });
    expect(second.stderr.trimEnd()).toMatch(
      new RegExp(
        `^ledger ${folder}/pulsedrill.db: another "pulsedrill run" keeps it \\(process ${first.process.pid}, location fra1, since \\S+\\): ` +
          'end that one first, or give this one a ledger of its own in store.ledger$',
      ),
    );
    // What only runs something by hand may go on beside it.
    expect(await cli(['once'], options)).toMatchObject({ code: 0 });
    first.process.kill('SIGKILL');
    await first.ended;
    await using third = startCli(['run'], options);
    await said(third, /runner-started/);
    expect(await end(third)).toMatchObject({ code: 0 });
  });

  it('goes on measuring when the reader of its log has gone away', async () => {
    configure({ probes: [{ id: 'status', kind: 'http', service: 'client-api', url: server.url, every: '250ms' }] });
    await using running = startCli(['run'], options);
    await said(running, /runner-started/);
    running.process.stderr?.destroy();
    running.process.stdout?.destroy();
    // Each of these would be a line.
    for (const status of [503, 200, 503, 200]) {
      server.status = status;
      const before = server.seen.length;
      await eventually(() => (server.seen.length >= before + 3 ? true : undefined), 'three more requests');
    }
    expect(await ask('/health')).toMatchObject({ code: 200 });
    running.process.kill('SIGTERM');
    expect(await new Promise((resolve) => running.process.once('exit', resolve))).toBe(0);
    expect((await stored()).map(({ outcome }) => outcome)).toContain('bad');
  });

  it.skipIf(mayNotMount())('loses nothing to a full disk, even when it is stopped while the disk is full', async () => {
    using disk = smallDisk('2m');
    const ledger = join(disk.folder, 'pulsedrill.db');
    configure({
      probes: [{ id: 'status', kind: 'http', service: 'client-api', url: server.url, every: '200ms' }],
      store: { ledger },
    });
    await using running = startCli(['run'], options);
    await said(running, /runner-started/);
    await eventually(() => (server.seen.length >= 5 ? true : undefined), 'five requests');
    disk.fill();
    await said(running, /^results wait in memory: ledger .*: the disk is full; all is stored up to result \d+, /);
    const ill = await eventually(async () => {
      const answer = await ask('/health');
      return answer.code === 503 ? answer : undefined;
    }, 'it says that it is degraded');
    expect(ill.body).toMatchObject({
      status: 'degraded',
      reasons: [
        expect.stringMatching(
          `^the ledger refuses results: ledger ${ledger}: the disk is full; all is stored up to result \\d+, which was due [-\\dT:.]+Z: ` +
            `free some space \\("df -h ${disk.folder}" shows it\\); nothing that was stored is lost$`,
        ),
      ],
    });
    const ended = await end(running);
    const place = join(folder, `pulsedrill-spill-${process.getuid?.()}`);
    expect(ended.code).toBe(3);
    expect(ended.stderr.trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(
        `^ledger ${ledger}: the disk is full; all is stored up to result .*: .*; put aside in ${place}, for the next start to take in: \\d+ results?$`,
      ),
    );
    const asked = server.seen.length;
    expect(readdirSync(place)).not.toEqual([]);

    disk.free();
    await using next = startCli(['run'], options);
    await said(next, /^taken in from .*\.ndjson: \d+ results?$/);
    await eventually(() => (readdirSync(place).length === 0 ? true : undefined), 'the files are gone');
    expect(await end(next)).toMatchObject({ code: 0 });
    const results = await stored(ledger);
    expect(new Set(results.map(({ runId }) => runId)).size).toBe(results.length);
    expect(results.filter(({ outcome }) => outcome !== 'skipped').length).toBe(server.seen.length);
    expect(server.seen.length).toBeGreaterThanOrEqual(asked);
  });

  it.skipIf(mayNotMount())(
    'says as its last line how many results are lost when nothing can be written any more',
    async () => {
      using disk = smallDisk('2m');
      const ledger = join(disk.folder, 'pulsedrill.db');
      const spill = join(disk.folder, 'spill');
      configure({
        probes: [{ id: 'status', kind: 'http', service: 'client-api', url: server.url, every: '200ms' }],
        store: { ledger, spill },
      });
      await using running = startCli(['run'], options);
      await said(running, /runner-started/);
      await eventually(() => (server.seen.length >= 5 ? true : undefined), 'five requests');
      disk.fill();
      await said(running, /^results wait in memory: ledger .*: the disk is full; all is stored up to result \d+, /);
      const ended = await end(running);
      expect(ended.code).toBe(3);
      expect(ended.stderr.trimEnd().split('\n').at(-1)).toMatch(
        new RegExp(
          `^ledger ${ledger}: the disk is full; all is stored up to result .*: .*; lost: \\d+ results?; neither the ledger nor ${spill} can be written \\(ENOSPC\\)$`,
        ),
      );
    },
  );
});
