import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findBrowser } from '../../../probes/browser/executable.ts';
import { journey, type Journey } from '../../../probes/browser/journey.ts';
import { browserSpec } from '../../../probes/browser/spec.ts';
import type { Probe } from '../../../probes/probe.ts';
import { startSandbox } from '../../../sandbox/start.ts';
import { freePort, isMissing } from '../../support/servers.ts';
import { testContext } from '../context.ts';
import { ENOUGH_MS, openProbe, page, serving } from './support.ts';

const opened: Probe[] = [];
afterAll(async () => {
  for (const probe of opened) await probe.close?.();
});

function open(part: Record<string, unknown>): Probe {
  const probe = openProbe(part);
  opened.push(probe);
  return probe;
}

function run(part: Record<string, unknown>, timeoutMs = ENOUGH_MS) {
  return open(part).run(testContext({ timeoutMs, verbose: true }));
}

const walks = (walk: Journey['walk']) => journey('test', walk);

describe.skipIf(isMissing('chromium', 'chromium'))('a browser probe', () => {
  it('sees what a script draws, and times it', async () => {
    await using server = await page(
      '<h1>Positions</h1><div id="t"></div><script>setTimeout(()=>{t.textContent="BTCUSD 0.5"},100)</script>',
    );
    const probe = open({
      url: server.url,
      expect: [{ selector: 'h1' }, { selector: '#t', text: 'BTCUSD' }, { text: 'Positions' }],
    });
    for (let turn = 0; turn < 2; turn++) {
      const seen = await probe.run(testContext({ timeoutMs: ENOUGH_MS }));
      expect(seen).toMatchObject({
        outcome: 'good',
        reason: null,
        values: {
          status: 200,
          failedRequests: 0,
          errorResponses: 0,
          consoleErrors: 0,
          pageErrors: 0,
          lostArtefacts: 0,
        },
      });
      expect(seen.readings).toEqual([{ type: 'duration', indicator: 'latency', ms: expect.any(Number) }]);
      expect(seen.measuredSinceMs).toBeGreaterThan(0);
      const { lcpMs, fcpMs, ttfbMs, domContentLoadedMs, loadMs, 'step:open': openMs } = seen.values;
      for (const ms of [lcpMs, fcpMs, ttfbMs, domContentLoadedMs, loadMs, openMs]) expect(ms).toBeGreaterThan(0);
      expect(loadMs).toBeGreaterThanOrEqual(domContentLoadedMs ?? Infinity);
    }
  });

  it('says what it expected and what it saw instead', async () => {
    await using server = await page('<h1>Closed for today</h1>');
    await run({ url: server.url });
    const missing = await run({ url: server.url, expect: [{ selector: '#none', text: 'x' }] }, 4000);
    expect(missing).toMatchObject({
      outcome: 'bad',
      reason: 'timeout',
      detail: 'expected to see "x" in #none within 4000 ms, saw "Closed for today"',
      readings: [{ ms: null }],
    });
  });

  it('counts console errors, uncaught exceptions, failed requests and error answers', async () => {
    const dead = await freePort();
    await using server = await page(
      `<h1>x</h1><img src="/missing.png"><img src="http://127.0.0.1:${dead}/?token=t0ken"><script>console.error("a");console.error("b");throw new Error("oh")</script>`,
    );
    const seen = await run({ url: server.url });
    expect(seen.values).toMatchObject({ failedRequests: 1, errorResponses: 1, pageErrors: 1, consoleErrors: 2 });
    expect(seen.transcript).toContain('console error: a');
    expect(seen.transcript).toContain('uncaught: oh');
    expect(seen.transcript).toContain(`GET http://127.0.0.1:${dead}/?…: net::ERR_CONNECTION_REFUSED`);
    expect(seen.transcript?.join('\n')).not.toContain('t0ken');
  });

  it.each([
    [404, 'excluded', 'http-4xx'],
    [500, 'bad', 'http-5xx'],
  ] as const)('takes a page with status %i for %s', async (status, outcome, reason) => {
    await using server = await page('oh', status);
    const seen = await run({ url: server.url });
    expect(seen).toMatchObject({ outcome, reason, detail: `step "open": expected a page, got status ${status}` });
  });

  it('connect-refused', async () => {
    const seen = await run({ url: `http://127.0.0.1:${await freePort()}/` });
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'connect-refused',
      detail: 'step "open": net::ERR_CONNECTION_REFUSED',
    });
  });
});

describe.skipIf(isMissing('chromium', 'chromium'))('a journey', () => {
  it("walks the practice venue's pages, each step timed", async () => {
    await using sandbox = await startSandbox();
    const seen = await run({
      url: sandbox.venueUrl,
      variables: { status: 'ok' },
      journey: journey('positions', async ({ page: view, step, see }) => {
        await step('open', () => view.goto('/'));
        await step('live', () => see({ selector: '[data-testid=link]', text: 'live' }));
        await step('health', async () => {
          await view.getByRole('link', { name: 'Health' }).click();
          await view.waitForURL('**/health');
        });
      }),
    });
    expect(seen).toMatchObject({ outcome: 'good', values: { status: 200 } });
    const { 'step:open': openMs, 'step:live': liveMs, 'step:health': healthMs } = seen.values;
    const sum = [openMs, liveMs, healthMs].reduce<number>((all, ms) => all + (ms ?? Infinity), 0);
    const [reading] = seen.readings;
    expect(reading).toMatchObject({ type: 'duration', indicator: 'latency' });
    expect(reading?.type === 'duration' ? reading.ms : null).toBeGreaterThanOrEqual(sum);
  });

  it('is handed its variables, and asked for what must be seen at its end', async () => {
    await using server = await page(
      '<input id="q"><p id="p"></p><script>q.oninput=()=>{p.textContent=q.value}</script>',
    );
    const seen = await run({
      url: server.url,
      variables: { word: 'hello' },
      expect: [{ selector: '#p', text: 'hello' }],
      journey: walks(async ({ page: view, url, variables }) => {
        await view.goto(url);
        await view.fill('#q', variables['word'] ?? '');
      }),
    });
    expect(seen).toMatchObject({ outcome: 'good', detail: null });
  });

  it('that throws is bad, and says in which step', async () => {
    await using server = await page('<ul><li>one</ul>');
    const probe = { url: server.url };
    const thrown = await run({
      ...probe,
      journey: walks(async ({ page: view, url, step }) => {
        await step('open', () => view.goto(url));
        await step('rows', async () => {
          const rows = await view.locator('li').count();
          if (rows !== 2) throw new Error(`expected 2 rows, got ${rows}`);
        });
      }),
    });
    expect(thrown).toMatchObject({
      outcome: 'bad',
      reason: 'assertion',
      detail: 'step "rows": expected 2 rows, got 1',
      readings: [{ ms: null }],
      values: { 'step:open': expect.any(Number), 'step:rows': null },
    });
    const compared = await run({
      ...probe,
      journey: walks(async ({ page: view, url }) => {
        await view.goto(url);
        assert.equal(await view.locator('li').innerText(), 'two');
      }),
    });
    expect(compared).toMatchObject({ outcome: 'bad', reason: 'assertion' });
    expect(compared.detail).toContain('(expected "two", got "one")');
    const waited = await run({
      ...probe,
      journey: walks(async ({ page: view, url, step }) => {
        await view.goto(url);
        await step('total', () => view.locator('#total').waitFor({ timeout: 200 }));
      }),
    });
    expect(waited).toMatchObject({
      outcome: 'bad',
      reason: 'timeout',
      detail: `step "total": expected locator('#total') to be visible within 200 ms, saw "one"`,
    });
  });

  it('on an error page fails by its status', async () => {
    await using server = await page('<h1>Down</h1>', 503);
    const seen = await run({
      url: server.url,
      journey: walks(async ({ page: view, url, step }) => {
        await step('open', () => view.goto(url));
        await step('total', () => view.locator('#total').innerText({ timeout: 200 }));
      }),
    });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'http-5xx' });
    expect(seen.detail).toBe(`step "total": expected a page, got status 503: expected locator('#total') within 200 ms`);
  });

  it('that ignores its signal ends at the deadline all the same', async () => {
    await using server = await page('<h1>here</h1>');
    await run({ url: server.url });
    const seen = await run(
      {
        url: server.url,
        journey: walks(async ({ page: view, url, step }) => {
          await view.goto(url);
          await step('for ever', () => new Promise(() => undefined));
        }),
      },
      3000,
    );
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'timeout',
      detail: 'step "for ever": expected the step to end within 3000 ms, saw "here"',
      values: { 'step:for ever': null },
    });
  });
});

describe.skipIf(isMissing('chromium', 'chromium'))('a page that misbehaves', () => {
  it.each([
    ['dialog', '<script>setTimeout(()=>alert("Session expired"),50)</script>', 'alert "Session expired"'],
    ['popup', '<script>setTimeout(()=>open("/advert?id=1"),50)</script>', ''],
    [
      'download',
      '<a id="a" href="data:application/octet-stream,x" download="x.bin"></a><script>a.click()</script>',
      'x.bin',
    ],
  ] as const)('ends the run with %s, unless it is allowed', async (reason, body, what) => {
    await using server = await page(`<h1>x</h1>${body}`);
    const waits = walks(async ({ page: view, url, step }) => {
      await step('open', () => view.goto(url));
      await step('look', () => view.waitForTimeout(1500));
    });
    const seen = await run({ url: server.url, journey: waits });
    expect(seen).toMatchObject({ outcome: 'bad', reason, readings: [{ ms: null }] });
    expect(seen.detail).toContain(`expected no ${reason}, saw ${what}`);
    const allowed = await run({ url: server.url, journey: waits, allow: [reason] });
    expect(allowed).toMatchObject({ outcome: 'good', detail: null });
  });

  it('and hangs is a timeout', async () => {
    await using server = await page('<h1>x</h1><script>for(;;);</script>');
    await run({ url: `${server.url}none` });
    const seen = await run({ url: server.url }, 3000);
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'timeout' });
    expect(seen.detail).toBe('step "open": expected the step to end within 3000 ms, and the page did not answer');
  });

  it('and never answers is a timeout', async () => {
    await using server = await serving(() => undefined);
    const seen = await run({ url: server.url }, 3000);
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'timeout', values: { status: null, loadMs: null } });
  });

  it('and crashes is bad', async () => {
    await using server = await page('<h1>x</h1>');
    const seen = await run({
      url: server.url,
      journey: walks(async ({ page: view, url, step }) => {
        await view.goto(url);
        await step('crash', async () => {
          await view.goto('chrome://crash');
        });
      }),
    });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'page-crash' });
  });

  it('says nothing about the service when the process stops', async () => {
    await using server = await serving(() => undefined);
    const stop = new AbortController();
    const running = open({ url: server.url }).run(testContext({ signal: stop.signal }));
    setTimeout(() => stop.abort(new Error('stopping')), 500);
    expect(await running).toMatchObject({ outcome: 'fault', reason: 'aborted', readings: [] });
  });
});

describe('without a browser', () => {
  it('a run is a prober fault that says how to install one', async () => {
    expect(await run({ url: 'http://127.0.0.1/', executable: '/nowhere/chromium' })).toMatchObject({
      outcome: 'fault',
      reason: 'browser-missing',
      detail: '/nowhere/chromium cannot be executed: apt-get install chromium, or npx playwright install chromium',
      readings: [],
    });
  });

  it('a program that is none did not start', async () => {
    const seen = await run({ url: 'http://127.0.0.1/', executable: '/bin/true' });
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'browser-failed', readings: [] });
    expect(seen.detail).toMatch(/^\/bin\/true did not start: /);
  });

  it('the PATH is searched by name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-path-'));
    try {
      const program = join(folder, 'google-chrome');
      writeFileSync(program, '#!/bin/sh\n');
      chmodSync(program, 0o755);
      expect(await findBrowser(`/nowhere:${folder}`, '/elsewhere')).toBe(program);
      expect(await findBrowser('/nowhere', program)).toBe(program);
      expect(await findBrowser('/nowhere', '/elsewhere')).toBeNull();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('a journey that is none is refused', () => {
  const parsed = browserSpec.safeParse({ id: 'p', kind: 'browser', service: 's', url: 'http://a/', journey: 'login' });
  expect(parsed.error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
    [
      'journey',
      "a journey of a TypeScript configuration such as journey('positions', async ({ page, step }) => { … })",
    ],
  ]);
});
