import { describe, expect, test } from 'vitest';
import { renderGameday, runBefore } from '../../reports/gameday.ts';
import { marksOf, watchedOf } from '../../reports/gameday/chart.ts';
import { readStory } from '../../reports/gameday/story.ts';
import type { JournalBody, JournalEntry, MarkName } from '../../scenarios/journal.ts';
import { flawsOf } from './well-formed.ts';

const AT = Date.UTC(2026, 2, 3, 10, 0, 0);
const MINUTE = 60_000;

/** Entries at seconds since the start. */
function journalOf(
  said: readonly (readonly [seconds: number, body: JournalBody])[],
  gameday = 'gd-20260303-100000-feed',
  atMs = AT,
): readonly JournalEntry[] {
  return said.map(([seconds, body], seq) => ({
    ...body,
    seq,
    gameday,
    atMs: atMs + seconds * 1000,
    sinceStartMs: seconds * 1000,
  }));
}

const STARTED: JournalBody = {
  type: 'started',
  scenario: 'feed',
  title: 'Slow feed',
  objective: 'The venue fails over.',
  component: 'market-data',
  environment: 'staging',
  location: 'fra1',
  timeScale: 1,
  timeboxMs: 90 * MINUTE,
  recoveryGoalMs: 2 * MINUTE,
  obligation: null,
  seed: 1,
  owners: ['Data Platform'],
  people: { lead: 'Ada' },
  charter: {
    serves: null,
    prerequisites: ['the desk knows'],
    roles: { 'on-call': 'answers as on any other day' },
    communications: { channel: '#game-days', audience: ['support'], before: 'it begins', during: null, after: null },
    goals: { alerted: 2 * MINUTE, diagnosed: 10 * MINUTE },
    alerts: [],
    hypothesis: ['ticks are fresh'],
    success: [],
    abort: ['orders fail'],
    degradedMode: 'on the backup feed',
    pass: ['recovered-despite-fault'],
    settleMs: 1000,
    steadyForMs: 1000,
    budget: null,
  },
};

const mark = (what: MarkName, seconds: number, by?: string): readonly [number, JournalBody] => [
  10 + seconds,
  {
    type: 'mark',
    what,
    source: by === undefined ? 'hypothesis' : `${by}, by hand`,
    uncertaintyMs: by === undefined ? 1000 : 0,
    afterMs: seconds * 1000,
    ...(by === undefined ? {} : { by }),
  },
];

const hypothesis = (
  seconds: number,
  phase: 'before' | 'during' | 'after',
  ok: boolean | null,
): readonly [number, JournalBody] => [
  seconds,
  { type: 'hypothesis', phase, name: 'ticks are fresh', ok, detail: 'p99' },
];

const BROKEN: readonly (readonly [number, JournalBody])[] = [
  [0, STARTED],
  [0, { type: 'phase', phase: 'before' }],
  hypothesis(5, 'before', true),
  [
    10,
    {
      type: 'undo-prepared',
      fault: 'slow',
      target: { injector: 'toxiproxy', name: 'feed' },
      what: { type: 'latency', ms: 3000, jitterMs: 0, roundTrip: false },
      undo: { injector: 'toxiproxy', body: {}, byHand: 'curl' },
    },
  ],
  [10, { type: 'phase', phase: 'during' }],
  [10, { type: 'injected', fault: 'slow' }],
  mark('injected', 0),
  mark('impact', 4),
  hypothesis(14, 'during', false),
  [
    60,
    {
      type: 'degraded-mode',
      change: 'entered',
      name: 'on the backup feed',
      ok: false,
      afterMs: 50_000,
      withinMs: 30_000,
      detail: 'it was not',
    },
  ],
  [70, { type: 'asked', step: 'page-answered', what: 'Answer the page', who: 'on-call', withinMs: 60_000 }],
  [130, { type: 'answered', step: 'page-answered', ok: false, by: null, note: null, afterMs: 60_000 }],
  mark('diagnosed', 1200, 'bo'),
  [1300, { type: 'note', text: 'ana: gap: the run book names a dashboard that is gone' }],
  [2000, { type: 'lifted', fault: 'slow', by: 'conductor', verified: true, detail: 'gone', crossed: null }],
  mark('lifted', 1990),
  [2000, { type: 'phase', phase: 'after' }],
  hypothesis(2050, 'after', true),
  mark('recovered', 2040),
  [
    2060,
    {
      type: 'alerts',
      expected: [
        {
          rule: 'burn',
          objective: 'slo-x',
          service: null,
          severity: null,
          withinMs: 120_000,
          state: 'late',
          afterMs: 130_000,
        },
        {
          rule: 'breach',
          objective: null,
          service: null,
          severity: null,
          withinMs: 120_000,
          state: 'missing',
          afterMs: null,
        },
      ],
      unexpected: [
        { id: 'z', rule: 'clock', severity: 'SEV-3', service: null, objective: null, says: 'the clock is off' },
      ],
    },
  ],
  [2061, { type: 'invariant', name: 'no lost orders', ok: false, detail: '1 of 3 is missing' }],
  [2061, { type: 'invariant', name: 'flat position', ok: null, detail: 'not checked because nobody can be asked' }],
  [
    2070,
    {
      type: 'finished',
      verdict: 'recovered-after-lift',
      passed: false,
      detail: 'the steady state came back only once the fault was lifted',
      detectedAfterMs: null,
      recoveredAfterMs: 2_040_000,
      recoveredAfterLiftMs: 50_000,
    },
  ],
];

/** What stands below a heading. */
function section(markdown: string, heading: string): string {
  return markdown.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
}

describe('the record of a game-day, for the review', () => {
  const rendered = renderGameday({ journal: journalOf(BROKEN), results: [] });
  const { markdown } = rendered;

  test('says in its first ten lines what was broken, what came of it, and what is to be done', () => {
    expect(markdown.split('\n').slice(0, 11)).toEqual([
      '# Game-day: Slow feed',
      '',
      '**NOT PASSED: recovered-after-lift** — the steady state came back only once the fault was lifted. Detected never, fault lifted after 33 min 10 s, recovered after 34 min, goal 2 min (from injection).',
      '',
      '- **What:** `market-data` in `staging`: latency 3,000 ms, on what the server sends on `feed`',
      '- **Goals:** **3 of 3 missed** (alerted never, diagnosed 20 min, recovered 34 min)',
      '- **Alerts:** 0 of 2 expected came in time, **1 missing**, **1 late**, **1 unexpected**',
      '- **Invariants:** **not kept: no lost orders**, 0 of 2 kept, 1 not checked',
      '- **Budget spent:** not computed',
      '- **To do:** 11 gaps; retrospective by 2026-03-04 10:34 UTC, follow-up by 2026-04-02',
      '',
    ]);
    expect(flawsOf(rendered)).toEqual([]);
  });

  test('turns each gap into an action with an owner and a date', () => {
    expect(section(markdown, 'Actions').split('\n').slice(2, -2)).toEqual([
      '| Action | Kind | Owner | Due | State |',
      '| --- | --- | --- | --- | --- |',
      '| hold the retrospective on this page: 11 gaps | retrospective | Ada | 2026-03-04 10:34 UTC | open |',
      '| no lost orders was not kept: 1 of 3 is missing | urgent | Data Platform | 2026-03-04 10:34 UTC | open |',
      '| the alert burn came after 130.0 s, later than 2 min | detection | Data Platform | 2026-04-02 | open |',
      '| the alert breach never came | detection | Data Platform | 2026-04-02 | open |',
      '| the alert clock was not expected: the clock is off | detection | Data Platform | 2026-04-02 | open |',
      '| first alert never, the goal is 2 min | run book | Data Platform | 2026-04-02 | open |',
      '| diagnosed after 20 min, the goal is 10 min | run book | Data Platform | 2026-04-02 | open |',
      '| recovered after 34 min, the goal is 2 min | run book | Data Platform | 2026-04-02 | open |',
      '| nobody said in time that page-answered was done | run book | Data Platform | 2026-04-02 | open |',
      '| the degraded mode was not entered in time: on the backup feed | service | Data Platform | 2026-04-02 | open |',
      '| the service did not recover by itself while the fault was there | service | Data Platform | 2026-04-02 | open |',
      '| the run book names a dashboard that is gone (ana) | run book | Data Platform | 2026-04-02 | open |',
      '| look whether all of it is done, and run the scenario again | follow-up | Ada | 2026-04-02 | open |',
    ]);
  });

  test('names who takes part, who is told, and what would have ended it', () => {
    const charter = section(markdown, 'Charter and roles');
    expect(charter).toContain('| Roles | lead: Ada<br>on-call: answers as on any other day |');
    expect(charter).toContain(String.raw`| Communications | in \#game-days<br>to support<br>before: it begins |`);
    expect(charter).toContain('| Ends at once when | orders fail |');
    expect(charter).toContain('| Owners of the component | Data Platform |');
  });

  test('has an update each quarter of an hour, and one in the end', () => {
    expect(section(markdown, 'Updates').split('\n').slice(4, 7)).toEqual([
      '| 10:15:00 | 15 min | `slow` | **broken**: ticks are fresh | fault injected +0.0 s; steady state broken +4.0 s; asked of on-call: Answer the page |',
      '| 10:30:00 | 30 min | `slow` | **broken**: ticks are fresh | diagnosed +20 min |',
      '| 10:34:30 | 34 min 30 s | none | holds | fault lifted +33 min 10 s; recovered +34 min |',
    ]);
  });

  test('draws strips for the fault and for what was known of the steady state', () => {
    const svg = rendered.files[0]?.content ?? '';
    for (const words of [
      'fault slow on feed',
      'latency 3,000 ms, on what the server sends',
      'ticks are fresh',
      'broken',
      'diagnosed by bo +20 min',
    ]) {
      expect(svg).toContain(`>${words}</text>`);
    }
  });

  test('is drawn with twelve marks, of which none lies on another', () => {
    const names: readonly MarkName[] = ['alerted', 'detected', 'acknowledged', 'mitigated', 'steady', 'impact'];
    const many = [...BROKEN.slice(0, -1), ...names.map((what, index) => mark(what, 20 + index, 'ana'))].toSorted(
      ([a], [b]) => a - b,
    );
    const svg = renderGameday({ journal: journalOf(many), results: [] }).files[0]?.content ?? '';
    const placed = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"([^>]*)>([^<]* \+[^<]*)<\/text>/g)];
    const rows = placed.map(([, x = '', y = '', attributes = '', words = '']) => {
      const width = words.length * 8;
      const from = attributes.includes('text-anchor="end"') ? Number(x) - width : Number(x);
      return { x: from, y: Number(y), to: from + width, words };
    });
    // The last one stands at the right edge, and is whole.
    expect(rows.map(({ words }) => words)).toContain('recovered +34 min');
    expect(rows.filter(({ words, to, x }) => words.endsWith('…') || to > 960 || x < 0)).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(9);
    const overlaps = rows.flatMap((a) =>
      rows.filter((b) => a !== b && a.y === b.y && a.x < b.to && b.x < a.to).map((b) => [a, b]),
    );
    expect(overlaps).toEqual([]);
  });
});

describe('the run before', () => {
  const faster = BROKEN.map(([seconds, body]): readonly [number, JournalBody] =>
    body.type === 'mark' && body.what === 'recovered' ? [seconds, { ...body, afterMs: 2_000_000 }] : [seconds, body],
  );
  const before = journalOf(faster, 'gd-20260202-100000-feed', AT - 29 * 24 * 60 * MINUTE);
  const older = journalOf(BROKEN, 'gd-20260102-100000-feed', AT - 60 * 24 * 60 * MINUTE);
  const now = journalOf(BROKEN);

  test('is the last one of the same scenario that broke something and came to an end', () => {
    const other = before.map((entry): JournalEntry =>
      entry.type === 'started' ? { ...entry, scenario: 'other' } : entry,
    );
    const refused = before.filter(({ type }) => type !== 'injected' && type !== 'mark');
    const killed = before.filter(({ type }) => type !== 'finished');
    expect(runBefore(now, [older, before, now])).toBe(before);
    expect(runBefore(now, [other, refused, killed, now])).toBeNull();
    expect(runBefore(before, [now])).toBeNull();
  });

  test('stands beside this one, with what is more than the uncertainty', () => {
    const { markdown } = renderGameday({ journal: now, results: [], before });
    expect(markdown).toContain(
      '- **The run before:** recovered-after-lift (`gd-20260202-100000-feed`, 2026-02-02 10:00:00 UTC); recovered +34 min, then +33 min 20 s: 40.0 s later',
    );
    const compared = section(markdown, 'Beside the run before');
    expect(compared).toContain('| steady state broken | +4.0 s | +4.0 s | within the uncertainty |');
    expect(compared).toContain('| recovered | +33 min 20 s | +34 min | 40.0 s later |');
  });
});

describe('marks that were written down later than they were', () => {
  const AFTER = 2100;
  const late: JournalBody = {
    type: 'mark',
    what: 'alerted',
    source: 'page it burns',
    uncertaintyMs: 0,
    afterMs: AFTER,
  };
  const journal = journalOf([
    [0, STARTED],
    [10, { type: 'injected', fault: 'slow' }],
    mark('injected', 0),
    [13.05, late],
  ]);
  // An injection that took a second began that second earlier.
  const atMs = AT + 9_000 + AFTER;

  test('stand in the table and the timeline where they were', () => {
    const { markdown } = renderGameday({ journal, results: [] });
    expect(section(markdown, 'Marks')).toContain('| first alert | 10:00:11.100 | +2.1 s |');
    expect(section(markdown, 'Timeline')).toContain('| 2026-03-03 10:00:11 | +2.1 s | **first alert** |');
  });

  test('are drawn there', () => {
    const story = readStory(journal);
    expect(marksOf(story).map((each) => [each.name, each.atMs])).toEqual([
      ['fault injected', AT + 9_000],
      ['first alert +2.1 s', atMs],
    ]);
  });
});

test('the line of an indicator breaks at a run that has no value, however soon the next one has', () => {
  const runs = [
    [AT, 40, false],
    [AT + 1000, 50, false],
    [AT + 2000, null, true],
    [AT + 3000, 60, false],
  ] as const;
  const [latency] = watchedOf([{ probe: 'shop', indicator: 'latency', runs, counts: [] }]);
  expect(latency?.first).toEqual(runs.map(([atMs, ms]) => [atMs, ms]));
  expect(latency?.never).toEqual([AT + 2000]);
  const counts = [0, 1, 3].map((second) => [AT + second * 1000, 1, 2, 3] as const);
  const [ticks] = watchedOf([{ probe: 'ticks', indicator: 'tick-age', runs: runs.slice(2, 3), counts }]);
  for (const line of [ticks?.first, ticks?.upper, ticks?.most]) {
    expect(line?.map(([, ms]) => ms === null)).toEqual([false, false, true, false]);
  }
});
