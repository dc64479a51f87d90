import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkLedger } from '../../store/check.ts';
import { LastNoted, lastNoted } from '../../store/last-noted.ts';
import { Ledger } from '../../store/ledger.ts';
import { recoverLedger } from '../../store/recover.ts';
import { AVAILABILITY, T0, aResult } from '../support/results.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-last-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (at = path): Ledger => new Ledger({ path: at, objectives: [AVAILABILITY], nowMs: T0 + 7_200_000 });
const results = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => aResult(from + n));

/** What a kill leaves of a ledger that is open, some of it only in the -wal, and what somebody else leaves of that. */
function killed(name: string, without: readonly string[]): string {
  const copy = join(folder, name);
  for (const end of ['', '-wal', '-shm', '-last'].filter((each) => !without.includes(each)))
    copyFileSync(`${path}${end}`, `${copy}${end}`);
  return copy;
}

/** Ten results in the file, and ten more in the -wal alone. */
function fill(): Ledger {
  {
    using ledger = open();
    ledger.append(results(0, 10), T0);
  }
  const ledger = open();
  ledger.append(results(10, 20), T0 + 3_600_000);
  return ledger;
}

const GONE =
  'results 11 to 20, stored until 2026-01-15T13:00:00.000Z, are gone with a -wal that was removed, or this is an older or a recovered copy';

test('says no word of loss where all that a kill left is still there', () => {
  using _ = fill();
  const whole = killed('whole.db', ['-shm']);
  expect(checkLedger(whole)).toMatchObject({ gone: null, goneBefore: [], chain: { results: 20, broken: [] } });
  using again = open(whole);
  expect(again.notices).toEqual([]);
});

test('a -wal that was removed after a kill is noticed, with the results that are gone', () => {
  using ledger = fill();
  const shorter = killed('shorter.db', ['-wal', '-shm']);
  const found = checkLedger(shorter);
  expect(found).toMatchObject({ pages: [], chain: { results: 10, broken: [] } });
  const head = ledger.segments({}).at(-1)?.head;
  expect(found.gone).toEqual({ firstSeq: 11, lastSeq: 20, recordedMs: T0 + 3_600_000, head });
});

test('whoever goes on writing says so, puts it on record before others take the numbers, and says it once', () => {
  using _ = fill();
  const shorter = killed('shorter.db', ['-wal', '-shm']);
  {
    using ledger = open(shorter);
    expect(ledger.notices).toEqual([
      `ledger ${shorter}: ${GONE}: if the newer file is somewhere, with its -wal, end this and let store.ledger name it`,
    ]);
    expect(ledger.events({ kind: 'note' })).toMatchObject([
      { atMs: T0 + 3_600_000, subject: 'results', body: { firstSeq: 11, lastSeq: 20, text: GONE } },
    ]);
    ledger.append(results(30, 33), T0 + 7_200_000);
  }
  using after = open(shorter);
  expect(after.notices).toEqual([]);
  expect(after.events({ kind: 'note' })).toHaveLength(1);
  expect(checkLedger(shorter)).toMatchObject({ gone: null, goneBefore: [GONE], chain: { results: 13, broken: [] } });
});

test('an older copy that was put back is told in the same way', () => {
  {
    using ledger = open();
    ledger.append(results(0, 10), T0);
  }
  copyFileSync(path, join(folder, 'backup.db'));
  {
    using ledger = open();
    ledger.append([aResult(10)], 0);
  }
  copyFileSync(join(folder, 'backup.db'), path);
  using ledger = open();
  expect(ledger.notices).toEqual([
    `ledger ${path}: result 11 is gone with a -wal that was removed, or this is an older or a recovered copy: if the newer file is somewhere, with its -wal, end this and let store.ledger name it`,
  ]);
});

test('a ledger that was killed before anything was moved into its file, its identity included, is no new one', () => {
  using first = open();
  first.append(results(0, 6), T0);
  const bare = killed('bare.db', ['-wal', '-shm']);
  const gone =
    'results 1 to 6, stored until 2026-01-15T12:00:00.000Z, are gone with a -wal that was removed, or this is an older or a recovered copy';
  const mend =
    'restore it from a copy, or with its -wal where that is somewhere; or "pulsedrill run" begins a new record in it';
  expect(() => checkLedger(bare)).toThrow(`ledger ${bare}: it holds nothing, and ${gone}: ${mend}`);
  using ledger = open(bare);
  const text = `a new record begins, and of the one before it ${gone}`;
  expect(ledger.notices).toEqual([
    `ledger ${bare}: ${text}: if the newer file is somewhere, with its -wal, end this and let store.ledger name it`,
  ]);
  ledger.append(results(6, 7), T0);
  expect(checkLedger(bare)).toMatchObject({ gone: null, goneBefore: [text], chain: { results: 1, broken: [] } });
});

test('a recovery says what had been stored after the last result that it saved', () => {
  using _ = fill();
  const shorter = killed('shorter.db', ['-wal', '-shm']);
  expect(recoverLedger(shorter, join(folder, 'saved.db')).notices).toEqual([GONE]);
});

test('another ledger in its place, a note that is torn, cut, nonsense or gone: nothing is claimed', () => {
  using _ = fill();
  const shorter = killed('shorter.db', ['-wal', '-shm']);
  const note = readFileSync(`${shorter}-last`);
  const torn = Buffer.from(note);
  torn.write('99', note.indexOf('"seq":20') + 6);
  for (const bytes of [torn, note.subarray(0, 300), Buffer.from('{}'.padEnd(192).repeat(2)), Buffer.alloc(384, 0xab)]) {
    writeFileSync(`${shorter}-last`, bytes);
    expect([lastNoted(shorter), checkLedger(shorter).gone]).toEqual([null, null]);
  }
  rmSync(`${shorter}-last`);
  expect(checkLedger(shorter).gone).toBeNull();
  writeFileSync(`${shorter}-last`, note);
  rmSync(shorter);
  {
    using old = open(join(folder, 'old.db'));
    old.append(results(0, 1), T0);
  }
  copyFileSync(join(folder, 'old.db'), shorter);
  using other = open(shorter);
  other.append(results(1, 2), T0);
  expect([other.notices, other.events({ kind: 'note' })]).toEqual([[], []]);
  expect(lastNoted(shorter)).toMatchObject({ identity: other.identity, seq: 2, recordedMs: T0 });
});

test('the note stays as long as it is, however far the numbers go, and two writers never leave half of each', () => {
  using _ = open();
  const [one, other] = [new LastNoted(path), new LastNoted(path)];
  const note = { identity: 'f'.repeat(16), seq: Number.MAX_SAFE_INTEGER, head: 'e'.repeat(64), recordedMs: 8.64e15 };
  one.note(note);
  expect(lastNoted(path)).toEqual(note);
  other.note({ ...note, seq: 1 });
  expect(lastNoted(path)).toEqual({ ...note, seq: 1 });
  expect(statSync(`${path}-last`).size).toBe(384);
  one.close();
  other.close();
  one.note(note);
  expect(lastNoted(path)).toEqual({ ...note, seq: 1 });
});

test('a note that cannot be written is in the way of no result', () => {
  using ledger = open();
  mkdirSync(`${path}-last`);
  expect(ledger.append(results(0, 3), T0)).toBe(3);
  expect(checkLedger(path)).toMatchObject({ gone: null, chain: { results: 3 } });
});
