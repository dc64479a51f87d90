import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKeyPair } from '../../../reports/evidence/key.ts';
import { readMeasures } from '../../../reports/reading.ts';
import type { Configuration } from '../../../runner/config/configuration.ts';
import { evaluateAll } from '../../../runner/evaluation.ts';
import { lastMoment, wholeSteps } from '../../../slo/ranges.ts';
import { addTallies, EMPTY_TALLY, type Tally } from '../../../slo/tally.ts';
import { openStore, type LedgerStore } from '../../../store/open.ts';
import { cli } from '../../support/cli.ts';
import { BEGAN, ENDED, fill, MINUTE, newFolder, runs } from './filled.ts';

let folder = '';
let configuration: Configuration;
beforeAll(async () => {
  ({ folder, configuration } = await newFolder());
  mkdirSync(join(folder, 'keys'));
  writeFileSync(join(folder, 'keys/evidence-key.pem'), makeKeyPair().privatePem, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SHOWN_MS = BEGAN + 30 * MINUTE + 30_000;
const isDue = ({ scheduledMs }: { readonly scheduledMs: number }): boolean => scheduledMs < SHOWN_MS;

describe('a document of a range that ends now', () => {
  test('counts up to the last whole minute, and nothing changed once the rest of the minute has come', async () => {
    await fill(configuration, SHOWN_MS, runs().filter(isDue));
    const words = ['report', 'sla', '--bundle', '--out', 'out', '--from', at(BEGAN + 29_000), '--to', at(SHOWN_MS)];
    const first = await cli(words, { folder });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const name = 'evidence-20260203T090000Z-20260203T093000Z-sre-no-1';
    expect(first.stdout).toContain(`${join(folder, 'out', name)}\n`);
    const page = readFileSync(join(folder, 'out', name, 'report/sla.md'), 'utf8');
    expect(page).toContain(
      'Counted in whole minutes: from 2026-02-03 09:00:00 UTC up to 2026-02-03 09:30:00 UTC, without the one that begins there',
    );
    expect(page).toContain('(118 / 120 events)');

    await fill(
      configuration,
      ENDED + MINUTE,
      runs().filter((run) => !isDue(run)),
    );
    const second = await cli(words, { folder });
    expect(second).toMatchObject({
      code: 0,
      stdout: `no. 1 of this range stands: its figures are the same, so nothing was issued; --as-of ${at(SHOWN_MS)} writes it again\n`,
    });
    expect(readdirSync(join(folder, 'out')).toSorted()).toEqual([name, `${name}.zip`]);

    const none = await cli(['report', 'sla', '--from', '20s', '--to', at(SHOWN_MS)], { folder });
    expect(none).toMatchObject({
      code: 2,
      stderr:
        'report sla: expected a whole step (1 min), by which counts are kept, between --from and --to, got 20 s within one\n',
    });
  });
});

describe('ranges that meet', () => {
  test('count each run and each event once, wherever they are cut', async () => {
    await using store = await openStore({ path: configuration.ledgerPath, readOnly: true, snapshot: true });
    const moment = fc.integer({ min: BEGAN - 3 * MINUTE, max: ENDED + 3 * MINUTE });
    await fc.assert(
      fc.asyncProperty(moment, moment, moment, async (...cuts) => {
        const [a = 0, b = 0, c = 0] = cuts.toSorted((x, y) => x - y);
        const [early, late, all] = [await counted(store, a, b), await counted(store, b, c), await counted(store, a, c)];
        expect(early.events.map((each, index) => addTallies(each, late.events[index] ?? EMPTY_TALLY))).toEqual(
          all.events,
        );
        expect(early.runs + late.runs).toBe(all.runs);
      }),
      { numRuns: 40 },
    );
    const whole = await counted(store, BEGAN, ENDED);
    expect(whole.runs).toBe(720);
    expect(whole.events.map(({ good, bad }) => good + bad)).toEqual([240, 480]);
  });
});

/** As a document of the range would: each objective over exactly the range, and the runs of its probes. */
async function counted(store: LedgerStore, from: number, to: number) {
  const { base, objectives } = configuration;
  const { fromMs, toMs } = wholeSteps(base, { fromMs: from, toMs: to });
  if (fromMs === toMs) return { runs: 0, events: objectives.map(() => EMPTY_TALLY) };
  const over = objectives.map((objective) => ({ ...objective, windowMs: toMs - fromMs }));
  const statuses = await evaluateAll(store, over, { base, nowMs: lastMoment(toMs) });
  const events = statuses.map((status): Tally => status.own?.tally ?? status.tally);
  const { measurements } = await readMeasures(store, {
    statuses,
    base,
    fromMs,
    toMs,
    wanted: new Map(),
    most: 0,
  });
  const runsOf = measurements.runs.map(
    ({ good, bad, excluded, faults, skipped }) => good + bad + excluded + faults + skipped,
  );
  return { runs: runsOf.reduce((sum, each) => sum + each, 0), events };
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
