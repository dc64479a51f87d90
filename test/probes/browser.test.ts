import { createServer, type RequestListener } from 'node:http';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findBrowser } from '../../probes/browser/executable.ts';
import { openBrowser } from '../../probes/browser/probe.ts';
import { browserSpec } from '../../probes/browser/spec.ts';
import type { Probe } from '../../probes/probe.ts';
import { freePort, isMissing } from '../support/servers.ts';
import { listening, testContext, testEnvironment } from './context.ts';

const opened: Probe[] = [];
afterAll(async () => {
  for (const probe of opened) await probe.close?.();
});

function open(part: Record<string, unknown>, environment = testEnvironment): Probe {
  const probe = openBrowser(browserSpec.parse({ id: 'p', kind: 'browser', service: 's', ...part }), environment);
  opened.push(probe);
  return probe;
}

async function page(body: string, status = 200) {
  const listener: RequestListener = (request, response) => {
    const isPage = request.url === '/';
    response.writeHead(isPage ? status : 404, { 'content-type': 'text/html' }).end(isPage ? body : '');
  };
  const server = await listening(createServer(listener));
  return { url: `http://127.0.0.1:${server.port}/`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe.skipIf(isMissing('chromium', 'chromium'))('a browser probe', () => {
  it('sees what a script draws, and times it', async () => {
    await using server = await page(
      '<h1>Positions</h1><div id="t"></div><script>setTimeout(()=>{t.textContent="BTCUSD 0.5"},100)</script>',
    );
    const probe = open({
      url: server.url,
      expect: [{ selector: 'h1' }, { selector: '#t', text: 'BTCUSD' }, { text: 'Positions' }],
    });
    for (let run = 0; run < 2; run++) {
      const seen = await probe.run(testContext({ timeoutMs: 25_000 }));
      expect(seen).toMatchObject({ outcome: 'good', reason: null, values: { status: 200, failedRequests: 0 } });
      expect(seen.readings).toEqual([{ type: 'duration', indicator: 'latency', ms: expect.any(Number) }]);
    }
    const missing = await open({ url: server.url, expect: [{ selector: '#none', text: 'x' }] }).run(
      testContext({ timeoutMs: 4000 }),
    );
    expect(missing).toMatchObject({
      outcome: 'bad',
      reason: 'timeout',
      detail: 'expected to see "x" in #none within 4000 ms',
      readings: [{ ms: null }],
    });
  });

  it.each([
    [404, 'excluded', 'http-4xx'],
    [500, 'bad', 'http-5xx'],
  ] as const)('takes a page with status %i for %s', async (status, outcome, reason) => {
    await using server = await page('oh', status);
    const seen = await open({ url: server.url }).run(testContext({ timeoutMs: 25_000 }));
    expect(seen).toMatchObject({ outcome, reason, detail: `expected a page, got status ${status}` });
  });

  it('connect-refused', async () => {
    const seen = await open({ url: `http://127.0.0.1:${await freePort()}/` }).run(testContext({ timeoutMs: 25_000 }));
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'connect-refused', detail: 'net::ERR_CONNECTION_REFUSED' });
  });
});

describe('without a browser', () => {
  it('a run is a prober fault that says how to install one', async () => {
    const seen = await open({ url: 'http://127.0.0.1/', executable: '/nowhere/chromium' }).run(testContext());
    expect(seen).toMatchObject({
      outcome: 'fault',
      reason: 'browser-missing',
      detail: '/nowhere/chromium cannot be executed: apt-get install chromium, or npx playwright install chromium',
      readings: [],
    });
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
