import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger } from '../../../store/ledger.ts';
import { holdLedger } from '../../../store/lease.ts';
import { AVAILABILITY, T0, aResult } from '../../support/results.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { commandAt } from './support.ts';

const CONFIGURATION = `
probes:
  - { id: status, kind: http, service: api, url: "http://127.0.0.1:1/status" }
objectives:
  - { id: api-availability, service: api, target: "0.999", window: 30d, sli: availability, probes: [status] }
`;

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-ledger-command-'));
  path = join(folder, 'pulsedrill.db');
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
  using ledger = new Ledger({ path, objectives: [AVAILABILITY] });
  for (let n = 0; n < 3; n += 1) {
    const results = Array.from({ length: 40 }, (_, k) =>
      aResult(n * 40 + k, { detail: `needle-${n * 40 + k}-${'x'.repeat(300)}` }),
    );
    ledger.append(results, T0 + n * 3_600_000);
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ledger = (...words: readonly string[]) => commandAt(new ManualClock(0, T0), folder, 'ledger', ...words);

function head(): string {
  using opened = new Ledger({ path, readOnly: true });
  return opened.segments({}).at(-1)?.head ?? '';
}

function change(sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

describe('ledger check', () => {
  it('says that all is whole', async () => {
    expect(await ledger('check')).toMatchObject({
      code: 0,
      printed: [
        `${path}: whole`,
        'pages: whole',
        `chain: whole: 120 results in 3 segments, 0 segments expired; head ${head()}`,
        'tallies: as the results say, 1 objective',
      ].join('\n'),
    });
  });

  it('says what is not, and mends what can be mended', async () => {
    change(`UPDATE tallies SET bad = bad + 1 WHERE at_ms = ${T0}`);
    const found = await ledger('check');
    expect(found.code).toBe(1);
    expect(found.printed.split('\n').slice(3)).toEqual([
      'tallies: NOT as the results say, 1 objective',
      '  api-availability: 1 step differs, the first at 2026-01-15T12:00:00.000Z',
      '  api-availability: its hours and days are not the sums of its minutes',
      'mend: "pulsedrill ledger check --mend" judges them anew',
    ]);
    const mended = await ledger('check', '--mend');
    expect(mended.code).toBe(0);
    expect(mended.printed.split('\n').at(-1)).toBe('mended: api-availability: whole now');
    expect(JSON.parse((await ledger('check', '--json')).printed)).toMatchObject({ ok: true, chain: { results: 120 } });
  });

  it('throws no tallies away unasked that are all that is left of results', async () => {
    change('DELETE FROM results WHERE seq BETWEEN 50 AND 59');
    const lost = 'no command brings back what was stored and is gone or changed: a copy has it';
    expect((await ledger('check')).printed.split('\n').slice(-2)).toEqual([
      'mend: "pulsedrill ledger check --mend" counts the results that are there: tallies that still count the 10 that are ' +
        'missing, of which nothing else knows, forget them then, and are better left as they are if that is all',
      lost,
    ]);
    const mended = await ledger('check', '--mend');
    expect([mended.code, mended.printed.split('\n').at(-1)]).toEqual([
      1,
      'mended: api-availability: whole now; what was stored and is gone or changed stays so',
    ]);
    const after = await ledger('check');
    expect([after.code, after.printed.split('\n').slice(4)]).toEqual([
      1,
      ['tallies: as the results say, 1 objective', lost],
    ]);
  });

  it('names the segment that somebody changed', async () => {
    change('UPDATE results SET duration_ms = 1 WHERE seq = 50');
    const { code, printed } = await ledger('check');
    expect([code, printed.split('\n').slice(2)]).toEqual([
      1,
      [
        `chain: broken in 1 segment: 120 results in 3 segments, 0 segments expired; head ${head()}`,
        '  segment 2 (2026-01-15T12:00:40.000Z to 2026-01-15T12:01:19.000Z): its results are not those that were stored',
        'tallies: as the results say, 1 objective',
        'no command brings back what was stored and is gone or changed: a copy has it',
      ],
    ]);
  });

  it('names a cursor that nothing can follow, and sets it back', async () => {
    change("INSERT INTO cursors VALUES ('influx 2 http://a db=b results', 130), ('influx 2 http://a db=b tallies', 2)");
    const { code, printed } = await ledger('check');
    expect([code, printed.split('\n').slice(3)]).toEqual([
      1,
      [
        'tallies: as the results say, 1 objective',
        'cursor "influx 2 http://a db=b results": at 130, and the last that there is has number 120: what comes next would not be shipped',
        'mend: "pulsedrill ledger check --mend" sets the cursors back',
      ],
    ]);
    const mended = await ledger('check', '--mend');
    expect([mended.code, mended.printed.split('\n').at(-1)]).toEqual([
      0,
      'mended: "influx 2 http://a db=b results": whole now',
    ]);
    using opened = new Ledger({ path, readOnly: true });
    expect(opened.position('influx 2 http://a db=b results')).toBe(120);
  });

  it('says which results are gone with a -wal that somebody removed', async () => {
    {
      using opened = new Ledger({ path });
      opened.append([aResult(200)], T0 + 10_000_000);
      copyFileSync(path, join(folder, 'shorter.db'));
    }
    renameSync(join(folder, 'shorter.db'), path);
    const { code, printed } = await ledger('check');
    expect([code, printed.split('\n')]).toEqual([
      1,
      [
        `${path}: NOT WHOLE`,
        'pages: whole',
        `chain: whole: 120 results in 3 segments, 0 segments expired; head ${head()}`,
        '  result 121, stored until 2026-01-15T14:46:40.000Z, is gone with a -wal that was removed, or this is an older or a recovered copy',
        'tallies: as the results say, 1 objective',
        'no command brings back what was stored and is gone or changed: a copy has it',
      ],
    ]);
  });

  it('of a damaged file names one command, and that one works', async () => {
    change('UPDATE results SET duration_ms = 1 WHERE seq = 50; DELETE FROM tallies');
    const bytes = readFileSync(path);
    const page = Math.floor(bytes.indexOf('needle-20-') / 4_096) * 4_096;
    writeFileSync(path, bytes.fill(0xab, page, page + 4_096));
    const mends = (await ledger('check')).printed
      .split('\n')
      .filter((line) => !/^(?:\/|pages|chain| |tallies)/.test(line));
    expect(mends).toEqual(['mend: "pulsedrill ledger recover --to FILE" saves what can be read']);
    expect((await ledger('recover', '--to', 'saved.db')).code).toBe(1);
  });

  it('of a file that is not there says so', async () => {
    rmSync(path);
    expect(await ledger('check')).toMatchObject({
      code: 3,
      complained: `${path}: expected a ledger, got no such file; "pulsedrill run" makes and fills one`,
    });
  });
});

describe('ledger compact and recover', () => {
  it('are refused while a run keeps the ledger', async () => {
    using _ = holdLedger(path, { pid: 4711, location: 'fra1', startedMs: T0 });
    const refusal = `expected a ledger that no "pulsedrill run" keeps, got process 4711, location fra1, since 2026-01-15T12:00:00.000Z on ${path}; end it first`;
    for (const words of [['compact'], ['recover', '--to', 'saved.db'], ['check', '--mend']]) {
      const { code, complained } = await ledger(...words);
      const named = words[0] === 'check' ? 'ledger check --mend' : `ledger ${words[0]}`;
      expect([code, complained]).toEqual([3, `${named}: ${refusal}`]);
    }
    expect((await ledger('check')).code).toBe(0);
  });

  it('give space back, and save what can be read', async () => {
    change('DELETE FROM results WHERE seq > 40');
    expect((await ledger('compact')).printed).toMatch(/pulsedrill\.db: 0\.\d MiB before, 0\.\d MiB now$/);
    const bytes = readFileSync(path);
    const page = Math.floor(bytes.indexOf('needle-20-') / 4_096) * 4_096;
    writeFileSync(path, bytes.fill(0xab, page, page + 4_096));
    const { code, printed } = await ledger('recover', '--to', 'saved.db');
    const lines = printed.split('\n');
    expect([code, lines[0], lines[1], lines.at(-2), lines.at(-1)]).toEqual([
      1,
      'series: 1 rows saved, none lost',
      'segments: 3 rows saved, none lost',
      'tallies: saved; the chain is whole up to segment 0 of 3',
      `what could be read is in ${join(folder, 'saved.db')}: look at it with "pulsedrill ledger check", then let store.ledger name it`,
    ]);
    expect(lines[2]).toMatch(/^results: [23]\d rows saved, \d+ lost$/);
  });
});
