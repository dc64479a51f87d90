/** The journal of an exercise is all that its report needs. */
import { describe, expect, test } from 'vitest';
import { renderGameday } from '../../../reports/gameday.ts';
import type { ChronicleSource } from '../../../runner/gameday/chronicle.ts';
import type { EarlierRun, JournalBody, JournalEntry } from '../../../scenarios/journal.ts';
import { exercise, World } from './world.ts';

const EARLIER: EarlierRun = {
  gameday: 'gd-before',
  startedMs: 0,
  verdict: 'recovered-after-lift',
  passed: false,
  marks: [{ what: 'recovered', afterMs: 60_000, uncertaintyMs: 0 }],
  alerts: null,
  broken: null,
};

function budget(final: boolean, bad: number): JournalBody {
  return {
    type: 'budget',
    final,
    spent: { fromMs: 0, toMs: 60_000, by: [{ objective: 'acks', split: null, bad, valid: 40, share: bad / 10 }] },
    objectives: [
      {
        objective: 'acks',
        service: 'shop',
        probes: ['shop'],
        limit: { indicator: 'ack', ms: 250, strict: false },
        attained: '92.500 % (37 / 40 events)',
        consumed: 0.75,
        colour: 'yellow',
      },
    ],
  };
}

async function run(source: Partial<ChronicleSource> = {}, holdFor = '10s'): Promise<readonly JournalEntry[]> {
  const here = new World();
  here.probes = { shop: { everyMs: 1000, say: (world) => (world.isFaulty ? 400 : 40) } };
  const steps = [
    {
      inject: { id: 'slow', fault: { type: 'latency', delay: '1s' }, target: { injector: 'toxiproxy', name: 'feed' } },
    },
    { hold: { for: holdFor } },
    { lift: { fault: 'slow' } },
  ];
  const hypothesis = [{ name: 'it is quick', probe: 'shop', indicator: 'ack', atMost: '250ms' }];
  await here.conduct(exercise({ steps, hypothesis, pass: ['recovered-after-lift'] }), {
    chronicle: {
      stepMs: 60_000,
      wanted: new Map(),
      budget: (isFinal) => Promise.resolve(budget(isFinal, isFinal ? 3 : 2)),
      before: () => Promise.resolve({ type: 'before', run: EARLIER }),
      ...source,
    },
  });
  return here.entries;
}

describe('a journal with a chronicle', () => {
  test('keeps the measurements as they come, and the budgets and the run before when it is over', async () => {
    const entries = await run();
    const measured = entries.filter((entry) => entry.type === 'measured');
    expect(measured.length).toBeGreaterThanOrEqual(3);
    const values = measured.flatMap(({ series }) => series.flatMap(({ runs }) => runs.map(([, ms]) => ms)));
    expect(values.filter((ms) => ms === 400)).toHaveLength(10);
    // A kill costs five seconds of them, not all.
    const finishedAt = entries.findIndex(({ type }) => type === 'finished');
    expect(entries.findIndex(({ type }) => type === 'measured')).toBeLessThan(finishedAt);
    expect(entries.slice(-2)).toMatchObject([
      { type: 'before', run: EARLIER },
      { type: 'budget', final: true },
    ]);
  });

  test('is enough for the whole report: text and drawing', async () => {
    const entries = await run();
    const { markdown, files } = renderGameday({ journal: entries });
    expect(markdown).toContain('- **Budget spent:** 30.0 % of the whole budget of `acks` (3 bad of 40 events)');
    expect(markdown).toContain('| `acks` | 92.500 % (37 / 40 events) | 75.0 % | YELLOW |');
    expect(markdown).toContain('- **The run before:** recovered-after-lift (`gd-before`, 1970-01-01 00:00:00 UTC)');
    expect(markdown).not.toContain('No measurement');
    expect(markdown).not.toContain('| measured |');
    const svg = files[0]?.content ?? '';
    expect(svg).toContain('>shop · submit to acknowledgement — milliseconds</text>');
    expect(svg).toContain('>limit ≤ 250 ms</text>');
    // What a ledger would say meanwhile changes nothing.
    const other = { journal: entries, results: [], statuses: [], exercise: null, before: entries };
    expect(renderGameday(other)).toEqual(renderGameday({ journal: entries }));
  });

  test('has what was spent so far when it ends before its end, and says that it went on', async () => {
    const entries = await run({}, '3m');
    const running = entries.filter((entry) => entry.type === 'budget' && !entry.final);
    expect(running).toHaveLength(3);
    const cut = entries.filter((entry) => entry.type !== 'finished' && (entry.type !== 'budget' || !entry.final));
    expect(renderGameday({ journal: cut }).markdown).toContain(' The exercise went on: this is as of ');
  });

  test('is not held up by a ledger that hangs, nor by one that fails', async () => {
    const hangs = await run({ budget: () => new Promise<never>(() => {}) });
    expect(hangs.filter(({ type }) => type === 'budget')).toEqual([]);
    expect(hangs.findLast(({ type }) => type === 'finished')).toMatchObject({ verdict: 'recovered-after-lift' });
    const fails = await run({ before: () => Promise.reject(new Error('no such folder')) });
    expect(fails.at(-1)).toMatchObject({ type: 'budget', final: true });
  });
});
