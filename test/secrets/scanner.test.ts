/** That a secret which is there is found: what finds nothing must be able to find something. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { printPdf } from '../../reports/format/pdf.ts';
import { systemClock } from '../../runner/clock.ts';
import { isMissing } from '../support/servers.ts';
import { contents, leaks } from './scanner.ts';

const SECRET = 'ab12cd-canary+/=<"&-ab12cd';
const HTML = 'ab12cd-canary+/=&lt;&quot;&amp;-ab12cd';
const secrets = { TOKEN: SECRET };
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-scanner-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);
const found = (): readonly string[] =>
  [...contents(folder)].filter(([, text]) => leaks(text, secrets).length > 0).map(([name]) => name);

describe('a planted secret is found', () => {
  const packed = gzipSync(zipSync({ 'trace.json': gzipSync(JSON.stringify({ said: SECRET })) }));
  test.each<readonly [string, string | Uint8Array, string]>([
    ['a.txt', `refused: ${SECRET} is not known`, 'a.txt'],
    ['a.ndjson', `{"n":1}\n${JSON.stringify({ said: `x ${SECRET}` })}\n`, 'a.ndjson'],
    ['a.html', `<p title="${HTML}">`, 'a.html'],
    ['a.svg', `<svg xmlns="http://www.w3.org/2000/svg"><text>${HTML}</text></svg>`, 'a.svg'],
    ['a.log', `GET /?key=${encodeURIComponent(SECRET)}`, 'a.log'],
    ['pair.txt', `Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}`, 'pair.txt'],
    ['a.json', JSON.stringify({ body: Buffer.from(`xy${SECRET}`).toString('base64url') }), 'a.json'],
    ['cut.txt', `said: ${SECRET.slice(0, 15)}…`, 'cut.txt'],
    ['a.gz', gzipSync(`said ${SECRET}`), 'a.gz!gunzipped'],
    ['a.zip', zipSync({ 'b/c.txt': Buffer.from(SECRET) }), 'a.zip!b/c.txt'],
    ['deep.gz', packed, 'deep.gz!gunzipped!trace.json!gunzipped'],
  ])('in %s', (name, content, where) => {
    put(name, content);
    expect(found()).toEqual([where]);
  });

  test('in a row of SQLite that lies on several pages, and in its log', () => {
    using db = new DatabaseSync(join(folder, 'a.db'));
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x TEXT)');
    // Wherever it is torn, no page holds enough of it.
    for (let n = 4_040; n < 4_060; n += 1) db.prepare('INSERT INTO t VALUES (?)').run(`${'x'.repeat(n)}${SECRET}`);
    expect(found()).toContain(`${join(folder, 'a.db')}!rows`);
    expect(found()).toContain('a.db-wal');
  });

  test.skipIf(isMissing('chromium', 'chromium'))('in what a PDF draws', async () => {
    const page = `<!doctype html><title>t</title><p>some words</p><p style="font-family: monospace">was refused: <b>${HTML}</b></p>`;
    const signal = AbortSignal.timeout(60_000);
    const path = process.env['PATH'] ?? '';
    const printed = await printPdf(page, { executable: undefined, path, clock: systemClock, signal });
    put('a.pdf', printed.ok ? printed.content : printed.message);
    expect(found()).toEqual(['a.pdf!drawn']);
  });

  test('as a line of a key', () => {
    const key = `-----BEGIN PRIVATE KEY-----\n${'Ab1+'.repeat(16)}\n-----END PRIVATE KEY-----\n`;
    expect(leaks(`x ${'Ab1+'.repeat(16)} y`, { KEY: key })).toHaveLength(1);
    expect(leaks('-----BEGIN PRIVATE KEY-----', { KEY: key })).toEqual([]);
  });
});

test('what holds none is said to hold none', () => {
  put('a.txt', 'refused: ${TOKEN}');
  put('a.zip', zipSync({ a: Buffer.from('ab12cd-can') }));
  expect(found()).toEqual([]);
});
