import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cells, painted, plain } from '../../../runner/live/line.ts';
import { pictureOf, type Facts, type Size } from '../../../runner/live/picture.ts';
import { NOTHING_WATCHED, withEntry, withEvent, type Watched } from '../../../runner/live/watched.ts';
import type { JournalBody, JournalEntry } from '../../../scenarios/journal.ts';

const STARTED: JournalBody = {
  type: 'started',
  scenario: 'slow-feed',
  title: 'The feed is slow',
  objective: 'The venue fails over.',
  component: 'market-data',
  environment: 'staging',
  location: 'fra1',
  timeScale: 1,
  timeboxMs: 900_000,
  recoveryGoalMs: null,
  obligation: null,
  seed: 1,
  charter: {
    serves: null,
    prerequisites: [],
    roles: {},
    communications: null,
    goals: {},
    alerts: null,
    hypothesis: ['ticks arrive', 'ticks are fresh', 'data is never long silent'],
    success: [],
    abort: [],
    degradedMode: null,
    pass: ['held'],
    settleMs: 1000,
    steadyForMs: 1000,
    budget: null,
  },
};

const PREPARED: JournalBody = {
  type: 'undo-prepared',
  fault: 'slow',
  target: { injector: 'toxiproxy', name: 'feed' },
  what: { type: 'latency', ms: 5000, jitterMs: 0, roundTrip: false },
  undo: { injector: 'toxiproxy', body: {}, byHand: 'curl' },
};

/** Each a second after the one before. */
function watch(...bodies: readonly JournalBody[]): Watched {
  return bodies.reduce<Watched>((watched, body, seq) => {
    const entry: JournalEntry = { ...body, seq, gameday: 'gd-1', atMs: seq * 1000, sinceStartMs: seq * 1000 };
    return withEntry(watched, entry);
  }, NOTHING_WATCHED);
}

const FACTS: Facts = {
  sinceStartMs: 12_000,
  objectives: [
    { id: 'slo-freshness', colour: 'yellow', consumed: 0.278 },
    { id: 'sla-freshness', colour: 'unknown', consumed: null },
  ],
  colour: 'yellow',
  stopping: null,
  isHeard: true,
};

function shown(
  watched: Watched,
  facts: Partial<Facts> = {},
  size: Size = { columns: 80, rows: 24 },
): readonly string[] {
  return pictureOf(watched, { ...FACTS, ...facts }, size).map((line) => painted(line, plain));
}

const DURING = watch(
  STARTED,
  { type: 'phase', phase: 'during' },
  PREPARED,
  { type: 'injected', fault: 'slow' },
  { type: 'mark', what: 'injected', source: 'slow', uncertaintyMs: 0, afterMs: 0 },
  { type: 'hypothesis', phase: 'during', name: 'ticks arrive', ok: true, detail: '2 of 2' },
  { type: 'hypothesis', phase: 'during', name: 'ticks are fresh', ok: false, detail: '0 of 2' },
  { type: 'mark', what: 'diagnosed', source: 'ana, by hand', uncertaintyMs: 0, afterMs: 4000, by: 'ana', note: null },
  { type: 'waiting', name: 'the venue is on its backup feed', withinMs: 60_000 },
);

describe('the live picture', () => {
  it('counts from the beginning of a drill, which injects nothing', () => {
    const drill = watch(
      STARTED,
      { type: 'phase', phase: 'during' },
      { type: 'mark', what: 'began', source: 'first-answered', uncertaintyMs: 0, afterMs: 0, since: 'began' },
    );
    expect(shown(drill)[1]).toBe('DURING  10.0 s since the beginning · 14 min 48 s of 15 min left');
  });

  it('shows phase, time left, colours, faults, conditions, waits, marks, events and the key that stops', () => {
    expect(shown(DURING)).toEqual([
      'The feed is slow  gd-1, staging',
      'DURING  9.0 s since the injection · 14 min 48 s of 15 min left',
      '',
      'market-data YELLOW · slo-freshness yellow 27.8 % · 1 objective not known',
      'faults      slow, for 9.0 s: latency 5,000 ms, on what the server sends on feed',
      'conditions  ticks arrive met · ticks are fresh UNMET',
      '            data is never long silent not yet known',
      'waiting for the venue is on its backup feed (56 s left)',
      'marks       fault injected +0.0 s · diagnosed +4.0 s by ana',
      '',
      '     0.0 s  game-day gd-1: The feed is slow (market-data, timebox 15 min)',
      '     3.0 s  injected: slow',
      '     4.0 s  mark fault injected +0.0 s from injection (slow)',
      '     5.0 s  hypothesis during: ticks arrive: holds (2 of 2)',
      '     6.0 s  hypothesis during: ticks are fresh: does not hold (0 of 2)',
      '     7.0 s  mark diagnosed +4.0 s from injection (ana, by hand)',
      '     8.0 s  waiting, at most 1 min: the venue is on its backup feed',
      '',
      '',
      '',
      '',
      'Ctrl-C stops and undoes; type a mark, ok or abort, then Enter',
    ]);
  });

  it('uses the width there is', () => {
    expect(shown(DURING, {}, { columns: 200, rows: 24 })).toContain(
      'conditions  ticks arrive met · ticks are fresh UNMET · data is never long silent not yet known',
    );
  });

  it('asks people for what they have to do, and says how to say that it is done', () => {
    const asked = watch(STARTED, {
      type: 'asked',
      step: 'page-answered',
      what: 'Answer the page',
      who: 'on-call',
      withinMs: 300_000,
    });
    expect(shown(asked).slice(-2)).toEqual([
      'PLEASE      on-call: Answer the page (type page-answered; 4 min 49 s left)',
      'Ctrl-C stops and undoes; type a mark, ok or abort, then Enter',
    ]);
    expect(shown(asked, { isHeard: false }).slice(-2)).toEqual([
      'PLEASE      on-call: Answer the page (gameday mark page-answered --by NAME; 4 m…',
      'Ctrl-C stops and undoes',
    ]);
    const done = withEntry(asked, {
      type: 'answered',
      step: 'page-answered',
      ok: true,
      by: 'ana',
      note: null,
      afterMs: 1000,
      seq: 9,
      gameday: 'gd-1',
      atMs: 0,
      sinceStartMs: 2000,
    });
    expect(shown(done).join('\n')).not.toContain('type page-answered');
  });

  it('says that everything is being undone, and that it is over', () => {
    expect(shown(DURING, { stopping: 'SIGINT' })[1]).toBe(
      'STOPPING  9.0 s since the injection · undoing everything (SIGINT)',
    );
    const lifted = withEntry(DURING, {
      type: 'lifted',
      fault: 'slow',
      by: 'conductor',
      verified: true,
      detail: '',
      seq: 9,
      gameday: 'gd-1',
      atMs: 0,
      sinceStartMs: 9000,
    });
    expect(shown(lifted)).toContain('faults      none in place');
  });

  it('forgets what was known of the conditions when the next phase begins', () => {
    const after = withEntry(DURING, {
      type: 'phase',
      phase: 'after',
      seq: 9,
      gameday: 'gd-1',
      atMs: 0,
      sinceStartMs: 9000,
    });
    expect(shown(after)).toContain('conditions  ticks arrive not yet known · ticks are fresh not yet known');
  });

  it('keeps on its last line how to stop, however small the terminal is', () => {
    expect(shown(DURING, {}, { columns: 24, rows: 6 })).toEqual([
      'The feed is slow  gd-1,…',
      'DURING  9.0 s since the…',
      '',
      'Ctrl-C stops and undoes…',
    ]);
  });

  it('has exactly the lines of its terminal, none too wide, and no control character, whatever is said', () => {
    const text = fc.string({ unit: 'binary', maxLength: 120 });
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 30 }),
        fc.integer({ min: 1, max: 220 }),
        fc.integer({ min: 1, max: 60 }),
        (said, columns, rows) => {
          const bodies = said.flatMap((each): readonly JournalBody[] => [
            { type: 'note', text: each },
            { type: 'waiting', name: each, withinMs: 1000 },
            { type: 'hypothesis', phase: 'before', name: each, ok: null, detail: each },
            { ...PREPARED, fault: each },
            { type: 'asked', step: each, what: each, who: each, withinMs: 1 },
            { type: 'mark', what: 'diagnosed', source: each, uncertaintyMs: 0, afterMs: 1, by: each },
          ]);
          const lines = shown(withEvent(watch(STARTED, ...bodies), 1, said[0] ?? '', true), {}, { columns, rows });
          expect(lines).toHaveLength(Math.max(1, rows - 2));
          for (const line of lines) {
            expect(cells(line)).toBeLessThanOrEqual(columns);
            expect(line).not.toMatch(/\p{Cc}/u);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
