import type { Browser, BrowserContext, Page } from 'playwright';
import type { ProbeEnvironment } from '../kind.ts';
import { bad, cut, excluded, fault, GOOD, isTimeout, reasonOfCode, type Verdict } from '../network.ts';
import { NO_PHASES, type Observation, type Probe, type RunContext } from '../probe.ts';
import type { Reason } from '../reasons.ts';
import { findBrowser, isExecutable } from './executable.ts';
import type { BrowserSpec } from './spec.ts';

const HOW_TO_INSTALL = 'apt-get install chromium, or npx playwright install chromium';

/** Nothing but the page may use the network or the clock: no updates, no sync, no second protocol to fall back from. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Opens a page as a user's browser does and waits until what is expected can be seen. One browser for all runs, started
 * outside the clock; a fresh context, without cookies or cache, for each.
 *
 *     [browser, context] ── navigation ── what is expected is seen
 *                           └──────────── latency ──────────────┘
 */
export function openBrowser(spec: BrowserSpec, environment: ProbeEnvironment): Probe {
  let started: Promise<Browser | string> | null = null;

  async function start(): Promise<Browser | string> {
    // Loaded only here: it would slow the start of every command that opens no browser.
    const { chromium } = await import('playwright');
    const executable = spec.executable ?? (await findBrowser(environment.path, chromium.executablePath()));
    if (executable === null) return `no browser on this machine: ${HOW_TO_INSTALL}`;
    if (!(await isExecutable(executable))) return `${executable} cannot be executed: ${HOW_TO_INSTALL}`;
    // Chromium's sandbox refuses to run as root.
    const flags = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
    try {
      return await chromium.launch({
        executablePath: executable,
        args: flags,
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
    } catch (error) {
      return `${executable} did not start: ${cut(String(error))}`;
    }
  }

  async function browser(): Promise<Browser | string> {
    const known = started === null ? null : await started;
    // A browser that crashed, or could not be started then, may be there now.
    if (known === null || typeof known === 'string' || !known.isConnected()) started = start();
    return started ?? start();
  }

  return {
    async run(ctx) {
      const ready = await browser();
      if (typeof ready === 'string') return observation(fault('browser-missing', ready), null, {});
      if (ctx.signal.aborted) return observation(stopped(ctx), null, {});
      return visit(spec, ready, ctx);
    },
    async close() {
      const known = started === null ? null : await started;
      started = null;
      if (known !== null && typeof known !== 'string') await known.close();
    },
  };
}

async function visit(spec: BrowserSpec, browser: Browser, ctx: RunContext): Promise<Observation> {
  const context = await browser.newContext({ extraHTTPHeaders: spec.headers });
  // Closing the context ends every wait in it, so that nothing outlives the run's signal.
  const end = () => void context.close().catch(() => {});
  ctx.signal.addEventListener('abort', end, { once: true });
  try {
    return await journey(spec, context, ctx);
  } finally {
    ctx.signal.removeEventListener('abort', end);
    await context.close().catch(() => {});
  }
}

async function journey(spec: BrowserSpec, context: BrowserContext, ctx: RunContext): Promise<Observation> {
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  const counts = { consoleErrors: 0, failedRequests: 0 };
  page.on('console', (message) => {
    if (message.type() === 'error') counts.consoleErrors++;
  });
  page.on('requestfailed', () => counts.failedRequests++);
  const startMs = ctx.clock.monotonicMs();
  let status: number | null = null;
  let waitingFor = `${spec.url} to load`;
  try {
    const response = await page.goto(spec.url, { waitUntil: 'load' });
    status = response?.status() ?? null;
    const refused = statusVerdict(status);
    if (refused !== null) return observation(refused, null, { status, ...counts });
    for (const expected of spec.expect) {
      waitingFor = expectationText(expected);
      await see(page, expected);
    }
    const latencyMs = ctx.clock.monotonicMs() - startMs;
    return observation(GOOD, latencyMs, { status, ...counts });
  } catch (error) {
    return observation(failure(error, ctx, waitingFor), null, { status, ...counts });
  }
}

type Expected = BrowserSpec['expect'][number];

/** Resolves once it is visible; rejects when the context is closed. */
async function see(page: Page, { selector, text }: Expected): Promise<void> {
  const place = page.locator(selector ?? 'body');
  const wanted =
    text === undefined ? place : selector === undefined ? page.getByText(text) : place.filter({ hasText: text });
  await wanted.first().waitFor({ state: 'visible' });
}

function expectationText({ selector, text }: Expected): string {
  const where = selector === undefined ? '' : ` ${selector}`;
  return `${text === undefined ? 'to see' : `to see ${JSON.stringify(text)} in`}${where === '' ? ' the page' : where}`;
}

function statusVerdict(status: number | null): Verdict | null {
  if (status === null || status < 400) return null;
  const detail = `expected a page, got status ${status}`;
  return status < 500 ? excluded('http-4xx', detail) : bad('http-5xx', detail);
}

/** Chromium's own names of network errors; the rest of `net::ERR_…` is told as it is. */
const CHROMIUM_ERRORS: readonly (readonly [RegExp, Reason])[] = [
  [/ERR_NAME_NOT_RESOLVED|ERR_DNS_/, 'dns'],
  [/ERR_CONNECTION_REFUSED/, 'connect-refused'],
  [/ERR_CONNECTION_TIMED_OUT/, 'connect-timeout'],
  [/ERR_ADDRESS_UNREACHABLE|ERR_INTERNET_DISCONNECTED/, 'unreachable'],
  [/ERR_CERT_DATE_INVALID/, 'tls-expired'],
  [/ERR_CERT_COMMON_NAME_INVALID/, 'tls-name'],
  [/ERR_CERT_|ERR_SSL_/, 'tls-other'],
  [/ERR_CONNECTION_RESET/, 'reset'],
  [/ERR_CONNECTION_CLOSED|ERR_EMPTY_RESPONSE/, 'closed'],
  [/net::ERR_/, 'protocol'],
];

function failure(error: unknown, ctx: RunContext, waitingFor: string): Verdict {
  if (ctx.signal.aborted) {
    if (!isTimeout(ctx.signal.reason)) return stopped(ctx);
    return bad('timeout', `expected ${waitingFor} within ${ctx.timeoutMs} ms`);
  }
  const text = error instanceof Error ? error.message : String(error);
  const known = CHROMIUM_ERRORS.find(([pattern]) => pattern.test(text));
  if (known !== undefined) return bad(known[1], /net::ERR_\w+/.exec(text)?.[0] ?? text);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Whatever else goes wrong is between us and the browser.
  return fault(reasonOfCode(code) ?? 'internal', `the browser failed: ${text}`);
}

function stopped(ctx: RunContext): Verdict {
  return isTimeout(ctx.signal.reason)
    ? fault('internal', `the browser was not ready within ${ctx.timeoutMs} ms`)
    : fault('aborted', 'the run was stopped before it ended');
}

function observation(
  verdict: Verdict,
  latencyMs: number | null,
  values: Readonly<Record<string, number | null>>,
): Observation {
  const counted = verdict.outcome === 'good' || verdict.outcome === 'bad';
  return {
    ...verdict,
    phases: NO_PHASES,
    readings: counted ? [{ type: 'duration', indicator: 'latency', ms: latencyMs }] : [],
    values,
  };
}
