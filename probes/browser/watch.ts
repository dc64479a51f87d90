import type { Browser, BrowserContext, Page, Request } from 'playwright';
import { bad, cut, fault } from '../network.ts';
import { Refusal } from './failure.ts';
import type { BrowserSpec } from './spec.ts';

/** What happened in a context beside the journey, until it was read. */
export interface Watch extends Disposable {
  /** Rejects with a `Refusal` when the page does what it was not expected to do, or dies. */
  readonly interrupted: Promise<never>;
  /** Of the last document that the page was given; null when there was none. */
  status(): number | null;
  counts(): Readonly<Record<string, number>>;
  /** Line by line, without the values in addresses. */
  lines(): readonly string[];
}

const MOST_LINES = 200;

export function watchContext(
  browser: Browser,
  context: BrowserContext,
  page: Page,
  allow: BrowserSpec['allow'],
): Watch {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  interrupted.catch(() => undefined);
  const counts = { consoleErrors: 0, pageErrors: 0, failedRequests: 0, errorResponses: 0 };
  const lines: string[] = [];
  let status: number | null = null;

  function say(line: string): void {
    if (lines.length < MOST_LINES) lines.push(cut(line));
  }
  function refuse(reason: 'dialog' | 'download' | 'popup', what: string): void {
    say(`${reason}: ${what}`);
    reject(new Refusal(bad(reason, `expected no ${reason}, saw ${what}`)));
  }

  context.on('console', (message) => {
    // What could not be loaded is counted below, as a request.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource:')) return;
    counts.consoleErrors += 1;
    say(`console error: ${message.text()}`);
  });
  context.on('weberror', (event) => {
    counts.pageErrors += 1;
    say(`uncaught: ${event.error().message}`);
  });
  context.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? 'failed';
    // The page itself gave it up, or went elsewhere.
    if (why === 'net::ERR_ABORTED') return;
    counts.failedRequests += 1;
    say(`${request.method()} ${withoutValues(request.url())}: ${why}`);
  });
  context.on('response', (response) => {
    const request = response.request();
    const code = response.status();
    const isDocument = isDocumentOf(page, request);
    if (isDocument) status = code;
    if (code >= 400) counts.errorResponses += 1;
    if (isDocument || code >= 400) say(`${request.method()} ${withoutValues(response.url())}: ${code}`);
  });
  if (!allow.includes('dialog')) {
    context.on('dialog', (dialog) => {
      dialog.dismiss().catch(() => undefined);
      refuse('dialog', `${dialog.type()} ${JSON.stringify(cut(dialog.message(), 80))}`);
    });
  }
  const onDownload = (each: Page): void => {
    if (allow.includes('download')) return;
    each.on('download', (download) => {
      download.cancel().catch(() => undefined);
      refuse('download', download.suggestedFilename());
    });
  };
  const onCrash = (each: Page): void => {
    each.on('crash', () => reject(new Refusal(bad('page-crash', `${withoutValues(each.url())} crashed`))));
  };
  onDownload(page);
  onCrash(page);
  context.on('page', (opened) => {
    onDownload(opened);
    onCrash(opened);
    if (!allow.includes('popup')) refuse('popup', withoutValues(opened.url()));
  });
  const gone = (): void => reject(new Refusal(fault('browser-failed', 'the browser ended during the run')));
  browser.once('disconnected', gone);

  return {
    interrupted,
    status: () => status,
    counts: () => ({ ...counts }),
    lines: () => [...lines],
    // The context's own listeners go with it.
    [Symbol.dispose]() {
      browser.off('disconnected', gone);
    },
  };
}

/** A request that came before its frame has none to ask for, and a throw in a listener would end the process. */
function isDocumentOf(page: Page, request: Request): boolean {
  try {
    return request.isNavigationRequest() && request.frame() === page.mainFrame();
  } catch {
    return false;
  }
}

/** An address may carry secrets behind its question mark, which no configuration knows of. */
function withoutValues(url: string): string {
  if (!URL.canParse(url)) return cut(url, 80);
  const { protocol, origin, host, pathname, search } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return cut(url.split(/[?#,]/, 1)[0] ?? '', 80);
  return `${origin === 'null' ? host : origin}${pathname}${search === '' ? '' : '?…'}`;
}
