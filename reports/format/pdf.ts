/** A report as PDF: its HTML, printed by the browser that the browser probes use. */
import { isBrowser, leaseBrowser } from '../../probes/browser/browsers.ts';
import type { Clock } from '../../probes/probe.ts';

export interface PdfOptions {
  /** A browser's executable; undefined: the one that is found on `path`. */
  readonly executable: string | undefined;
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export type Printed =
  | { readonly ok: true; readonly content: Uint8Array }
  /** What is wrong, and how to mend it. */
  | { readonly ok: false; readonly message: string };

const PRINT_MS = 120_000;

/** @param html a page of our own, which needs nothing else. Rejects with the signal's reason */
export async function printPdf(html: string, options: PdfOptions): Promise<Printed> {
  const { executable, path, clock, signal } = options;
  const lease = leaseBrowser(executable, { clock, path });
  try {
    const browser = await lease.browser(signal);
    if (!isBrowser(browser)) return { ok: false, message: browser.detail ?? browser.reason ?? 'no browser' };
    const context = await browser.newContext({ javaScriptEnabled: false, offline: true });
    const close = (): void => void context.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(PRINT_MS);
      await page.setContent(html, { waitUntil: 'load', timeout: PRINT_MS });
      const content = await page.pdf({ preferCSSPageSize: true, printBackground: true, tagged: true, outline: true });
      return { ok: true, content };
    } catch (error) {
      signal.throwIfAborted();
      const [line = ''] = String(error).split('\n', 1);
      return { ok: false, message: `the browser could not print the report: ${line}` };
    } finally {
      signal.removeEventListener('abort', close);
      await context.close();
    }
  } finally {
    await lease.release();
  }
}
