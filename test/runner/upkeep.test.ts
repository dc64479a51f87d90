import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { retentionOf, retentionWarnings } from '../../runner/config/retention.ts';
import { startUpkeep } from '../../runner/upkeep.ts';
import { Ledger } from '../../store/ledger.ts';
import { AVAILABILITY, aResult } from '../support/results.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-upkeep-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the upkeep of a runner', () => {
  test('lets results go as they grow old, and says how many once it is through; never while the clock is not believed', async () => {
    const clock = new VirtualClock();
    using ledger = new Ledger({ path: join(folder, 'ledger.db'), objectives: [AVAILABILITY] });
    const said: string[] = [];
    let isTimeKnown = false;
    const stop = new AbortController();
    const upkeep = startUpkeep({
      store: { upkeep: (order) => Promise.resolve(ledger.upkeep(order, () => 0)) },
      clock,
      retention: { resultsMs: 2 * DAY, talliesMs: 40 * DAY },
      followers: [],
      isTimeKnown: () => isTimeKnown,
      say: (line) => said.push(line),
      warn: (line) => said.push(line),
    });
    const left = (): number => [...ledger.results({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })].length;
    await clock.drive(
      (async () => {
        for (let hour = 0; hour < 60; hour += 1) {
          ledger.append([aResult(hour, { scheduledMs: clock.wallMs() })], clock.wallMs());
          await clock.sleep(HOUR, stop.signal);
        }
        expect(left()).toBe(60);
        isTimeKnown = true;
        await clock.sleep(HOUR, stop.signal);
        expect(left()).toBe(47);
        expect(said).toEqual([
          'the ledger let 13 results go that were older than store.retention.results; what was counted of them stays',
        ]);
      })(),
    );
    await upkeep[Symbol.asyncDispose]();
  });

  test('says once that the ledger refuses, and tries again', async () => {
    const clock = new VirtualClock();
    const said: string[] = [];
    let asked = 0;
    const upkeep = startUpkeep({
      store: {
        upkeep: () => {
          asked += 1;
          return asked < 4 ? Promise.reject(new Error('the disk is full')) : Promise.resolve({ what: null, count: 0 });
        },
      },
      clock,
      retention: { resultsMs: 2 * DAY, talliesMs: 40 * DAY },
      followers: [],
      isTimeKnown: () => true,
      say: (line) => said.push(line),
      warn: (line) => said.push(line),
    });
    await clock.drive(clock.sleep(5.5 * 60_000, new AbortController().signal));
    expect([asked, said]).toEqual([5, ['upkeep of the ledger failed: the disk is full']]);
    await upkeep[Symbol.asyncDispose]();
  });
});

describe('how long things are kept', () => {
  const windowed = (id: string, days: number) => ({ id, windowMs: days * DAY });

  test.each([
    [{}, 90, 120, 400],
    [{}, 500, 120, 530],
    [{ results: 30 * DAY }, 90, 30, 400],
    [{ results: 500 * DAY }, 90, 500, 500],
    [{ tallies: 100 * DAY }, 90, 100, 100],
    [{ results: 7 * DAY, tallies: 95 * DAY }, 90, 7, 95],
  ])(
    'is, with %j and a window of %i days, %i days for results and %i for tallies',
    (given, window, results, tallies) => {
      expect(retentionOf(given, [windowed('a', 1), windowed('b', window)])).toEqual({
        resultsMs: results * DAY,
        talliesMs: tallies * DAY,
      });
    },
  );

  test('warns where results leave before their window does', () => {
    const objectives = [windowed('a', 7), windowed('sla', 90)];
    expect(retentionWarnings({ resultsMs: 90 * DAY, talliesMs: 400 * DAY }, objectives)).toEqual([]);
    expect(retentionWarnings({ resultsMs: 30 * DAY, talliesMs: 400 * DAY }, objectives)).toEqual([
      'store.retention.results (30d) is shorter than the window of sla (90d): budgets are counted all the same, but what has expired is not judged anew when a definition changes, and evidence of it ends at its tallies',
    ]);
  });
});
