import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderGameday } from '../../../reports/gameday.ts';
import { gamedayIdOf, makeGamedayFolder } from '../../../runner/gameday/gameday-id.ts';
import { openJournal, outstandingFaults, readJournal } from '../../../runner/gameday/journal.ts';
import { holdLock, isConducted } from '../../../runner/gameday/lock.ts';
import { recover } from '../../../runner/gameday/recover.ts';
import { systemClock } from '../../../runner/clock.ts';
import type { Injector } from '../../../scenarios/injector.ts';
import type { JournalBody } from '../../../scenarios/journal.ts';
import { problem } from './world.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulsedrill-journal-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const target = { injector: 'toxiproxy', name: 'feed' };
const prepared = (fault: string): JournalBody => ({
  type: 'undo-prepared',
  fault,
  target,
  what: { type: 'blackhole' },
  undo: { injector: 'toxiproxy', body: { fault }, byHand: `lift ${fault}` },
});
const lifted = (fault: string, verified = true): JournalBody => ({
  type: 'lifted',
  fault,
  by: 'conductor',
  verified,
  detail: '',
});

async function write(path: string, bodies: readonly JournalBody[]): Promise<void> {
  await using journal = await openJournal({ path, gameday: 'gd-1', wallMs: () => 5000, sinceStartMs: () => 7 });
  // At once: the order of the calls is the order of the lines.
  await Promise.all(bodies.map((body) => journal.append(body)));
}

describe('the journal', () => {
  const path = () => join(folder, 'journal.ndjson');

  test('keeps one entry a line, numbered in the order of the calls, also across processes', async () => {
    await write(path(), [prepared('a'), { type: 'injected', fault: 'a' }]);
    await write(path(), [lifted('a')]);
    const { entries, tornLines } = await readJournal(path());
    expect(
      entries.map(({ seq, type, gameday, atMs, sinceStartMs }) => [seq, type, gameday, atMs, sinceStartMs]),
    ).toEqual([
      [1, 'undo-prepared', 'gd-1', 5000, 7],
      [2, 'injected', 'gd-1', 5000, 7],
      [3, 'lifted', 'gd-1', 5000, 7],
    ]);
    expect(tornLines).toEqual([]);
  });

  test('skips a line that a kill tore off, says which, and writes on behind it', async () => {
    await write(path(), [prepared('a')]);
    await appendFile(path(), '{"type":"lifted","fau');
    await write(path(), [{ type: 'note', text: 'later' }]);
    const { entries, tornLines } = await readJournal(path());
    expect(entries.map((entry) => entry.type)).toEqual(['undo-prepared', 'note']);
    expect(tornLines).toEqual([2]);
    expect((await readFile(path(), 'utf8')).endsWith('\n')).toBe(true);
  });

  test('tells which faults may still be there, the last one first', async () => {
    await write(path(), [prepared('a'), prepared('b'), prepared('c'), lifted('b'), lifted('c', false)]);
    const { entries } = await readJournal(path());
    expect(outstandingFaults(entries).map(({ fault }) => fault)).toEqual(['c', 'a']);
  });

  test('lets a caller hear of an entry only once it is on the disk', async () => {
    const heard: string[] = [];
    await using journal = await openJournal({
      path: path(),
      gameday: 'gd-1',
      wallMs: () => 0,
      sinceStartMs: () => 0,
      onEntry: (entry) => heard.push(entry.type),
    });
    const writing = journal.append({ type: 'note', text: 'now' });
    expect(heard).toEqual([]);
    await writing;
    expect(heard).toEqual(['note']);
  });
});

describe('recover', () => {
  const undone: string[] = [];
  let refuses = false;
  let resists = '';
  const injector: Injector = {
    kind: 'toxiproxy',
    check: () => Promise.reject(new Error('not asked')),
    prepare: () => Promise.reject(new Error('not asked')),
    inject: () => Promise.reject(new Error('not asked')),
    undo: (undo) => {
      undone.push(String(undo.body['fault']));
      return Promise.resolve(
        refuses || undo.body['fault'] === resists
          ? problem('unreachable', 'nobody answers')
          : { ok: true, value: undefined },
      );
    },
  };
  const run = (kind = 'toxiproxy') =>
    recover({ folder, clock: systemClock, injectorFor: (wanted) => (wanted === kind ? injector : null) });
  const begin = () => makeGamedayFolder(folder, 'feed-latency', Date.UTC(2026, 10, 23, 18, 15, 0));

  beforeEach(() => {
    undone.length = 0;
    refuses = false;
    resists = '';
  });

  test('undoes what a dead run left, the last fault first, and finds nothing the second time', async () => {
    const { gamedayId, journalPath } = await begin();
    await write(journalPath, [prepared('a'), prepared('b')]);
    expect(await run()).toEqual({
      recovered: [
        { gameday: gamedayId, fault: 'b', injector: 'toxiproxy', target: 'feed' },
        { gameday: gamedayId, fault: 'a', injector: 'toxiproxy', target: 'feed' },
      ],
      remaining: [],
      running: [],
    });
    expect(undone).toEqual(['b', 'a']);
    const { entries } = await readJournal(journalPath);
    expect(entries.at(-1)).toMatchObject({
      type: 'finished',
      verdict: 'aborted',
      detail: 'the conductor ended before its game-day did',
    });
    expect(await run()).toEqual({ recovered: [], remaining: [], running: [] });
    expect(undone).toEqual(['b', 'a']);
  });

  const injectedMark = (fault: string): JournalBody => ({
    type: 'mark',
    what: 'injected',
    source: fault,
    uncertaintyMs: 2,
    afterMs: 0,
  });

  test('marks the lift of what was there, and counts it from the injection in the last line and in the report', async () => {
    const { journalPath } = await begin();
    const detected = { type: 'mark', what: 'detected', source: 'ticks', uncertaintyMs: 0, afterMs: 900 } as const;
    await write(journalPath, [prepared('a'), { type: 'injected', fault: 'a' }, injectedMark('a'), detected]);
    await write(journalPath, [prepared('b')]);
    await run();
    const { entries } = await readJournal(journalPath);
    const marks = entries.filter((entry) => entry.type === 'mark' && entry.what === 'lifted');
    const lift = entries.find((entry) => entry.type === 'lifted' && entry.fault === 'a');
    // That of the mark was 7 ms after the start, and the injection began 2 ms before.
    const afterMs = Number(lift?.sinceStartMs) - 5;
    expect(marks).toMatchObject([{ source: 'a', afterMs, uncertaintyMs: 0 }]);
    expect(entries.at(-1)).toMatchObject({ type: 'finished', detectedAfterMs: 900, liftedAfterMs: afterMs });
    expect(renderGameday({ journal: entries, results: [] }).markdown).toContain('| fault lifted: a |');
  });

  test('says of no lift that it left nothing in place while another fault resists', async () => {
    const { journalPath } = await begin();
    await write(
      journalPath,
      ['a', 'b'].flatMap((id) => [prepared(id), { type: 'injected', fault: id }, injectedMark(id)]),
    );
    resists = 'a';
    await run();
    const { entries } = await readJournal(journalPath);
    expect(entries.at(-1)).toMatchObject({ type: 'finished', liftedAfterMs: null });
    expect(entries.filter((entry) => entry.type === 'mark' && entry.what === 'lifted')).toMatchObject([
      { source: 'b' },
    ]);
  });

  test('says what it could not undo, how to do it by hand, and tries again the next time', async () => {
    const { gamedayId, journalPath } = await begin();
    await write(journalPath, [prepared('a')]);
    refuses = true;
    expect(await run()).toEqual({
      recovered: [],
      remaining: [
        {
          gameday: gamedayId,
          fault: 'a',
          injector: 'toxiproxy',
          target: 'feed',
          why: 'nobody answers',
          byHand: 'lift a',
        },
      ],
      running: [],
    });
    refuses = false;
    expect(await run()).toMatchObject({ recovered: [{ fault: 'a' }], remaining: [] });
  });

  test('leaves what no configured injector can undo, with the reason', async () => {
    const { journalPath } = await begin();
    await write(journalPath, [prepared('a')]);
    expect((await run('netem')).remaining).toMatchObject([{ why: 'no injector of kind toxiproxy is configured' }]);
  });

  test('does not touch a game-day whose conductor lives', async () => {
    const { gamedayId, journalPath } = await begin();
    await write(journalPath, [prepared('a')]);
    const lock = await holdLock(join(folder, gamedayId));
    expect(await run()).toEqual({ recovered: [], remaining: [], running: [gamedayId] });
    await lock[Symbol.asyncDispose]();
    expect(await run()).toMatchObject({ recovered: [{ fault: 'a' }], running: [] });
  });

  test('finds nothing in a folder that is not there', async () => {
    await rm(folder, { recursive: true });
    expect(await run()).toEqual({ recovered: [], remaining: [], running: [] });
  });
});

describe('the lock', () => {
  test('of a process that ended is no lock, even when its id is used again', async () => {
    await writeFile(join(folder, 'conductor.lock'), JSON.stringify({ pid: process.pid, started: '1' }));
    expect(await isConducted(folder)).toBe(process.platform !== 'linux');
    await writeFile(join(folder, 'conductor.lock'), JSON.stringify({ pid: 4_194_305, started: null }));
    expect(await isConducted(folder)).toBe(false);
    await writeFile(join(folder, 'conductor.lock'), 'torn');
    expect(await isConducted(folder)).toBe(false);
  });
});

test('a game-day is called by the second of its start and its scenario, and never shares a folder', async () => {
  const atMs = Date.UTC(2026, 10, 23, 18, 15, 0);
  expect(gamedayIdOf('feed-latency', atMs)).toBe('gd-20261123-181500-feed-latency');
  const first = await makeGamedayFolder(folder, 'feed-latency', atMs);
  const second = await makeGamedayFolder(folder, 'feed-latency', atMs);
  expect(first.journalPath).toBe(join(folder, 'gd-20261123-181500-feed-latency', 'journal.ndjson'));
  expect(second.gamedayId).toBe('gd-20261123-181500-feed-latency-2');
});
