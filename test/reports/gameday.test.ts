import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectExercise } from '../../reports/exercise.ts';
import { renderGameday } from '../../reports/gameday.ts';
import { judged } from '../slo/fixtures.ts';
import { EMPTY_TALLY } from '../../slo/tally.ts';
import { timeBase } from '../../slo/time-base.ts';
import type { JournalEntry } from '../../scenarios/journal.ts';
import { anyResult, anyStatus } from './arbitrary.ts';
import { anObjective, GAMEDAY_AT, OBJECTIVES, SAMPLE_JOURNAL, sampleResults } from './sample.ts';
import { flawsOf } from './well-formed.ts';

const near = sampleResults().filter(({ scheduledMs }) => Math.abs(scheduledMs - GAMEDAY_AT) < 300_000);

/** The sample's journal with some entries changed or left out. */
function journal(change: (entry: JournalEntry) => readonly JournalEntry[]): readonly JournalEntry[] {
  return SAMPLE_JOURNAL.flatMap((entry) => [...change(entry)]);
}

describe('the record of a game-day', () => {
  test('reads as the golden page, word for word', async () => {
    const rendered = renderGameday({ journal: SAMPLE_JOURNAL, results: near });
    expect(rendered.name).toBe('gameday-gd-1.md');
    expect(flawsOf(rendered)).toEqual([]);
    await expect(rendered.markdown).toMatchFileSnapshot('../golden/gameday.md');
  });

  test('draws the exercise over the measurements: marks in order, fault shaded, units and thresholds', () => {
    const statuses = OBJECTIVES.map((objective) => judged([], { objective, nowMs: GAMEDAY_AT }));
    const [chart] = renderGameday({ journal: SAMPLE_JOURNAL, results: near, statuses }).files;
    const svg = chart?.content ?? '';
    for (const words of [
      'fault injected',
      'steady state broken +4.4 s',
      'detected +8.6 s',
      'recovered +61.5 s',
      'fault lifted +90.0 s',
    ]) {
      expect(svg).toContain(`>${words}</text>`);
    }
    expect(svg).toContain('>ticks · age of each tick — milliseconds, logarithmic</text>');
    expect(svg).toContain('>limit &lt; 1,500 ms</text>');
    expect(svg).toContain('fill-opacity="0.09"');
    // The probe that the fault troubled stands on top.
    expect(svg.indexOf('>ticks ·')).toBeLessThan(svg.indexOf('>positions ·'));
    expect(renderGameday({ journal: SAMPLE_JOURNAL, results: near, statuses }).files[0]?.content).toBe(svg);
  });

  test('a journal alone is enough for the text, and for the strips of faults and steady state', () => {
    const rendered = renderGameday({ journal: SAMPLE_JOURNAL, results: [] });
    expect(rendered.files.map(({ name }) => name)).toEqual(['gameday-gd-1-timeline.svg']);
    expect(rendered.files[0]?.content).toContain('>no measurements</text>');
    expect(rendered.files[0]?.content).toContain('>fault slow-feed on feed</text>');
    expect(rendered.markdown).toContain('No measurement of the probes was at hand to draw.');
    expect(rendered.markdown).toContain('**PASSED: recovered-despite-fault**');
  });

  test('a journal that ends in the middle says so, and names every fault that may be left with its undo by hand', () => {
    const cut = SAMPLE_JOURNAL.slice(
      0,
      SAMPLE_JOURNAL.findIndex(({ type }) => type === 'lifted'),
    );
    const { markdown } = renderGameday({ journal: cut, results: near });
    expect(markdown).toContain(
      '**NOT FINISHED.** The journal ends at 2026-03-03 10:11:01 UTC without a verdict. Run `pulsedrill gameday recover` to undo whatever may be left.',
    );
    expect(markdown).toContain(
      '> **A FAULT MAY STILL BE IN PLACE.** No verified lifting is on record for `slow-feed`: undo by hand with `curl -X DELETE http://127.0.0.1:8474/proxies/feed/toxics/pd-slow-feed`.',
    );
  });

  test('an undo that was written down counts as a fault that may be in place, and an unverified lifting is no proof', () => {
    const prepared = SAMPLE_JOURNAL.slice(
      0,
      SAMPLE_JOURNAL.findIndex(({ type }) => type === 'injected'),
    );
    expect(renderGameday({ journal: prepared, results: [] }).markdown).toContain('A FAULT MAY STILL BE IN PLACE');
    const unverified = journal((entry) => [entry.type === 'lifted' ? { ...entry, verified: false } : entry]);
    expect(renderGameday({ journal: unverified, results: [] }).markdown).toContain('A FAULT MAY STILL BE IN PLACE');
    expect(renderGameday({ journal: SAMPLE_JOURNAL, results: [] }).markdown).not.toContain('MAY STILL BE');
  });

  test.each([
    [61_500, 1000, 'met (goal 2 min)'],
    [120_000, 1000, 'met (goal 2 min)'],
    [120_500, 1000, 'undecided: the goal 2 min lies within the uncertainty'],
    [125_000, 1000, '**missed** (goal 2 min)'],
  ])('a recovery seen after %i ms, uncertain by %i ms, is %s', (afterMs, uncertaintyMs, said) => {
    const moved = journal((entry) => [
      entry.type === 'mark' && entry.what === 'recovered'
        ? { ...entry, sinceStartMs: 10_000 + afterMs, uncertaintyMs }
        : entry,
    ]);
    expect(renderGameday({ journal: moved, results: [] }).markdown).toContain(`| ${said} |`);
  });

  test('is well formed wherever its journal ends and whatever the probes said', () => {
    const input = fc.record({
      length: fc.nat(SAMPLE_JOURNAL.length),
      results: fc.array(anyResult, { maxLength: 12 }),
      statuses: fc.array(anyStatus, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(input, ({ length, results, statuses }) => {
        expect(flawsOf(renderGameday({ journal: SAMPLE_JOURNAL.slice(0, length), results, statuses }))).toEqual([]);
      }),
      { numRuns: 80 },
    );
  }, 120_000);
});

describe('what an exercise spent', () => {
  const objective = anObjective({ id: 'api', target: '0.9', service: 'market-data' });
  const base = timeBase(1);
  const tally = { ...EMPTY_TALLY, good: 80, bad: 20, goodWeight: 800n, badWeight: 200n, squaredWeight: 1000n };
  const status = judged([{ ...tally, atMs: GAMEDAY_AT, split: '' }], {
    objective,
    base,
    nowMs: GAMEDAY_AT + 300_000,
  });
  const spending = { ...EMPTY_TALLY, good: 5, bad: 5, goodWeight: 50n, badWeight: 50n, squaredWeight: 100n };

  test('is the share of the whole budget that failed from the first injection to the end, in whole steps', async () => {
    const asked: unknown[] = [];
    const tallies = async (query: unknown) => {
      asked.push(query);
      return [{ ...spending, atMs: GAMEDAY_AT, split: '' }];
    };
    const exercise = await collectExercise({ reader: { tallies }, statuses: [status], base, journal: SAMPLE_JOURNAL });
    // 50 of the 100 that a tenth of 1,000 allows.
    expect(exercise?.spent).toEqual([{ objective: 'api', split: null, bad: 5, valid: 10, share: 0.5 }]);
    expect(asked).toEqual([{ objective: 'api', fromMs: GAMEDAY_AT, toMs: GAMEDAY_AT + 120_000 }]);
  });

  test('is nothing when nothing was injected', async () => {
    const before = SAMPLE_JOURNAL.slice(0, 4);
    const reader = { tallies: async () => [] };
    expect(await collectExercise({ reader, statuses: [status], base, journal: before })).toBeNull();
  });
});
