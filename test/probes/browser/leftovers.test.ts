import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { journey } from '../../../probes/browser/journey.ts';
import { eventually, isMissing } from '../../support/servers.ts';
import { testContext } from '../context.ts';
import { childrenOf, ENOUGH_MS, openProbe, page, serving } from './support.ts';

/** The one that has all the others for children. */
const MAIN = /^(?!.*--type=).*remote-debugging-pipe/s;
const CHROMIUM = /chrom(e|ium)/;
const browsers = () => childrenOf(process.pid, CHROMIUM);
const ended = (which: () => readonly number[]) =>
  eventually(() => (which().length === 0 ? true : undefined), 'the browser has ended');
const run = (probe: ReturnType<typeof openProbe>, timeoutMs = ENOUGH_MS) => probe.run(testContext({ timeoutMs }));

/** A folder for temporary files of this test alone. */
function ownTemporary() {
  const before = process.env['TMPDIR'];
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-leftovers-'));
  process.env['TMPDIR'] = folder;
  return {
    files: () => readdirSync(folder),
    [Symbol.dispose]() {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe.skipIf(isMissing('chromium', 'chromium') || !existsSync('/proc/self/stat'))('of a browser', () => {
  it('nothing is left once the last of the probes that share it has closed', async () => {
    using temporary = ownTemporary();
    await using server = await page('<h1>x</h1>');
    const first = openProbe({ id: 'first', url: server.url });
    const second = openProbe({ id: 'second', url: server.url });
    expect(await Promise.all([run(first), run(second)])).toMatchObject([{ outcome: 'good' }, { outcome: 'good' }]);
    expect(temporary.files().length).toBeGreaterThan(0);
    const mains = childrenOf(process.pid, MAIN).length;
    expect(mains).toBe(1);
    await first.close?.();
    expect(browsers().length).toBeGreaterThan(0);
    expect(await run(second)).toMatchObject({ outcome: 'good' });
    await second.close?.();
    await ended(browsers);
    await eventually(() => (temporary.files().length === 0 ? true : undefined), 'no folder is left');
  });

  it('that hangs in a page, or walks on past its deadline, nothing is left either', async () => {
    await using server = await serving((request, response) => {
      const body = request.url === '/hang' ? '<script>for(;;);</script>' : '<h1>x</h1>';
      response.writeHead(200, { 'content-type': 'text/html' }).end(body);
    });
    const probe = openProbe({
      url: server.url,
      journey: journey('does not stop', async ({ page: view, url, signal }) => {
        await view.goto(url);
        await view.goto(`${url}hang`).catch(() => undefined);
        expect(signal.aborted).toBe(true);
        await new Promise(() => undefined);
      }),
    });
    const warm = openProbe({ url: server.url });
    await run(warm);
    expect(await run(probe, 3000)).toMatchObject({ outcome: 'bad', reason: 'timeout' });
    await Promise.all([probe.close?.(), warm.close?.()]);
    await ended(browsers);
  });

  it('that is killed during a run is a prober fault, and the next run starts another', async () => {
    await using server = await page('<h1>x</h1>');
    let isKilled = false;
    const probe = openProbe({
      url: server.url,
      journey: journey('killed', async ({ page: view, url, step }) => {
        await view.goto(url);
        await step('wait', async () => {
          if (isKilled) return;
          isKilled = true;
          const [main] = childrenOf(process.pid, MAIN);
          if (main !== undefined) process.kill(main, 'SIGKILL');
          await view.waitForTimeout(60_000);
        });
      }),
    });
    expect(await run(probe)).toMatchObject({
      outcome: 'fault',
      reason: 'browser-failed',
      detail: 'step "wait": the browser ended during the run',
      readings: [],
    });
    expect(await run(probe)).toMatchObject({ outcome: 'good' });
    await probe.close?.();
    await ended(browsers);
  });

  it('nothing runs on when the process that started it is killed', async () => {
    await using server = await page('<h1>x</h1>');
    const support = new URL('support.ts', import.meta.url).href;
    const context = new URL('../context.ts', import.meta.url).href;
    const script = `
      import { openProbe } from ${JSON.stringify(support)};
      import { testContext } from ${JSON.stringify(context)};
      const probe = openProbe({ url: ${JSON.stringify(server.url)} });
      console.log((await probe.run(testContext({ timeoutMs: ${ENOUGH_MS} }))).outcome);
      setInterval(() => undefined, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [said] = await once(child.stdout, 'data');
      expect(String(said).trim()).toBe('good');
      const theirs = childrenOf(child.pid ?? 0, CHROMIUM);
      expect(theirs.length).toBeGreaterThan(0);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await ended(() => theirs.filter(isAlive));
    } finally {
      child.kill('SIGKILL');
    }
  });
});

/** Its parent is gone: whoever inherited it may be slow to take note of its end. */
function isAlive(pid: number): boolean {
  return childrenOf(0, CHROMIUM).includes(pid) || childrenOf(1, CHROMIUM).includes(pid);
}
