import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKeyPair, readPublicKey } from '../../../reports/evidence/key.ts';
import { readFiles, type Files } from '../../../reports/evidence/files.ts';
import type { Configuration } from '../../../runner/config/configuration.ts';
import { checkBundle } from '../../../runner/evidence/check.ts';
import { issueSla } from '../../../runner/evidence/issue-sla.ts';
import { checkLedger } from '../../../runner/evidence/ledger-check.ts';
import { openKnown } from '../../../runner/known.ts';
import { openStore } from '../../../store/open.ts';
import type { Result } from '../../../store/result.ts';
import { aResult } from '../../support/results.ts';
import { BEGAN, fill, MINUTE, newFolder } from './filled.ts';

const HOUR = 60 * MINUTE;
const HOURS = 120;
const ENDED = BEGAN + HOURS * HOUR;
const pair = makeKeyPair();
let folder = '';
let configuration: Configuration;
let files: Files = new Map();

/** Two runs an hour, every eighth of them three days late; more end in what comes later in the alphabet. */
const all = Array.from({ length: 2 * HOURS }, (_, n) => {
  const scheduledMs = BEGAN + (n * HOUR) / 2 + 1000;
  const recordedMs = scheduledMs + (n % 8 === 3 ? 72 * HOUR : 0);
  return {
    recordedMs,
    result: aResult(n, { runId: `status/${n}`, service: 'client-api', weightMs: HOUR / 2, scheduledMs, ...ends(n) }),
  };
});

function ends(n: number): Partial<Result> {
  if (n % 50 === 1) return { outcome: 'bad', reason: 'timeout' };
  return n % 100 === 2 ? { outcome: 'bad', reason: 'connect-refused' } : {};
}

beforeAll(async () => {
  ({ folder, configuration } = await newFolder());
  mkdirSync(join(folder, 'keys'));
  writeFileSync(join(folder, 'keys/evidence-key.pem'), pair.privatePem, { mode: 0o600 });
  for (let fromMs = BEGAN; fromMs < ENDED + 72 * HOUR; fromMs += 12 * HOUR) {
    const toMs = fromMs + 12 * HOUR;
    const told = all.filter(({ recordedMs }) => recordedMs >= fromMs && recordedMs < toMs);
    if (told.length > 0)
      await fill(
        configuration,
        toMs,
        told.map(({ result }) => result),
      );
  }
  const range = { fromMs: BEGAN, toMs: ENDED, nowMs: ENDED + 100 * HOUR };
  await using known = await openKnown(configuration, { asOfMs: null, ...range });
  const outcome = await issueSla({ configuration, known, ...range, audience: 'sre', folder: join(folder, 'out') });
  if (!outcome.issued) throw new Error('the document was not issued');
  const read = readFiles(outcome.folder);
  if (!read.ok) throw new Error(read.problem);
  files = read.files;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function held() {
  const { manifest, content, findings: own } = await checkBundle(files, readPublicKey(pair.publicPem));
  expect(own).toEqual([]);
  if (manifest === null || content === null) throw new Error('the bundle does not read');
  await using store = await openStore({ path: configuration.ledgerPath, readOnly: true, snapshot: true, inline: true });
  const { findings, checked } = await checkLedger(store, manifest, content);
  return { checked, texts: findings.map(({ text }) => text) };
}

/** One cell of the ledger, as it is written in SQL. */
function value(sql: string): string {
  const db = new DatabaseSync(configuration.ledgerPath, { readOnly: true });
  const row = db.prepare(sql).get();
  db.close();
  return String(row?.['was']);
}

/** What each column of a result is changed to; a text where nothing is said. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  ts_ns: ['ts_ns + 1', '9223372036854775807'],
  scheduled_ms: ['scheduled_ms + 0.25'],
  started_ms: ['started_ms + 1', '9e999'],
  lateness_ms: ['lateness_ms + 1e-9'],
  duration_ms: ['NULL', '-9e999'],
  weight_ms: ['weight_ms + 1', '9223372036854775807'],
  outcome: ["'bad'", "'excluded'"],
  dns_ms: ['0'],
  connect_ms: ['1'],
  tls_ms: ['1'],
  sent_ms: ['1'],
  first_byte_ms: ['NULL'],
  transfer_ms: ['0'],
  readings: ["'[]'"],
  values: ["'{}'"],
  trail: ["'[]'"],
  loop_delay_ms: ['NULL'],
  recorded_ms: ['0', '9223372036854775807'],
};
const TEXTS = ['run_id', 'cadence', 'reason', 'detail', 'gameday'];
const RESULT_COLUMNS = [...TEXTS, ...Object.keys(OTHERS)];
const SERIES_COLUMNS = ['probe', 'kind', 'service', 'location', 'endpoint', 'venue'];

describe('verify --ledger over days, of which it holds two in memory', () => {
  test('counts each minute once, also of segments that reach days back', async () => {
    const { checked, texts } = await held();
    expect(texts).toEqual([]);
    expect(checked).toEqual([
      '16 of 16 segments, hashed again from 240 raw results',
      '240 minutes of tallies, counted again from them',
    ]);
  });

  test('finds every cell of a result that is another, however large, in the segment that holds it', async () => {
    const { manifest, content } = await checkBundle(files, readPublicKey(pair.publicPem));
    if (manifest === null || content === null) throw new Error('the bundle does not read');
    const seq = 77;
    const its = content.segments.find(({ lastSeq }) => lastSeq >= seq)?.number;
    const altered = async (sql: string, undo: string): Promise<readonly string[]> => {
      const db = new DatabaseSync(configuration.ledgerPath);
      db.exec('PRAGMA foreign_keys = OFF');
      db.exec(sql);
      const path = configuration.ledgerPath;
      await using store = await openStore({ path, readOnly: true, snapshot: true, inline: true });
      const found = await checkLedger(store, manifest, content);
      db.exec(undo);
      db.close();
      return found.findings.map(({ text }) => text).filter((text) => text.startsWith('data/segments'));
    };
    const head = new RegExp(`^data/segments\\.ndjson: segment ${its} head \\(results \\d+ to \\d+ of the ledger\\): `);
    for (const column of RESULT_COLUMNS) {
      const was = value(`SELECT quote("${column}") AS was FROM results WHERE seq = ${seq}`);
      const set = (to: string): string => `UPDATE results SET "${column}" = ${to} WHERE seq = ${seq}`;
      for (const to of OTHERS[column] ?? ["'x'"]) {
        const texts = await altered(set(to), set(was));
        expect({ column, to, texts }).toEqual({ column, to, texts: [expect.stringMatching(head)] });
      }
    }
    for (const column of SERIES_COLUMNS) {
      const was = value(`SELECT quote("${column}") AS was FROM series`);
      const texts = await altered(`UPDATE series SET "${column}" = 'x'`, `UPDATE series SET "${column}" = ${was}`);
      expect({ column, heads: texts.length }).toEqual({ column, heads: content.segments.length });
    }
    // Two that change places: neither segment is what it was.
    const swap = 'UPDATE results SET seq = -seq WHERE seq IN (77, 7); UPDATE results SET seq = 84 + seq WHERE seq < 0';
    expect(await altered(swap, swap)).toHaveLength(2);
    expect(await altered('SELECT 1', 'SELECT 1')).toEqual([]);
  });

  test.each(['readings', 'values'])('says in the ledger’s own words when %s make no sense', async (column) => {
    const db = new DatabaseSync(configuration.ledgerPath);
    const was = value(`SELECT quote("${column}") AS was FROM results WHERE seq = 77`);
    db.exec(`UPDATE results SET "${column}" = '[' WHERE seq = 77`);
    await expect(held()).rejects.toThrow(/: the file is damaged; the last segment that is whole before the damage is /);
    db.exec(`UPDATE results SET "${column}" = ${was} WHERE seq = 77`);
    db.close();
  });

  test('finds what was changed in the midst of them, early and late', async () => {
    const db = new DatabaseSync(configuration.ledgerPath);
    db.exec("UPDATE results SET outcome = 'bad' WHERE run_id IN ('status/60', 'status/99')");
    db.close();
    const { texts } = await held();
    const minutes = texts.filter((text) => text.startsWith('data/tallies/'));
    expect(
      minutes.map((text) => /the minute (\S+): .* of (status\/\d+), got 1 good, 0 bad/.exec(text)?.slice(1)),
    ).toEqual([
      ['2026-02-04T15:00:00.000Z', 'status/60'],
      ['2026-02-05T10:30:00.000Z', 'status/99'],
    ]);
    expect(texts.filter((text) => text.includes(' head (results '))).toHaveLength(2);
  });
});
