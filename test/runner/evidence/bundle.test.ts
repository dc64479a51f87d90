import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonical } from '../../../reports/evidence/canonical.ts';
import { EDITION } from '../../../reports/evidence/edition.ts';
import { differences } from '../../../reports/evidence/figures.ts';
import { readFiles, sha256, zipped, type Files } from '../../../reports/evidence/files.ts';
import { makeKeyPair, readPrivateKey, readPublicKey, signed } from '../../../reports/evidence/key.ts';
import { MANIFEST, readManifest, SIGNATURE, type Manifest } from '../../../reports/evidence/manifest.ts';
import type { Configuration } from '../../../runner/config/configuration.ts';
import { checkBundle } from '../../../runner/evidence/check.ts';
import { checkLedger } from '../../../runner/evidence/ledger-check.ts';
import { issueSla } from '../../../runner/evidence/issue-sla.ts';
import { openKnown } from '../../../runner/known.ts';
import type { Audience } from '../../../runner/reporting.ts';
import { VERSION } from '../../../runner/version.ts';
import { openStore } from '../../../store/open.ts';
import { addedEvent } from '../../../store/exclusions.ts';
import { cli } from '../../support/cli.ts';
import { altered, leavesOf, oneMore } from './altered.ts';
import { BEGAN, COLOURS, configurationIn, ENDED, fill, lateRuns, MINUTE, newFolder, runs } from './filled.ts';
import { boundsOf, plainSums, tail } from './plainly.ts';

const pair = makeKeyPair();
const other = makeKeyPair();
const FIRST_MS = ENDED + MINUTE;
const LATE_MS = ENDED + 3 * 24 * 60 * MINUTE;

let folder = '';
let configuration: Configuration;
let path = '';
let files: Files = new Map();

beforeAll(async () => {
  ({ folder, configuration } = await newFolder());
  mkdirSync(join(folder, 'keys'));
  writeFileSync(join(folder, 'keys/evidence-key.pem'), pair.privatePem, { mode: 0o600 });
  writeFileSync(join(folder, 'public.pem'), pair.publicPem);
  await fill(configuration, FIRST_MS, runs(), COLOURS);
  const outcome = await issued(null);
  if (!outcome.issued) throw new Error('the first document was not issued');
  path = outcome.folder;
  files = filesOf(path);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function issued(asOfMs: number | null, audience: Audience = 'sre') {
  const range = { fromMs: BEGAN, toMs: ENDED, nowMs: LATE_MS + 24 * 60 * MINUTE };
  await using known = await openKnown(configuration, { asOfMs, ...range });
  return await issueSla({ configuration, known, ...range, audience, folder: join(folder, 'out') });
}

function filesOf(where: string): Files {
  const read = readFiles(where);
  if (!read.ok) throw new Error(read.problem);
  return read.files;
}

const key = readPublicKey(pair.publicPem);

async function findings(of: Files): Promise<readonly string[]> {
  return (await checkBundle(of, key)).findings.map(({ text }) => text);
}

function manifestOf(of: Files): Manifest {
  const read = readManifest(Buffer.from(of.get(MANIFEST) ?? '').toString());
  if (!read.ok) throw new Error(read.problem);
  return read.manifest;
}

/** As somebody would who has the key: hashes and signature are right again. */
function signedAgain(
  of: Files,
  change: (manifest: Manifest) => object = (manifest) => manifest,
  pem = pair.privatePem,
): Files {
  const made = new Map(of);
  const manifest = manifestOf(of);
  const list = manifest.files.map(({ name }) => {
    const content = made.get(name) ?? Buffer.from('');
    return { name, sha256: sha256(content), bytes: content.length };
  });
  const text = Buffer.from(canonical(change({ ...manifest, files: list })));
  const secret = readPrivateKey(pem);
  if (secret === null) throw new Error('no key');
  return made.set(MANIFEST, text).set(SIGNATURE, signed(text, secret));
}

function textOf(of: Files, name: string): string {
  return Buffer.from(of.get(name) ?? '').toString('utf8');
}

function hashesOf(of: Files): Readonly<Record<string, string>> {
  return Object.fromEntries([...of].map(([name, content]) => [name, sha256(content)]));
}

const SLA_TALLIES = 'data/tallies/001-sla-availability.ndjson';

describe('a bundle', () => {
  test('holds by itself, as a folder and as a file, and against its ledger', async () => {
    expect(await findings(files)).toEqual([]);
    const zip = filesOf(`${path}.zip`);
    expect(hashesOf(zip)).toEqual(hashesOf(files));
    expect(Buffer.compare(zipped(files), readFileSync(`${path}.zip`))).toBe(0);
    const { findings: found, checked } = await held(files, configuration.ledgerPath);
    expect(found).toEqual([]);
    expect(checked).toEqual([
      '1 of 1 segments, hashed again from 720 raw results',
      '180 minutes of tallies, counted again from them',
    ]);
    const all = [...files.values()].map((each) => Buffer.from(each).toString('latin1')).join('');
    expect(all).not.toContain('PRIVATE KEY');
    expect(textOf(files, 'report/sla.md')).toContain(`signed by the Ed25519 key \`${pair.fingerprint}\``);
  });

  test('for a customer carries the tallies of what was promised to him, and of nothing else', async () => {
    const outcome = await issued(null, 'customer');
    if (!outcome.issued) throw new Error('nothing was issued');
    const his = filesOf(outcome.folder);
    expect(await findings(his)).toEqual([]);
    expect((await held(his, configuration.ledgerPath)).findings).toEqual([]);
    expect([...his.keys()].filter((name) => name.startsWith('data/tallies/'))).toEqual([SLA_TALLIES]);
    expect([...his.keys()]).toContain('report/sla-customer.html');
    expect(textOf(his, 'report/sla-customer.md')).toContain('## How to check this');
    const all = [...his.values()].map((each) => Buffer.from(each).toString('latin1')).join('');
    expect(all).not.toContain('positions');
  });

  test('has the figures that another, plain computation finds in its tallies', () => {
    const [good = 0n, goodWeight = 0n, squares = 0n, bad = 0n, badWeight = 0n] = plainSums(textOf(files, SLA_TALLIES));
    const figures = manifestOf(files).figures[0];
    const n = Number(goodWeight + badWeight) ** 2 / (Number(squares) * 1e6);
    const [p, z] = [Number(badWeight) / Number(goodWeight + badWeight), 1.959963984540054];
    const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
    const reach = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
    expect(figures).toMatchObject({
      good: Number(good),
      bad: Number(bad),
      goodWeight: String(goodWeight),
      badWeight: String(badWeight),
      attainment: { num: '119', den: '120' },
      // 1 / 120 ÷ 0.005
      consumed: { num: '5', den: '3' },
      verdict: 'missed',
    });
    const windowMs = 90 * 1440 * MINUTE;
    expect(figures?.['period']).toEqual({
      fromMs: ENDED - windowMs,
      toMs: ENDED,
      sinceMs: BEGAN,
      steps: 129_600,
      silent: 129_540,
      stretches: 1,
      rhythm: 1,
      longest: { fromMs: ENDED - windowMs, toMs: BEGAN },
    });
    expect(figures?.['effectiveEvents']).toBeCloseTo(n, 9);
    expect(figures?.['wilson95']).toEqual({
      lower: expect.closeTo(1 - centre - reach, 9),
      upper: expect.closeTo(1 - centre + reach, 9),
    });

    // Clopper–Pearson by its definition: at each end of the interval, what was seen is as unlikely as 2.5 %.
    const { lower, upper } = boundsOf(figures?.['clopperPearson95']);
    expect(n).toBeCloseTo(240, 9);
    expect(tail(240, lower, Number(good), 240)).toBeCloseTo(0.025, 9);
    expect(tail(240, upper, 0, Number(good))).toBeCloseTo(0.025, 9);

    const burnSince = (sinceMs: number): number => {
      const since = plainSums(textOf(files, SLA_TALLIES), sinceMs);
      return Number(since[4]) / (Number((since[1] ?? 0n) + (since[4] ?? 0n)) * 0.005);
    };
    expect(burnSince(ENDED - 40 * MINUTE)).toBeGreaterThan(burnSince(0));
    expect(figures?.['burn']).toEqual({
      '5m': burnSince(ENDED - 5 * MINUTE),
      '30m': burnSince(ENDED - 30 * MINUTE),
      ...Object.fromEntries(
        ['1h', '2h', '6h', '1d', '3d', 'now'].map((name) => [name, expect.closeTo(burnSince(0), 9)]),
      ),
    });
    const [faultWeight, excludedWeight] = [6, 8].map((at) => plainSums(textOf(files, SLA_TALLIES))[at] ?? 0n);
    const due = goodWeight + badWeight + (faultWeight ?? 0n) + (excludedWeight ?? 0n);
    expect(figures?.['coverage']).toBe(Number(due - (faultWeight ?? 0n)) / Number(due));
  });

  test('does not hold when one byte of one file is another', async () => {
    const names = [...files.keys()];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.nat(), fc.integer({ min: 1, max: 255 }), async (name, at, by) => {
        const content = files.get(name) ?? new Uint8Array();
        fc.pre(content.length > 0);
        const place = at % content.length;
        const changed = Uint8Array.from(content).with(place, (content[place] ?? 0) ^ by);
        expect(await findings(new Map(files).set(name, changed))).not.toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  test('does not hold when a tally is another, whoever signs it anew', async () => {
    const lines = textOf(files, SLA_TALLIES).trimEnd().split('\n');
    const [line = ''] = lines;
    const [atMs, split, base64]: [number, string, string] = JSON.parse(line);
    const bytes = Buffer.from(base64, 'base64');
    // The first minute: its index, its mask, its count of good runs.
    bytes[2] = (bytes[2] ?? 0) + 1;
    const changed = new Map(files).set(
      SLA_TALLIES,
      Buffer.from(`${JSON.stringify([atMs, split, bytes.toString('base64')])}\n`),
    );
    const bare = await findings(changed);
    expect(bare[0]).toMatch(new RegExp(`^${SLA_TALLIES}: sha256: expected `));
    const said = await findings(signedAgain(changed));
    expect(said).toContain('manifest.json: sla-availability: good: expected 239, got 238');
    expect(said.some((each) => each.startsWith('report/sla.md: line '))).toBe(true);
  });

  test('does not hold when any count or weight of any minute is another, whoever signs it anew', async () => {
    const names = [...files.keys()].filter((name) => name.startsWith('data/tallies/'));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 9 }),
        async (...draw) => {
          const [name, line, place, by] = draw;
          const changed = signedAgain(
            new Map(files).set(name, Buffer.from(oneMore(textOf(files, name), line, place, by))),
          );
          const said = await findings(changed);
          expect(said.some((each) => each.startsWith('manifest.json: '))).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('does not hold when any byte of its manifest is another, whoever signs it anew', async () => {
    const text = textOf(files, MANIFEST);
    const secret = readPrivateKey(pair.privatePem);
    if (secret === null) throw new Error('no key');
    const said = async (bytes: Uint8Array) =>
      await findings(new Map(files).set(MANIFEST, bytes).set(SIGNATURE, signed(bytes, secret)));
    // What nothing else in a bundle knows of is the signer's to say.
    const known = (manifest: Manifest) => {
      const { clock: _clock, tool, query, ...rest } = manifest;
      return { ...rest, tool: tool.version, query: { ...query, ledger: '' } };
    };
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: text.length - 1 }), fc.integer({ min: 1, max: 127 }), async (at, by) => {
        const bytes = Buffer.from(text, 'latin1');
        bytes[at] = (bytes[at] ?? 0) ^ by;
        const read = readManifest(bytes.toString('utf8'));
        // The last digits of what was computed in floating point are nobody's.
        fc.pre(!read.ok || differences('', known(manifestOf(files)), known(read.manifest)).length > 0);
        expect(await said(bytes)).not.toEqual([]);
      }),
      { numRuns: 25 },
    );
    const renumbered = signedAgain(files, (manifest) => ({
      ...manifest,
      document: { ...manifest.document, number: 2 },
      query: { ...manifest.query, fromMs: BEGAN - MINUTE, environment: 'production' },
    }));
    expect(await findings(renumbered)).toEqual([
      'manifest.json: document.number: expected 1, got 2',
      'manifest.json: query.environment: expected "staging", got "production"',
      `manifest.json: query.fromMs: expected ${BEGAN}, got ${BEGAN - MINUTE}`,
    ]);
    const good = '"good":238';
    expect(text).toContain(good);
    for (const [instead, expected] of [
      ['"good":NaN', 'manifest.json: not JSON'],
      ['"good":Infinity', 'manifest.json: not JSON'],
      ['"good":1e999', 'manifest.json: Infinity is no number of JSON'],
      ['"good":-238', 'manifest.json: sla-availability: good: expected 238, got -238'],
      ['"good":238.0000001', 'manifest.json: sla-availability: good: expected 238, got 238.0000001'],
      ['"good":null', 'manifest.json: sla-availability: good: expected 238, got null'],
      [
        '"good":238,"good":238',
        `manifest.json: not canonical JSON at character ${text.indexOf(good) + good.length + 6} (a key twice, a space, or a number written otherwise)`,
      ],
      [
        '"good":2.38e2',
        `manifest.json: not canonical JSON at character ${text.indexOf(good) + 8} (a key twice, a space, or a number written otherwise)`,
      ],
    ] as const) {
      expect((await said(Buffer.from(text.replace(good, instead))))[0]).toBe(expected);
    }
  });

  test('says that it does not draw again what another edition of the page drew', async () => {
    const later = signedAgain(files, (manifest) => ({ ...manifest, tool: { ...manifest.tool, edition: EDITION + 1 } }));
    const { findings: found, checked } = await checkBundle(later, key);
    expect(found).toEqual([]);
    expect(checked.at(-1)).toBe(
      `the report's text by its hash alone: edition ${EDITION + 1} of the page drew it (pulsedrill ${VERSION}), and this is edition ${EDITION}; its figures were compared by value`,
    );
  });

  test('does not ask an earlier edition how much of a window was measured', async () => {
    const without = (manifest: Manifest): Manifest['figures'] =>
      manifest.figures.map((each) => ({
        objective: each.objective,
        ...Object.fromEntries(Object.entries(each).filter(([name]) => name !== 'period')),
      }));
    const of = (edition: number) =>
      signedAgain(files, (manifest) => ({
        ...manifest,
        figures: without(manifest),
        tool: { ...manifest.tool, edition },
      }));
    expect(await findings(of(1))).toEqual([]);
    expect((await findings(of(EDITION)))[0]).toMatch(
      /^manifest\.json: sla-availability: period: expected \{.*, got nothing$/,
    );
  });

  test('does not hold when any figure is another, whoever signs it anew', async () => {
    const leaves = leavesOf(manifestOf(files).figures);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...leaves), async (leaf) => {
        const changed = signedAgain(files, (manifest) => ({ ...manifest, figures: altered(manifest.figures, leaf) }));
        expect(await findings(changed)).not.toEqual([]);
      }),
      { numRuns: 15 },
    );
    const one = signedAgain(files, (manifest) => ({
      ...manifest,
      figures: manifest.figures.map((each, index) =>
        index === 0 ? { ...each, consumed: { num: '3', den: '5' } } : each,
      ),
    }));
    expect(await findings(one)).toEqual([
      'manifest.json: sla-availability: consumed.num: expected "5", got "3"',
      'manifest.json: sla-availability: consumed.den: expected "3", got "5"',
    ]);
    const elsewhere = signedAgain(files, (manifest) => manifest, other.privatePem);
    expect(await findings(elsewhere)).toEqual([
      `manifest.sig: it is no signature of manifest.json by ${pair.fingerprint}: one of the two was altered, or another key signed`,
    ]);
    const ours = signedAgain(files, (manifest) => ({ ...manifest, key: other.fingerprint }));
    expect(await findings(ours)).toEqual([
      `manifest.json: key: expected ${pair.fingerprint}, got ${other.fingerprint}`,
      `manifest.json: document.key: expected "${pair.fingerprint}", got "${other.fingerprint}"`,
    ]);
  });

  test('does not hold when the page says something else, whoever signs it anew', async () => {
    const page = textOf(files, 'report/sla.md').replace('was **missed**', 'was held');
    const said = await findings(signedAgain(new Map(files).set('report/sla.md', Buffer.from(page))));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^report\/sla\.md: line \d+: expected "The one commitment to customers was \*\*missed\*\*/);
  });

  test.each([
    [
      'an absent file',
      (of: Map<string, Uint8Array>) => of.delete('data/events.json'),
      'data/events.json: the manifest lists it, and it is not there',
    ],
    [
      'an extra file',
      (of: Map<string, Uint8Array>) => of.set('report/more.svg', Buffer.from('x')),
      'report/more.svg: expected no such file: the manifest does not list it',
    ],
    [
      'no signature',
      (of: Map<string, Uint8Array>) => of.delete(SIGNATURE),
      'manifest.sig: expected this file, got none: nobody signed the manifest',
    ],
    [
      'no manifest',
      (of: Map<string, Uint8Array>) => of.delete(MANIFEST),
      'manifest.json: expected this file, got none',
    ],
    [
      'a manifest of a million brackets',
      (of: Map<string, Uint8Array>) => of.set(MANIFEST, Buffer.from('['.repeat(1_000_000))),
      'manifest.json: nested deeper than 32 levels',
    ],
    [
      'a manifest of something else',
      (of: Map<string, Uint8Array>) => of.set(MANIFEST, Buffer.from('{}')),
      'manifest.json: format: Invalid input: expected "pulsedrill-evidence/1"',
    ],
  ])('is refused with %s', async (_what, change, expected) => {
    const changed = new Map(files);
    change(changed);
    expect(await findings(changed)).toContain(expected);
  });

  test.each([
    [
      'a window of ten thousand years',
      { windowMs: 3e14 },
      'manifest.json: definitions: the window of sla-availability is longer than four years',
    ],
    [
      'a target that is no number',
      { target: '0.9e9' },
      'manifest.json: definitions.0.target: Invalid string: must match pattern /^0\\.\\d{1,30}$/',
    ],
  ])('is refused with %s', async (_what, differing, expected) => {
    const changed = signedAgain(files, (manifest) => ({
      ...manifest,
      definitions: manifest.definitions.map((each, index) => (index === 0 ? { ...each, ...differing } : each)),
    }));
    expect(await findings(changed)).toEqual([expected]);
  });
});

async function held(of: Files, ledger: string) {
  const { manifest, content } = await checkBundle(of, key);
  if (manifest === null || content === null) throw new Error('the bundle does not read');
  await using store = await openStore({ path: ledger, readOnly: true, snapshot: true });
  return await checkLedger(store, manifest, content);
}

/** A copy of the ledger in which somebody wrote. */
function tampered(sql: string, ...cells: (string | number)[]): string {
  const copy = join(folder, 'altered.db');
  for (const end of ['', '-wal', '-shm']) rmSync(`${copy}${end}`, { force: true });
  copyFileSync(configuration.ledgerPath, copy);
  const db = new DatabaseSync(copy);
  db.prepare(sql).run(...cells);
  db.close();
  return copy;
}

describe('verify --ledger', () => {
  test('names the minute and the runs when the outcome of one result is another', async () => {
    const { findings: found } = await held(
      files,
      tampered("UPDATE results SET outcome = 'good' WHERE run_id = 'status/100'"),
    );
    expect(found.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^data\/segments\.ndjson: segment 1 head \(results 1 to 720 of the ledger\): expected [0-9a-f]{64}, got [0-9a-f]{64}$/,
      ),
      `${SLA_TALLIES}: sla-availability: the minute 2026-02-03T09:25:00.000Z: expected 3 good, 1 bad, 0 excluded, 0 faults (weights 45000000, 15000000, 900000000) by the raw results of status/100, status/101, status/102, status/103, got 2 good, 2 bad, 0 excluded, 0 faults (weights 30000000, 30000000, 900000000)`,
    ]);
  });

  test('sees any cell of any result that is another', async () => {
    const columns = ['detail', 'duration_ms', 'readings', 'gameday', 'recorded_ms'];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...columns), fc.integer({ min: 1, max: 720 }), async (column, seq) => {
        const value = { detail: 'x', duration_ms: 77, readings: '[]', gameday: 'g', recorded_ms: 7 }[column] ?? '';
        const { findings: found } = await held(
          files,
          tampered(`UPDATE results SET ${column} = ? WHERE seq = ?`, value, seq),
        );
        expect(found[0]?.text).toContain('segment 1 head');
      }),
      { numRuns: 4 },
    );
    const { findings: gone } = await held(files, tampered('DELETE FROM results WHERE seq = 77'));
    expect(gone[0]?.text).toBe('data/segments.ndjson: segment 1: expected result 77 in the ledger, got none');
  });

  test('says what has expired, and goes on', async () => {
    const path = tampered('UPDATE segments SET expired_ms = 1, closed_ms = 2');
    const db = new DatabaseSync(path);
    db.exec('DELETE FROM results');
    db.close();
    const { findings: found, checked } = await held(files, path);
    expect(found).toEqual([]);
    expect(checked).toEqual([
      '0 of 1 segments, hashed again from 0 raw results',
      '0 minutes of tallies, counted again from them; 180 were not, because raw results near them have expired',
      'segment 1 has expired: its hash is chained, and was not computed again',
    ]);
  });
});

describe('the command', () => {
  test('exits by what it found, and says that without a key nobody is proven', async () => {
    const holds = await cli(['verify', path, '--key', 'public.pem', '--ledger', 'pulsedrill.db', '--json'], { folder });
    expect(holds).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(holds.stdout)).toMatchObject({
      holds: true,
      signerProven: pair.fingerprint,
      number: 1,
      differences: [],
    });
    const bare = await cli(['verify', path], { folder });
    expect(bare.code).toBe(1);
    expect(bare.stdout).toContain(
      'nothing says who signed it: give the public key that reached you another way (--key)\n',
    );
    expect(bare.stdout).toMatch(/does not hold: its content agrees with itself, and the signer is not proven\n$/);
    writeFileSync(join(folder, 'letter.txt'), 'dear customer');
    const letter = await cli(['verify', 'letter.txt', '--key', 'public.pem'], { folder });
    expect(letter).toMatchObject({
      code: 1,
      stdout: `${join(folder, 'letter.txt')}: no ZIP file that can be read\ndoes not hold: 1 difference\n`,
    });
    const none = await cli(['verify', 'nowhere'], { folder });
    expect(none).toMatchObject({
      code: 2,
      stderr: `${join(folder, 'nowhere')}: expected a bundle of evidence, got no such file\n`,
    });
  });
});

describe('a restatement', () => {
  test('is numbered, says what changed and why, and leaves the earlier document verifiable', async () => {
    expect(await issued(null)).toEqual({ issued: false, number: 1, asOfMs: FIRST_MS });
    const before = readFileSync(`${path}.zip`);
    const exclusion = {
      id: 'ex-1',
      fromMs: BEGAN + 25 * MINUTE,
      toMs: BEGAN + 26 * MINUTE,
      services: ['client-api'],
      objectives: [],
      author: 'ana',
      reason: 'upgrade',
      approver: 'ben',
      createdMs: LATE_MS,
      withdrawn: null,
    };
    await fill(configuration, LATE_MS, lateRuns(), [addedEvent(exclusion)]);
    // Another process asks for the same number meanwhile, as of another moment: it gets none, and touches nothing.
    const range = { fromMs: BEGAN, toMs: ENDED, nowMs: LATE_MS + 24 * 60 * MINUTE };
    await using slower = await openKnown(configuration, { asOfMs: LATE_MS + 1, ...range });
    const second = await issued(null);
    if (!second.issued) throw new Error('nothing was restated');
    const put = readFileSync(second.file);
    await expect(
      issueSla({ configuration, known: slower, ...range, audience: 'sre', folder: join(folder, 'out') }),
    ).rejects.toThrow(
      'report sla: expected to issue no. 2 of this range, and another process has meanwhile; nothing was written, run it again',
    );
    expect(Buffer.compare(readFileSync(second.file), put)).toBe(0);
    await expect(issued(LATE_MS - 1)).rejects.toThrow(
      `report sla: expected --as-of after ${new Date(LATE_MS).toISOString()}, as of which no. 2 of this range was issued, got ${new Date(LATE_MS - 1).toISOString()}: a document restates what was known before it; without --bundle it is written without a number`,
    );
    expect(second).toMatchObject({ number: 2, restates: 1, again: false });
    const now = filesOf(second.folder);
    expect(await findings(now)).toEqual([]);
    expect((await held(now, configuration.ledgerPath)).findings).toEqual([]);
    const page = textOf(now, 'report/sla.md');
    expect(page).toContain('## What changed since no. 1');
    expect(page).toContain(
      '| `sla-availability` | attained | 99.167 % (238 of 240 events) | 97.143 % (238 of 245 events) | 5 late results, due 2026-02-03 09:40:00 UTC to 2026-02-03 09:41:00 UTC, recorded 2026-02-06 10:00:00 UTC; exclusion ex-1 added: upgrade |',
    );
    expect(page).toContain('| `sla-availability` | attained, without exclusions | – | 97.925 % (236 of 241 events) |');
    expect(manifestOf(now).document).toEqual({
      number: 2,
      restates: { number: 1, manifest: sha256(files.get(MANIFEST) ?? '') },
    });

    // The first one, after all that: it verifies against the ledger, and is written again to the byte.
    expect(await findings(files)).toEqual([]);
    expect((await held(files, configuration.ledgerPath)).findings).toEqual([]);
    expect(await issued(FIRST_MS)).toMatchObject({ issued: true, number: 1, again: true });
    expect(Buffer.compare(readFileSync(`${path}.zip`), before)).toBe(0);
  });

  test('does not come of a new target or limit, which judge nothing of before, and comes of another window', async () => {
    const file = join(folder, 'pulsedrill.config.yaml');
    const became = async (atMs: number, ...changes: readonly (readonly [string, string])[]): Promise<void> => {
      const text = changes.reduce((before, [from, to]) => before.replace(from, to), readFileSync(file, 'utf8'));
      writeFileSync(file, text);
      configuration = await configurationIn(folder);
      await fill(configuration, atMs, []);
    };
    await became(LATE_MS + MINUTE, ['"0.995"', '"0.99"'], ['within: 250ms', 'within: 100ms']);
    expect(await issued(null)).toMatchObject({ issued: false, number: 2 });

    await became(LATE_MS + 2 * MINUTE, ['window: 90d', 'window: 30m']);
    const third = await issued(null);
    if (!third.issued) throw new Error('nothing was restated');
    expect(third).toMatchObject({ number: 3, restates: 2 });
    const now = filesOf(third.folder);
    expect(await findings(now)).toEqual([]);
    expect(textOf(now, 'report/sla.md')).toContain(
      '| `sla-availability` | attained | 97.143 % (238 of 245 events) | 96.000 % (120 of 125 events) | another version of its definition: window 90 d → 30 min |',
    );
  });
});
