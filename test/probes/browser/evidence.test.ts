import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterEach, describe, expect, it } from 'vitest';
import { openShelf } from '../../../probes/browser/artefacts.ts';
import { journey } from '../../../probes/browser/journey.ts';
import type { Probe } from '../../../probes/probe.ts';
import { eventually, isMissing } from '../../support/servers.ts';
import { testContext } from '../context.ts';
import { ENOUGH_MS, keeping, openProbe, page, serving } from './support.ts';

const opened: Probe[] = [];
afterEach(async () => {
  for (const probe of opened.splice(0)) await probe.close?.();
});

const SECRET = 'hunter2 & "more"';
const fails = journey('login', async ({ page: view, url, step, variables, see }) => {
  await step('open', () => view.goto(url));
  await view.fill('#p', variables['password'] ?? '');
  await view.evaluate((said) => console.error(said), variables['password']);
  await view.evaluate(
    (said) => fetch(`/api?p=${encodeURIComponent(said ?? '')}`, { method: 'POST', body: said ?? '' }),
    variables['password'],
  );
  await step('total', async () => {
    await see({ selector: 'p' });
    throw new Error(`expected a total for ${variables['password']}, got none`);
  });
});
const opensAndThrows = journey('fails', async ({ page: view, url }) => {
  await view.goto(url);
  throw new Error('no');
});
const BODY = `<title>Login</title><input id="p"><p>hunter2 &amp; <b>"more"</b></p>`;
const run = (probe: Probe, runId: string) => probe.run(testContext({ timeoutMs: ENOUGH_MS, runId, verbose: true }));

describe.skipIf(isMissing('chromium', 'chromium'))('of a run that fails', () => {
  it('a picture and the trace of one re-run are kept, without the secrets', async () => {
    using kept = keeping({ [SECRET]: '${PASSWORD}' });
    let visits = 0;
    await using server = await serving((request, response) => {
      if (request.url === '/') visits += 1;
      response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': `sid=${visits}-s3ssion` }).end(BODY);
    });
    const probe = openProbe(
      { url: server.url, journey: fails, variables: { password: SECRET }, headers: { 'x-key': SECRET } },
      kept.environment,
    );
    opened.push(probe);
    const seen = await run(probe, 'p/1/a1');
    expect(seen.detail).toBe('step "total": expected a total for ${PASSWORD}, got none');
    expect(JSON.stringify(seen.transcript)).not.toContain('hunter2');
    expect(seen.transcript?.at(-1)).toBe(`kept, where it could be had: ${join(kept.folder, 'p', 'p.1.a1')}.*`);
    await probe.close?.();
    expect(visits).toBe(2);
    expect(kept.files()).toEqual(['p.1.a1.png', 'p.1.a1.trace.zip']);
    for (const file of kept.files()) expect(statSync(join(kept.folder, 'p', file)).mode & 0o777).toBe(0o600);

    const trace = unzipSync(readFileSync(join(kept.folder, 'p', 'p.1.a1.trace.zip')));
    expect(Object.keys(trace).toSorted()).toEqual(['trace.network', 'trace.trace']);
    const text = Object.values(trace)
      .map((bytes) => strFromU8(bytes))
      .join('');
    for (const told of ['"method":"goto"', '"method":"fill"', '"type":"console"', '/api?p=…', '"name":"x-key"']) {
      expect(text).toContain(told);
    }
    for (const hidden of ['hunter2', 's3ssion', encodeURIComponent(SECRET)]) expect(text).not.toContain(hidden);

    // The streak goes on: another picture, no other trace.
    await run(probe, 'p/1/a2');
    await probe.close?.();
    expect(visits).toBe(3);
    expect(kept.files()).toEqual(['p.1.a1.png', 'p.1.a1.trace.zip', 'p.1.a2.png']);
  });

  it('the picture covers input fields, whatever shows a secret, and what the configuration names', async () => {
    const pictures: Buffer[] = [];
    // Two accounts, two secrets, one look: what differs is covered.
    for (const [secret, account] of [
      ['AAAAAAAA', 'account 111'],
      ['BBBBBBBB', 'account 222'],
    ] as const) {
      using kept = keeping({ [secret]: '${TOKEN}' });
      const style = '<style>*{font-family:monospace}</style>';
      await using server = await page(
        `${style}<h1>Same</h1><input value="${secret}"><p>${secret.slice(0, 3)}<b>${secret.slice(3)}</b></p><p class="account">${account}</p><iframe srcdoc="<p style='font-family:monospace'>${secret}</p>"></iframe>`,
      );
      const probe = openProbe(
        {
          url: server.url,
          journey: opensAndThrows,
          artefacts: { trace: 'never', mask: ['.account'] },
        },
        kept.environment,
      );
      opened.push(probe);
      await run(probe, 'p/1/a1');
      await probe.close?.();
      expect(kept.files()).toEqual(['p.1.a1.png']);
      pictures.push(readFileSync(join(kept.folder, 'p', 'p.1.a1.png')));
    }
    const [one, other] = pictures;
    expect(one?.length).toBeGreaterThan(1000);
    expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true);
  });

  it('the run itself is traced where it always is, and good runs leave nothing', async () => {
    using kept = keeping();
    let visits = 0;
    await using server = await serving((request, response) => {
      if (request.url === '/') visits += 1;
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>x</h1>');
    });
    let isUnwell = false;
    const probe = openProbe(
      {
        url: server.url,
        journey: journey('sometimes', async ({ page: view, url }) => {
          await view.goto(url);
          if (isUnwell) throw new Error('unwell');
        }),
        artefacts: { trace: 'always', screenshot: false },
      },
      kept.environment,
    );
    opened.push(probe);
    expect(await run(probe, 'p/1/a1')).toMatchObject({ outcome: 'good' });
    isUnwell = true;
    expect(await run(probe, 'p/1/a2')).toMatchObject({ outcome: 'bad', values: { lostArtefacts: 0 } });
    await probe.close?.();
    expect(visits).toBe(2);
    expect(kept.files()).toEqual(['p.1.a2.trace.zip']);
  });

  it('a re-run makes way for the next counted run, and what it has seen by then is kept', async () => {
    using kept = keeping();
    await using server = await page('<h1>x</h1>');
    let walks = 0;
    const probe = openProbe(
      {
        url: server.url,
        journey: journey('hangs when run again', async ({ page: view, url }) => {
          walks += 1;
          await view.goto(url);
          if (walks === 1) throw new Error('no');
          if (walks === 2) await view.locator('#never').waitFor();
        }),
        artefacts: { screenshot: false },
      },
      kept.environment,
    );
    opened.push(probe);
    expect(await run(probe, 'p/1/a1')).toMatchObject({ outcome: 'bad' });
    await eventually(() => (walks === 2 ? true : undefined), 'the re-run');
    expect(await run(probe, 'p/1/a2')).toMatchObject({ outcome: 'good' });
    await probe.close?.();
    expect(kept.files()).toEqual(['p.1.a1.trace.zip']);
  });

  it('a picture that cannot be had is counted in the next run', async () => {
    using kept = keeping();
    await using server = await page('<h1>x</h1>');
    const probe = openProbe(
      { url: server.url, journey: opensAndThrows, artefacts: { trace: 'never', mask: ['!not a selector'] } },
      kept.environment,
    );
    opened.push(probe);
    expect(await run(probe, 'p/1/a1')).toMatchObject({ outcome: 'bad', values: { lostArtefacts: 0 } });
    expect(await run(probe, 'p/1/a2')).toMatchObject({ outcome: 'bad', values: { lostArtefacts: 1 } });
    await probe.close?.();
    expect(kept.files()).toEqual([]);
  });
});

describe('the folder of a probe', () => {
  it('keeps the newest, so many and so many bytes, and touches nothing that is not its own', async () => {
    using kept = keeping();
    const folder = join(kept.folder, 'p');
    const shelf = openShelf(folder, { keep: 3, maxBytes: 250 });
    const put = (run: string, bytes: number) =>
      shelf.put(run, '.png', async (path) => {
        writeFileSync(path, 'x'.repeat(bytes));
        // Files of one millisecond have no order in time.
        await new Promise((resolve) => setTimeout(resolve, 10));
      });
    await put('p/1/1', 10);
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    for (const run of ['p/1/2', 'p/1/3', 'p/1/4']) await put(run, 10);
    expect(kept.files()).toEqual(['notes.txt', 'p.1.2.png', 'p.1.3.png', 'p.1.4.png']);
    await put('p/1/5', 235);
    expect(kept.files()).toEqual(['notes.txt', 'p.1.4.png', 'p.1.5.png']);
    await put('p/1/6', 251);
    expect(kept.files()).toEqual(['notes.txt']);
  });

  it('holds no half of a file', async () => {
    using kept = keeping();
    const shelf = openShelf(join(kept.folder, 'p'), { keep: 3, maxBytes: 100 });
    const broken = shelf.put('p/1/1', '.trace.zip', async (path) => {
      writeFileSync(path, 'half');
      await Promise.reject(new Error('disk full'));
    });
    await expect(broken).rejects.toThrow('disk full');
    expect(kept.files()).toEqual([]);
  });
});
