import type { Browser, BrowserContext, Page } from 'playwright';
import { GOOD, type Verdict } from '../network.ts';
import type { RunContext } from '../probe.ts';
import { whenAborted, within } from './bounded.ts';
import { failureOf, Refusal, sightText, statusVerdict } from './failure.ts';
import type { Journey, Sight } from './journey.ts';
import type { BrowserSpec } from './spec.ts';
import { createSteps } from './steps.ts';
import { NO_VITALS, readVitals } from './vitals.ts';
import { watchContext } from './watch.ts';

/** After the deadline there is a moment to look at the page, before the run is taken for one that ignores it. */
const LOOK_MS = 150;
/** Word of a death comes behind the error that it causes. */
const CAUSE_MS = 1000;
/** A page that has just answered answers again; one that does not is not waited for. */
const VITALS_MS = 1000;

export interface Room extends AsyncDisposable {
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly page: Page;
}

/** A fresh context with one page: no cookies, no cache, nothing of another run. */
export async function openRoom(browser: Browser, spec: BrowserSpec): Promise<Room> {
  const context = await browser.newContext({
    extraHTTPHeaders: spec.headers,
    baseURL: spec.url,
    acceptDownloads: spec.allow.includes('download'),
  });
  const page = await context.newPage();
  // The run's deadline is the one limit, unless a journey names another.
  context.setDefaultTimeout(0);
  return { browser, context, page, [Symbol.asyncDispose]: () => context.close().catch(() => undefined) };
}

export interface Walked {
  readonly verdict: Verdict;
  /** Null when the journey did not arrive. */
  readonly latencyMs: number | null;
  readonly values: Readonly<Record<string, number | null>>;
  readonly lines: readonly string[];
}

/**
 * Walks the journey, and looks around only when the clock has stopped.
 *
 *     [browser, context] ── the journey's steps ── what is expected is seen ── [vitals]
 *                           └──────────────── latency ─────────────────┘
 */
export async function walk(
  room: Room,
  spec: BrowserSpec,
  ctx: Pick<RunContext, 'clock' | 'signal' | 'timeoutMs'>,
  redact: (text: string) => string,
): Promise<Walked> {
  const { page } = room;
  const { clock, signal } = ctx;
  const steps = createSteps(clock);
  using watch = watchContext(room.browser, room.context, page, spec.allow);
  let waitingFor: string | null = null;
  async function see(sight: Sight): Promise<void> {
    waitingFor = sightText(sight);
    await placeOf(page, sight).waitFor({ state: 'visible' });
    waitingFor = null;
  }
  async function go(): Promise<void> {
    const journey = spec.journey ?? OPEN;
    await journey.walk({ page, url: spec.url, variables: spec.variables, step: steps.step, see, signal });
    for (const sight of spec.expect) await see(sight);
  }

  const startMs = clock.monotonicMs();
  let latencyMs: number | null = null;
  let error: unknown = null;
  const going = go();
  going.catch(() => undefined);
  try {
    await Promise.race([going, watch.interrupted, whenAborted(signal)]);
    latencyMs = clock.monotonicMs() - startMs;
  } catch (thrown) {
    error = signal.aborted ? (signal.reason as unknown) : await causeOf(thrown, watch.interrupted, ctx);
  }
  // What happens from here on is our own doing.
  const counts = watch.counts();
  const status = watch.status();
  const isLost = latencyMs === null;
  const looks = { vitals: readVitals(page), seen: isLost ? page.innerText('body') : Promise.resolve('') };
  const limitMs = isLost ? LOOK_MS : VITALS_MS;
  const [vitals, seen] = await Promise.all([within(clock, limitMs, looks.vitals), within(clock, limitMs, looks.seen)]);
  const verdict = isLost ? failureOf({ error, ctx, step: steps.culprit(), waitingFor, status, seen, redact }) : GOOD;
  return {
    verdict,
    latencyMs,
    values: { status, ...steps.values(), ...(vitals ?? NO_VITALS), ...counts },
    lines: watch.lines().map(redact),
  };
}

/** What a probe without a journey does. */
const OPEN: Journey = {
  name: 'open',
  walk: async ({ page, url, step }) => {
    await step('open', async () => {
      const response = await page.goto(url, { waitUntil: 'load' });
      const refused = statusVerdict(response?.status() ?? null);
      if (refused !== null) throw new Refusal(refused);
    });
  },
};

function placeOf(page: Page, { selector, text }: Sight) {
  const place = page.locator(selector ?? 'body');
  if (text === undefined) return place.first();
  return (selector === undefined ? page.getByText(text) : place.filter({ hasText: text })).first();
}

/** When the browser or a page dies, or a download begins, the journey may hear of it first, in other words. */
async function causeOf(
  thrown: unknown,
  interrupted: Promise<never>,
  { clock }: Pick<RunContext, 'clock'>,
): Promise<unknown> {
  if (!(thrown instanceof Error) || !/has been closed|crashed|ERR_ABORTED|Download is starting/.test(thrown.message))
    return thrown;
  let cause: unknown = thrown;
  await within(
    clock,
    CAUSE_MS,
    interrupted.catch((reason: unknown) => {
      cause = reason;
    }),
  );
  return cause;
}
