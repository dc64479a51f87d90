import { beforeEach, describe, expect, it } from 'vitest';
import type { Notice } from '../../../runner/alerts/alert.ts';
import { cronRuns } from '../../../runner/engine/cron-runs.ts';
import { obligationsOf } from '../../../runner/obligations.ts';
import type { Attempt, Stage } from '../../../runner/scheduled/attempt.ts';
import { createCalendar } from '../../../runner/scheduled/calendar.ts';
import type { Plan } from '../../../runner/scheduled/occurrence.ts';
import type { EventQuery, LedgerEvent } from '../../../store/store.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (iso: string): number => Date.parse(iso);

/** What outlives a process: events, each once by its id, as the ledger keeps them. */
let book: Map<string, LedgerEvent>;
beforeEach(() => {
  book = new Map();
});
const store = {
  events: ({ kind, fromMs = 0 }: EventQuery) =>
    Promise.resolve([...book.values()].filter((event) => event.kind === kind && event.atMs >= fromMs)),
  recordEvents(events: readonly LedgerEvent[]) {
    for (const event of events) if (!book.has(event.id)) book.set(event.id, event);
    return Promise.resolve();
  },
};

function aPlan(more: Partial<Plan> = {}): Plan {
  return {
    id: 'weekly-feed',
    scenario: 'feed-latency',
    title: 'Slow feed',
    component: 'market-data',
    timeboxMs: 15 * MINUTE,
    timezone: 'Europe/London',
    runs: cronRuns('0 10 * * 2', 'Europe/London'),
    lead: 'Ada',
    roles: { scribe: 'Bo' },
    announceMs: 48 * HOUR,
    dryRunMs: 48 * HOUR,
    remindMs: HOUR,
    runsAnyway: false,
    ...more,
  };
}

const READY: Attempt = { ok: true, verdict: 'ready', detail: 'nothing speaks against it', gameday: null };
const HELD: Attempt = { ok: true, verdict: 'held', detail: 'the steady state held', gameday: 'gd-1' };

interface Life {
  readonly clock: ManualClock;
  readonly plans?: readonly Plan[];
  /** What comes of a try; it never ends when this never resolves. */
  readonly attempt?: (stage: Stage) => Attempt | Promise<Attempt>;
}

/** One process with its calendar; `told` is what people heard, `tried` what ran, each with the hours that it was ahead. */
function living({ clock, plans = [aPlan()], attempt }: Life) {
  const [told, tried, warnings]: [Notice[], string[], string[]] = [[], [], []];
  const stop = new AbortController();
  const calendar = createCalendar({
    plans,
    environment: 'staging',
    store,
    clock,
    record: (event) => store.recordEvents([event]),
    dispatcher: {
      send(notice) {
        told.push(notice);
        return Promise.resolve([]);
      },
    },
    attempt: async (_plan, stage, signal) => {
      tried.push(`${stage} ${new Date(clock.wallMs()).toISOString().slice(0, 16)}`);
      const cut = new Promise<Attempt>((resolve) => {
        signal.addEventListener('abort', () =>
          resolve({ ok: false, verdict: 'aborted', detail: 'stopped', gameday: 'gd-1' }),
        );
      });
      return await Promise.race([cut, attempt?.(stage) ?? (stage === 'check' ? READY : HELD)]);
    },
    stop: stop.signal,
    warn: (line) => warnings.push(line),
  });
  const over = calendar.run();
  return {
    told,
    tried,
    warnings,
    rules: () => told.map(({ details, atMs }) => `${details['rule']} ${new Date(atMs).toISOString().slice(0, 16)}`),
    passes: (ms: number) => clock.advance(ms),
    async dies(): Promise<void> {
      stop.abort();
      await over;
    },
  };
}

async function states(): Promise<readonly string[]> {
  const events = await store.events({ kind: 'gameday-schedule' });
  return events.map(({ body }) => `${String(body['state'])} ${String(body['for']).slice(0, 16)}`);
}

/** Monday noon; the exercise is on Tuesday of the week after next, 10:00 in London. */
const clockAt = (iso: string): ManualClock => new ManualClock(0, at(iso));

describe('a scheduled game-day', { timeout: 20_000 }, () => {
  it('is announced and tried two days ahead, reminded of, held at its local time although clocks go back, and told of', async () => {
    // London goes back to UTC on Sunday the 25th.
    const process = living({
      clock: clockAt('2026-10-24T20:00Z'),
      plans: [aPlan({ runs: cronRuns('0 10 * * 1', 'Europe/London') })],
    });
    await process.passes(40 * HOUR);
    expect(process.rules()).toEqual([
      'gameday-announced 2026-10-24T20:00',
      'gameday-dry-run 2026-10-24T20:00',
      'gameday-reminder 2026-10-26T09:00',
      'gameday-begun 2026-10-26T10:00',
      'gameday-ended 2026-10-26T10:00',
    ]);
    expect(process.tried).toEqual(['check 2026-10-24T20:00', 'run 2026-10-26T10:00']);
    expect(process.told[0]?.summary).toBe(
      'game-day weekly-feed (Slow feed on market-data), Mon, 26 Oct 2026, 10:00 Europe/London (10:00 UTC): announced 1 d 14 h ahead; in staging, at most 15m; lead: Ada, scribe: Bo; call it off with: pulsedrill gameday cancel weekly-feed --by NAME --reason TEXT',
    );
    expect(process.told.at(-1)?.summary).toBe(
      'game-day weekly-feed (Slow feed on market-data), Mon, 26 Oct 2026, 10:00 Europe/London (10:00 UTC): passed: held: the steady state held (gd-1)',
    );
    expect(process.told.map(({ type, as }) => `${type} ${as}`)).toEqual(Array(5).fill('announcement announcement'));
    await process.dies();
  });

  it('is announced exactly 48 hours ahead, whatever is before', async () => {
    const process = living({ clock: clockAt('2026-12-04T00:00Z') });
    await process.passes(58 * HOUR - MINUTE);
    expect(process.rules()).toEqual([]);
    await process.passes(2 * MINUTE);
    expect(process.rules()[0]).toBe('gameday-announced 2026-12-06T10:00');
    await process.dies();
  });

  it('goes on where the last process ended, and says and does nothing twice', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    const all: string[] = [];
    for (const hours of [1, 10, 30, 5, 1, 3]) {
      const process = living({ clock });
      await process.passes(hours * HOUR);
      await process.dies();
      all.push(...process.rules(), ...process.tried);
    }
    expect(all.toSorted()).toEqual(
      [
        'gameday-announced 2026-12-06T11:00',
        'gameday-begun 2026-12-08T10:00',
        'gameday-dry-run 2026-12-06T11:00',
        'gameday-ended 2026-12-08T10:00',
        'gameday-reminder 2026-12-08T09:00',
        'check 2026-12-06T11:00',
        'run 2026-12-08T10:00',
      ].toSorted(),
    );
  });

  it('is missed and told, never run late, when no process ran at its time', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    const first = living({ clock });
    await first.passes(HOUR);
    await first.dies();
    await clock.oversleep(46 * HOUR + 2 * MINUTE);
    const second = living({ clock });
    await second.passes(HOUR);
    expect(second.tried).toEqual([]);
    expect(second.told.map(({ as, summary }) => `${as}: ${summary}`)).toEqual([
      'ticket: game-day weekly-feed (Slow feed on market-data), Tue, 8 Dec 2026, 10:00 Europe/London (10:00 UTC): missed: no process ran at its time, and 2 min later nobody expects it any more',
    ]);
    expect(await states()).toContain('missed 2026-12-08T10:00');
    await second.dies();
  });

  it('is begun when the process comes back within a minute of its time', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    const first = living({ clock });
    await first.passes(HOUR);
    await first.dies();
    await clock.oversleep(46 * HOUR + 50_000);
    const second = living({ clock });
    await second.passes(MINUTE);
    expect(second.tried).toEqual(['run 2026-12-08T10:00']);
    await second.dies();
  });

  it('says of each date that passed while nobody was there, and does not run one that was announced too late', async () => {
    const clock = clockAt('2026-12-01T12:00Z');
    const first = living({ clock });
    await first.passes(MINUTE);
    await first.dies();
    await clock.oversleep(13 * 24 * HOUR);
    // Monday noon: the next one is in 22 hours.
    const second = living({ clock });
    await second.passes(23 * HOUR);
    expect(second.tried).toEqual([]);
    expect(second.told.map(({ summary }) => summary.slice(summary.indexOf(': ') + 2))).toEqual([
      'missed: no process ran that could have announced it',
      'missed: it could have been announced only 21 h 59 min ahead, less than half of 2 d',
    ]);
    await second.dies();
  });

  it('is cancelled and told when its dry run fails', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    const refused: Attempt = {
      ok: false,
      verdict: 'refused',
      detail: 'target slow-feed: no such proxy',
      gameday: null,
    };
    const process = living({ clock, attempt: () => refused });
    await process.passes(50 * HOUR);
    expect(process.tried).toEqual(['check 2026-12-06T11:00']);
    expect(process.rules()).toEqual([
      'gameday-announced 2026-12-06T11:00',
      'gameday-failed 2026-12-06T11:00',
      'gameday-cancelled 2026-12-06T11:00',
    ]);
    expect(process.told.at(-1)?.summary).toContain('cancelled: its dry run failed: target slow-feed: no such proxy');
    await process.dies();
  });

  it('takes place all the same where the configuration says so', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    const refused: Attempt = { ok: false, verdict: 'refused', detail: 'no such proxy', gameday: null };
    const process = living({
      clock,
      plans: [aPlan({ runsAnyway: true })],
      attempt: (stage) => (stage === 'check' ? refused : HELD),
    });
    await process.passes(50 * HOUR);
    expect(process.tried).toEqual(['check 2026-12-06T11:00', 'run 2026-12-08T10:00']);
    await process.dies();
  });

  it('tries again what was cut short, and is cancelled without a dry run', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    const never = new Promise<Attempt>(() => undefined);
    const first = living({ clock, attempt: () => never });
    await first.passes(HOUR);
    await first.dies();
    expect(await states()).not.toContain('dry-run 2026-12-08T10:00');
    const second = living({ clock, attempt: () => never });
    await second.passes(HOUR);
    expect(second.tried).toEqual(['check 2026-12-06T12:00']);
    await second.dies();
    await clock.oversleep(45 * HOUR);
    const third = living({ clock });
    await third.passes(MINUTE);
    expect(third.told.at(-1)?.summary).toContain('cancelled: its dry run did not take place');
    await third.dies();
  });

  it('is called off by anybody, which is told to whom it was announced', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    const process = living({ clock });
    await process.passes(HOUR);
    const body = { state: 'called-off', forMs: at('2026-12-08T10:00Z'), detail: 'called off by bo: a release' };
    const event: LedgerEvent = {
      id: 'x',
      atMs: clock.wallMs(),
      kind: 'gameday-schedule',
      service: 'market-data',
      subject: 'weekly-feed',
      body,
    };
    await store.recordEvents([event]);
    await process.passes(47 * HOUR);
    expect(process.tried).toEqual(['check 2026-12-06T11:00']);
    expect(process.told.at(-1)?.summary).toContain('cancelled: called off by bo: a release');
    await process.dies();
  });

  it('is told to be off when the configuration has another time for it, or has it no more', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    const first = living({ clock });
    await first.passes(HOUR);
    await first.dies();
    const second = living({ clock, plans: [aPlan({ runs: cronRuns('0 11 * * 2', 'Europe/London') })] });
    await second.passes(HOUR);
    expect(second.rules()).toEqual([
      'gameday-cancelled 2026-12-06T12:00',
      'gameday-announced 2026-12-06T12:00',
      'gameday-dry-run 2026-12-06T12:00',
    ]);
    await second.dies();
    const third = living({ clock, plans: [] });
    await third.passes(MINUTE);
    expect(third.told.map(({ summary }) => summary)).toEqual([
      'game-day weekly-feed (no longer in the configuration), Tue, 8 Dec 2026, 11:00 UTC: cancelled: the configuration does not have it any more',
    ]);
    await third.dies();
  });

  it('is stopped with the process that began it, and its end is on record', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    const never = new Promise<Attempt>(() => undefined);
    const process = living({ clock, attempt: (stage) => (stage === 'check' ? READY : never) });
    await process.passes(48 * HOUR);
    expect((await states()).at(-1)).toBe('started 2026-12-08T10:00');
    await process.dies();
    expect((await states()).at(-1)).toBe('ended 2026-12-08T10:00');
    expect(process.told.at(-1)?.summary).toContain('not passed: aborted: stopped (gd-1)');
  });

  it('is found to have ended by what its conductor recorded, when its own process was killed', async () => {
    const clock = clockAt('2026-12-08T10:05Z');
    const forMs = at('2026-12-08T10:00Z');
    const own = (state: string): LedgerEvent => ({
      id: state,
      atMs: forMs,
      kind: 'gameday-schedule',
      service: 'market-data',
      subject: 'weekly-feed',
      body: { state, forMs },
    });
    await store.recordEvents([own('announced'), own('started')]);
    const process = living({ clock });
    await process.passes(10 * MINUTE);
    expect(process.told).toEqual([]);
    await store.recordEvents([
      {
        id: 'gameday/gd-7',
        atMs: forMs + MINUTE,
        kind: 'gameday',
        service: 'market-data',
        subject: 'gd-7',
        body: { scenario: 'feed-latency', verdict: 'aborted', passed: false, startedMs: forMs + 2000 },
      },
    ]);
    await process.passes(10 * MINUTE);
    expect(process.told.at(-1)?.summary).toContain(
      'not passed: aborted: the process that had started it was gone by then (gd-7)',
    );
    expect(process.tried).toEqual([]);
    await process.dies();
  });

  it('is found to have no end on record, when its conductor was killed as well', async () => {
    const clock = clockAt('2026-12-08T10:05Z');
    const body = { state: 'started', forMs: at('2026-12-08T10:00Z') };
    await store.recordEvents([
      { id: 's', atMs: 0, kind: 'gameday-schedule', service: null, subject: 'weekly-feed', body },
    ]);
    const process = living({ clock });
    await process.passes(HOUR);
    expect(process.told.at(-1)?.summary).toContain(
      'not passed: unknown: its end is not on record; "pulsedrill gameday recover" undoes whatever may be left',
    );
    await process.dies();
  });
});

describe('an obligation of a component that has a game-day coming', { timeout: 20_000 }, () => {
  const opened = (id: string): LedgerEvent => ({
    id,
    atMs: at('2026-12-01T12:00Z'),
    kind: 'obligation',
    service: 'market-data',
    subject: id,
    body: { duty: 'game-day', state: 'open', objective: 'freshness', dueMs: at('2026-12-15T12:00Z'), who: [] },
  });
  const first = async () => obligationsOf(await store.events({ kind: 'obligation' }), 0)[0];

  it('is scheduled for its next date, and moves on when that was missed', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    await store.recordEvents([opened('ob-1')]);
    const process = living({ clock });
    await process.passes(HOUR);
    expect(await first()).toMatchObject({
      state: 'scheduled',
      scheduled: { forMs: at('2026-12-08T10:00Z'), by: 'gamedays.schedule weekly-feed' },
    });
    await process.dies();
    await clock.oversleep(47 * HOUR);
    const second = living({ clock });
    await second.passes(10 * MINUTE);
    expect((await first())?.scheduled?.forMs).toBe(at('2026-12-15T10:00Z'));
    await second.dies();
  });

  it('stays as a person has scheduled it until that time has passed', async () => {
    const clock = clockAt('2026-12-06T11:00Z');
    const body = { duty: 'game-day', state: 'scheduled', forMs: at('2026-12-06T15:00Z'), by: 'Ada' };
    await store.recordEvents([opened('ob-1'), { ...opened('ob-1'), id: 'ob-1/scheduled', body }]);
    const process = living({ clock });
    await process.passes(3 * HOUR);
    expect((await first())?.scheduled?.by).toBe('Ada');
    await process.passes(2 * HOUR);
    expect((await first())?.scheduled?.by).toBe('gamedays.schedule weekly-feed');
    await process.dies();
  });
});
