import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Journal } from '../../../runner/gameday/journal.ts';
import { readJournal } from '../../../runner/gameday/journal.ts';
import { gamedayExitCode } from '../../../runner/gameday/outcome.ts';
import { finish } from '../../../runner/gameday/prober-trouble.ts';
import { recover } from '../../../runner/gameday/recover.ts';
import { NOTHING_MEASURED } from '../../../runner/gameday/verdict.ts';
import { mayNotMount, smallDisk } from '../../support/small-disk.ts';
import { exercise, types, World } from './world.ts';
import type { Say } from './world.ts';

function worldWhere(say: Say): World {
  const world = new World();
  world.probes = { shop: { everyMs: 1000, say } };
  return world;
}

const steps = [
  { inject: { id: 'slow', fault: { type: 'latency', delay: '1s' }, target: { injector: 'toxiproxy', name: 'feed' } } },
  { hold: { for: '5m' } },
  { lift: { fault: 'slow' } },
];

test('a ledger that refuses results ends the exercise at once, undone, with one verdict that names the cause', async () => {
  const world = worldWhere(() => 'good');
  void world.clock.sleep(10_000, new AbortController().signal).then(() => {
    world.ledger.abort(new Error('ledger /srv/a.db: the disk is full'));
  });
  const outcome = await world.conduct(exercise({ steps }));
  expect(outcome).toMatchObject({
    verdict: 'aborted',
    passed: false,
    detail: 'results do not reach the ledger: ledger /srv/a.db: the disk is full',
    notUndone: [],
    proberFailed: true,
  });
  expect(gamedayExitCode(outcome)).toBe(3);
  expect(world.calls).toEqual(['inject feed', 'undo feed']);
  expect(world.liftedAtMs - world.injectedAtMs).toBeLessThanOrEqual(10_000);
  expect(types(world.entries).filter((type) => type === 'finished')).toHaveLength(1);
});

test('a fault that stays when the ledger refuses is exit code 5 all the same', async () => {
  const world = worldWhere(() => 'good');
  world.injector.undo = () => Promise.reject(new Error('nobody answers'));
  void world.clock.sleep(10_000, new AbortController().signal).then(() => world.ledger.abort(new Error('full')));
  expect(gamedayExitCode(await world.conduct(exercise({ steps })))).toBe(5);
});

test('a ledger that refuses before anything was injected lets nothing be injected', async () => {
  const world = worldWhere(() => 'good');
  void world.clock.sleep(500, new AbortController().signal).then(() => world.ledger.abort(new Error('full')));
  const outcome = await world.conduct(exercise({ steps }));
  expect(outcome).toMatchObject({
    verdict: 'aborted',
    detail: 'stopped before anything was injected (results do not reach the ledger: full)',
  });
  expect(gamedayExitCode(outcome)).toBe(3);
  expect(world.calls).toEqual([]);
});

test('what no probe could tell after the lift is not said to be not recovered', async () => {
  const world = worldWhere((now) => (now.faultAgeMs > 5000 ? 'fault' : 'good'));
  expect(await world.conduct(exercise())).toMatchObject({
    verdict: 'no-effect',
    passed: false,
    detail: expect.stringMatching(/^no probe could tell whether the steady state came back after the fault was lifted/),
  });
});

test('an end that cannot be written down is an abort, whatever it would have been', async () => {
  const journal: Journal = {
    append: () => Promise.reject(new Error('the journal cannot be written: ENOSPC')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const judged = { ...NOTHING_MEASURED, verdict: 'held', passed: true, detail: 'it held' } as const;
  expect(await finish(judged, journal, new AbortController().signal)).toEqual({
    ...judged,
    verdict: 'aborted',
    passed: false,
    detail: 'the journal cannot be written: ENOSPC; it would have been held',
    proberFailed: true,
  });
});

test.skipIf(mayNotMount())(
  'a journal on a disk that fills ends the exercise at the first entry that it cannot take, and is ended once',
  async () => {
    using disk = smallDisk('64k');
    // The steady state comes and goes, and each time is an entry.
    const world = worldWhere((now) => (now.isFaulty && Math.floor(now.faultAgeMs / 4000) % 2 === 0 ? 'bad' : 'good'));
    const gameday = 'gd-20261123-120000-abcd-slow-feed';
    mkdirSync(join(disk.folder, gameday));
    const journalPath = join(disk.folder, gameday, 'journal.ndjson');
    const outcome = await world.conduct(exercise({ steps }), {
      gamedayId: gameday,
      journalPath,
      onEntry: ({ type }) => {
        if (type === 'injected') disk.fill();
      },
    });
    expect(outcome).toMatchObject({
      verdict: 'aborted',
      detail: 'the journal cannot be written: ENOSPC: no space left on device, write',
      notUndone: [],
    });
    expect(gamedayExitCode(outcome)).toBe(3);
    expect(world.isFaulty).toBe(false);
    expect(world.liftedAtMs - world.injectedAtMs).toBeLessThan(200_000);
    disk.free();
    const again = { folder: disk.folder, injectorFor: () => world.injector, clock: world.clock };
    await world.clock.drive(recover(again));
    await world.clock.drive(recover(again));
    const ends = (await readJournal(journalPath)).entries.filter(({ type }) => type === 'finished');
    expect(ends).toMatchObject([{ verdict: 'aborted' }]);
  },
);
