import { chromium, type Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser } from '../../../probes/browser/executable.ts';
import { renderHtml } from '../../../reports/format/html.ts';
import { printPdf } from '../../../reports/format/pdf.ts';
import { page, table, text } from '../../../reports/markdown.ts';
import { systemClock } from '../../../runner/clock.ts';

const PATH = process.env['PATH'] ?? '';
const executable = await findBrowser(PATH, chromium.executablePath());
if (executable === null && process.env['CI'] === 'true') throw new Error('no browser: apt-get install chromium');

const browser = { executable: undefined, path: PATH, clock: systemClock, signal: new AbortController().signal };

const HTML = renderHtml({
  name: 'sla.md',
  markdown: page([
    `# Evidence ${text('<b>"x"</b>')}`,
    table(
      [{ name: 'Number' }, { name: 'What', align: 'right' }],
      Array.from({ length: 120 }, (_, n) => [String(n), 'a row']),
      '',
    ),
  ]),
  files: [],
});

describe.skipIf(executable === null)('a report in a browser', () => {
  let opened: Browser;
  beforeAll(async () => {
    const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    opened = await chromium.launch({ executablePath: executable ?? '', args: flags });
  }, 60_000);
  afterAll(() => opened.close());

  it('breaks none of its own policy, asks for nothing, and repeats the heads of its tables', async () => {
    const shown = await opened.newPage();
    const complaints: string[] = [];
    shown.on('console', (message) => complaints.push(message.text()));
    shown.on('request', (request) => complaints.push(request.url()));
    await shown.setContent(HTML);
    expect(complaints).toEqual([]);
    expect(await shown.locator('h1').textContent()).toBe('Evidence <b>"x"</b>');
    const styleOf = (selector: string, name: string) =>
      shown.evaluate(`getComputedStyle(document.querySelector('${selector}')).${name}`);
    expect(await styleOf('thead', 'display')).toBe('table-header-group');
    expect(await styleOf('td:last-child', 'textAlign')).toBe('right');
  }, 60_000);

  it('prints on pages of A4', async () => {
    const printed = await printPdf(HTML, browser);
    const content = printed.ok ? Buffer.from(printed.content).toString('latin1') : printed.message;
    expect(content.slice(0, 5)).toBe('%PDF-');
    expect(content.match(/\/Type \/Page\b/g)?.length).toBe(3);
    // 210 × 297 mm in points.
    expect(content).toMatch(/\/MediaBox \[0 0 59\d\.\d+ 84\d\.\d+\]/);
  }, 60_000);
});

describe('without a browser', () => {
  it('says which one is missing, and how to get it', async () => {
    expect(await printPdf(HTML, { ...browser, executable: '/nowhere/chromium' })).toEqual({
      ok: false,
      message: '/nowhere/chromium cannot be executed: apt-get install chromium, or npx playwright install chromium',
    });
  });
});
