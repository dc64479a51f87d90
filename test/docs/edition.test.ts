import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { EDITION } from '../../reports/evidence/edition.ts';
import { sha256, type Files } from '../../reports/evidence/files.ts';
import { drawPages } from '../../runner/evidence/draw.ts';
import { sampleReport } from '../reports/sample-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-edition-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KNOWN: unknown = JSON.parse(readFileSync(new URL('../golden/edition.json', import.meta.url), 'utf8'));

/** With everything that a document may have beyond a plain report. */
const DOCUMENT = {
  number: 2,
  key: `sha256:${'0'.repeat(64)}`,
  restates: {
    number: 1,
    asOfMs: 0,
    rows: [{ commitment: 'a', figure: 'attained', before: '1 %', after: '2 %', why: 'late' }],
  },
};

test('is raised with every change of what the pages of a bundle look like', async () => {
  const report = { ...(await sampleReport(join(folder, 'ledger.db'))), asOfMs: 0, document: DOCUMENT };
  const all = [await drawPages(report, 'sre'), await drawPages(report, 'customer-all')].map(hashOf);
  // It differs because a page, its style or its charts do: raise EDITION by one, and write both here into test/golden/edition.json.
  expect({ edition: EDITION, pages: all }).toEqual(KNOWN);
});

function hashOf(files: Files): string {
  return sha256([...files].map(([name, bytes]) => `${name} ${sha256(bytes)}\n`).join(''));
}
