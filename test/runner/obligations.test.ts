import { describe, expect, it } from 'vitest';
import {
  heldEvent,
  metEvents,
  obligationEvents,
  obligationsOf,
  overdueConditions,
  scheduledEvent,
  type Obligation,
} from '../../runner/obligations.ts';
import type { Status } from '../../slo/status.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { DAY, HOUR, judged, MINUTE, NOW, objective, runs } from '../slo/fixtures.ts';

const SERVICE = 'client-api';

/** An hour in which `bad` of its 60 runs a minute apart failed, on top of a long good history. */
function status(bad: number, badAtMs: number, history = 20_000): Status {
  return judged([runs(NOW - 2 * DAY, history, 0), runs(badAtMs, 0, bad), runs(NOW - 2 * MINUTE, 10, 0)], {
    objective: objective(),
  });
}

/** Red: 100 of 20,110 against a budget of 0.1 %; the bad ones three minutes ago, so that it burns. */
const red = (badAtMs = NOW - 3 * MINUTE): Status => status(100, badAtMs);
const green = (): Status => status(0, NOW - 3 * MINUTE);
const thinRed = (): Status => status(10, NOW - 3 * MINUTE, 0);

/** What a ledger would hold after these evaluations. */
class Book {
  readonly events: LedgerEvent[] = [];

  evaluate(statuses: readonly Status[], nowMs: number): readonly LedgerEvent[] {
    const fresh = obligationEvents(SERVICE, statuses, this.standing(nowMs), nowMs);
    this.events.push(...fresh);
    return fresh;
  }

  meet(gameday: string, nowMs: number): void {
    this.events.push(...metEvents(SERVICE, gameday, this.standing(nowMs), nowMs));
  }

  standing(nowMs: number): readonly Obligation[] {
    return obligationsOf(this.events, nowMs);
  }

  gamedays(nowMs: number): readonly Obligation[] {
    return this.standing(nowMs).filter(({ duty }) => duty === 'game-day');
  }

  reviews(nowMs: number): readonly Obligation[] {
    return this.standing(nowMs).filter(({ duty }) => duty === 'postmortem');
  }
}

describe('the figures used below', () => {
  it('are Red and burning on enough events, Red on too few, and Green', () => {
    expect(red()).toMatchObject({ colour: 'red', enoughEvents: true });
    expect(red().burnNow).toBeGreaterThan(1);
    expect(thinRed()).toMatchObject({ colour: 'red', enoughEvents: false });
    expect(green()).toMatchObject({ colour: 'green' });
  });
});

describe('a service that turns Red on enough events', () => {
  it('owes a game-day and a postmortem review within 14 days of the calendar', () => {
    const book = new Book();
    const [event, review, ...more] = book.evaluate([green(), red()], NOW);
    expect(more).toEqual([]);
    expect(review).toMatchObject({
      id: 'pm-20241004T103020-client-api',
      kind: 'obligation',
      body: { duty: 'postmortem', state: 'open', days: 14, who: ['engineering leadership', 'product leadership'] },
    });
    expect(event).toMatchObject({
      id: 'ob-20241004T103020-client-api',
      atMs: NOW,
      kind: 'obligation',
      service: SERVICE,
      subject: 'ob-20241004T103020-client-api',
      body: {
        duty: 'game-day',
        state: 'open',
        objective: 'slo-api-availability',
        dueMs: NOW + 14 * DAY,
        days: 14,
        badEvents: 100,
        validEvents: 20_110,
        also: ['schedule a postmortem review with engineering and product leadership'],
      },
    });
    expect(book.gamedays(NOW)).toEqual([
      {
        id: 'ob-20241004T103020-client-api',
        duty: 'game-day',
        service: SERVICE,
        objective: 'slo-api-availability',
        openedMs: NOW,
        dueMs: NOW + 14 * DAY,
        who: [],
        state: 'open',
        scheduled: null,
        gameday: null,
        held: null,
        metMs: null,
      },
    ]);
  });

  it('owes one at a time, however long it stays Red or comes back to it', () => {
    const book = new Book();
    book.evaluate([red()], NOW);
    for (let minute = 1; minute < 10; minute += 1) {
      expect(book.evaluate([red(NOW + (minute - 1) * MINUTE)], NOW + minute * MINUTE)).toEqual([]);
    }
    book.evaluate([green()], NOW + 11 * MINUTE);
    expect(book.evaluate([red(NOW + 12 * MINUTE)], NOW + 13 * MINUTE)).toEqual([]);
    expect(book.standing(NOW + DAY).map(({ duty }) => duty)).toEqual(['game-day', 'postmortem']);
  });

  it('is asked by an obligation that is overdue, not by a second one', () => {
    const book = new Book();
    book.evaluate([red()], NOW);
    expect(book.standing(NOW + 14 * DAY).at(0)?.state).toBe('open');
    expect(book.standing(NOW + 14 * DAY + 1).at(0)?.state).toBe('overdue');
    expect(book.evaluate([red(NOW + 15 * DAY)], NOW + 15 * DAY)).toEqual([]);
  });

  it('owes a game-day for a Red budget although the incident that spent it is over: practice is due, nobody is paged', () => {
    const book = new Book();
    const spent = judged([runs(NOW - 2 * DAY, 20_000, 100), runs(NOW - 7 * HOUR, 60, 0), runs(NOW - HOUR, 60, 0)]);
    expect(spent).toMatchObject({ colour: 'red', enoughEvents: true });
    expect(book.evaluate([spent], NOW)).toHaveLength(2);
    book.meet('gd-1', NOW + HOUR);
    expect(book.evaluate([spent], NOW + 2 * HOUR)).toEqual([]);
  });

  it('is not answered by what another service owes', () => {
    const other: LedgerEvent = {
      id: 'ob-1-market-data',
      atMs: NOW - DAY,
      kind: 'obligation',
      service: 'market-data',
      subject: 'ob-1-market-data',
      body: { state: 'open', objective: 'x', dueMs: NOW + DAY },
    };
    expect(obligationEvents(SERVICE, [red()], obligationsOf([other], NOW), NOW)).toHaveLength(2);
  });

  it('owes nothing in Yellow, in Green and in Unknown', () => {
    const yellow = status(10, NOW - 3 * MINUTE);
    expect(yellow.colour).toBe('yellow');
    const unknown = judged([]);
    for (const each of [yellow, green(), unknown]) expect(new Book().evaluate([each], NOW)).toEqual([]);
    expect(new Book().evaluate([], NOW)).toEqual([]);
  });
});

describe('an obligation that was met', () => {
  const metMs = NOW + HOUR;

  function met(): Book {
    const book = new Book();
    book.evaluate([red()], NOW);
    book.meet('gd-1', metMs);
    return book;
  }

  it('says by which game-day and when', () => {
    expect(met().gamedays(metMs)).toMatchObject([{ state: 'met', gameday: 'gd-1', metMs }]);
  });

  it('stays met after its due date', () => {
    expect(met().gamedays(NOW + 30 * DAY)).toMatchObject([{ state: 'met' }]);
  });

  it('is not opened again by the bad events of the incident or of the exercise itself', () => {
    const book = met();
    expect(book.evaluate([red(metMs - 10 * MINUTE)], metMs + MINUTE)).toEqual([]);
    expect(book.evaluate([green()], metMs + 2 * MINUTE)).toEqual([]);
    expect(book.evaluate([red(metMs - MINUTE)], metMs + 3 * MINUTE)).toEqual([]);
  });

  it('is followed by another one when bad events come after it', () => {
    const book = met();
    const later = judged(
      [runs(NOW - 2 * DAY, 20_000, 0), runs(metMs + 2 * MINUTE, 0, 100), runs(metMs + 4 * MINUTE, 1, 0)],
      { nowMs: metMs + 5 * MINUTE },
    );
    expect(later).toMatchObject({ colour: 'red', enoughEvents: true });
    expect(book.evaluate([later], metMs + 5 * MINUTE)).toHaveLength(1);
    expect(book.gamedays(metMs + 5 * MINUTE).map((each) => each.state)).toEqual(['met', 'open']);
  });

  it('is met once: a second game-day changes nothing', () => {
    const book = met();
    book.meet('gd-2', metMs + DAY);
    expect(book.gamedays(metMs + DAY)).toMatchObject([{ gameday: 'gd-1', metMs }]);
  });

  it('is not met by a game-day on another service', () => {
    const book = new Book();
    book.evaluate([red()], NOW);
    expect(metEvents('market-data', 'gd-1', book.standing(metMs), metMs)).toEqual([]);
  });
});

describe('Red on thin data', () => {
  it('obliges to nothing, and does not keep another objective of the service from obliging', () => {
    expect(new Book().evaluate([thinRed()], NOW)).toEqual([]);
    expect(new Book().evaluate([thinRed(), red()], NOW).map((event) => event.kind)).toEqual([
      'obligation',
      'obligation',
    ]);
  });
});

describe('an obligation that somebody takes on', () => {
  const WHEN = NOW + 3 * DAY;

  /** Red at NOW; the first obligation of a duty. */
  function owing(): { readonly book: Book; readonly gameday: () => Obligation; readonly review: () => Obligation } {
    const book = new Book();
    book.evaluate([red()], NOW);
    const first = (list: readonly Obligation[]): Obligation => {
      const [obligation] = list;
      if (obligation === undefined) throw new Error('nothing is owed');
      return obligation;
    };
    return { book, gameday: () => first(book.gamedays(NOW)), review: () => first(book.reviews(NOW)) };
  }

  it('is scheduled, with the time and the name, and by the later word when it is said again', () => {
    const { book, gameday } = owing();
    book.events.push(scheduledEvent(gameday(), WHEN, 'Ada', NOW + HOUR));
    expect(book.gamedays(NOW + 2 * HOUR)).toMatchObject([
      { state: 'scheduled', scheduled: { forMs: WHEN, by: 'Ada' } },
    ]);
    book.events.push(scheduledEvent(gameday(), WHEN + DAY, 'Grace', NOW + 3 * HOUR));
    expect(book.gamedays(NOW + 4 * HOUR)).toMatchObject([{ scheduled: { forMs: WHEN + DAY, by: 'Grace' } }]);
    expect(book.reviews(NOW + 4 * HOUR)).toMatchObject([{ state: 'open', scheduled: null }]);
  });

  it('is overdue past its date although it was scheduled, until it is met', () => {
    const { book, gameday } = owing();
    book.events.push(scheduledEvent(gameday(), WHEN, 'Ada', NOW + HOUR));
    expect(book.gamedays(NOW + 14 * DAY)).toMatchObject([{ state: 'scheduled' }]);
    expect(book.gamedays(NOW + 14 * DAY + 1)).toMatchObject([{ state: 'overdue', scheduled: { by: 'Ada' } }]);
    book.meet('gd-9', NOW + 15 * DAY);
    expect(book.gamedays(NOW + 15 * DAY)).toMatchObject([{ state: 'met', gameday: 'gd-9', held: null }]);
  });

  it('is not scheduled any more once it is met', () => {
    const { book, gameday } = owing();
    book.meet('gd-1', NOW + HOUR);
    book.events.push(scheduledEvent(gameday(), WHEN, 'Ada', NOW + 2 * HOUR));
    expect(book.gamedays(NOW + 3 * HOUR)).toMatchObject([{ state: 'met', gameday: 'gd-1', scheduled: null }]);
  });

  it('is a review that no game-day meets, but the word of who held it', () => {
    const { book, review } = owing();
    book.meet('gd-1', NOW + HOUR);
    expect(book.reviews(NOW + HOUR)).toMatchObject([{ state: 'open' }]);
    book.events.push(heldEvent(review(), 'Grace', 'https://wiki.example/pm-7', NOW + DAY));
    expect(book.reviews(NOW + 20 * DAY)).toMatchObject([
      { state: 'met', gameday: null, held: { by: 'Grace', record: 'https://wiki.example/pm-7' }, metMs: NOW + DAY },
    ]);
  });

  it('is told to the alert board from its due date on, until it is met', () => {
    const { book } = owing();
    expect(overdueConditions(book.standing(NOW + 14 * DAY))).toEqual([]);
    expect(overdueConditions(book.standing(NOW + 14 * DAY + 1))).toMatchObject([
      {
        key: 'obligation/ob-20241004T103020-client-api',
        rule: 'obligation-overdue',
        severity: 'SEV-3',
        as: 'ticket',
        service: SERVICE,
        objective: 'slo-api-availability',
        says: 'client-api: its game-day (ob-20241004T103020-client-api) was due on 2024-10-18 and is not met',
      },
      {
        says: 'client-api: its postmortem review (pm-20241004T103020-client-api) was due on 2024-10-18 and is not met',
      },
    ]);
    book.meet('gd-1', NOW + 15 * DAY);
    expect(overdueConditions(book.standing(NOW + 15 * DAY)).map(({ key }) => key)).toEqual([
      'obligation/pm-20241004T103020-client-api',
    ]);
  });

  it('is read as a game-day where an older ledger does not say what it is', () => {
    const old: LedgerEvent = {
      id: 'ob-1',
      atMs: NOW,
      kind: 'obligation',
      service: SERVICE,
      subject: 'ob-1',
      body: { state: 'open', objective: 'x', dueMs: NOW + DAY },
    };
    expect(obligationsOf([old], NOW)).toMatchObject([{ duty: 'game-day', who: [], state: 'open' }]);
  });
});
