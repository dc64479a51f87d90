import type { Page } from 'playwright';

/** Milliseconds since the navigation to the document on show began; null where the browser has not measured it. */
export interface Vitals {
  readonly [name: string]: number | null;
  readonly ttfbMs: number | null;
  readonly domContentLoadedMs: number | null;
  readonly loadMs: number | null;
  readonly fcpMs: number | null;
  /** Largest Contentful Paint so far. */
  readonly lcpMs: number | null;
}

export const NO_VITALS: Vitals = {
  ttfbMs: null,
  domContentLoadedMs: null,
  loadMs: null,
  fcpMs: null,
  lcpMs: null,
};

/** Text, because it runs in the page; nothing was installed there before. A moment that has not come yet is 0 there. */
const READ = `(() => {
  const observer = new PerformanceObserver(() => {});
  observer.observe({ type: 'largest-contentful-paint', buffered: true });
  const largest = observer.takeRecords().at(-1);
  observer.disconnect();
  const [navigation] = performance.getEntriesByType('navigation');
  const [first] = performance.getEntriesByName('first-contentful-paint');
  return {
    ttfbMs: navigation?.responseStart || null,
    domContentLoadedMs: navigation?.domContentLoadedEventEnd || null,
    loadMs: navigation?.loadEventEnd || null,
    fcpMs: first?.startTime ?? null,
    lcpMs: largest?.startTime ?? null,
  };
})()`;

/** Asks once, after the clock has stopped. */
export function readVitals(page: Page): Promise<Vitals> {
  return page.evaluate<Vitals>(READ);
}
