import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noteEvents, notedColours } from '../../../runner/rules/policy-notes.ts';
import { ruleEvents, standingRules, type StandingRule } from '../../../runner/rules/rule-events.ts';
import type { Colour } from '../../../slo/objective.ts';
import { SERVICE_RULES, type ServiceRule } from '../../../slo/service-rules.ts';
import type { Status } from '../../../slo/status.ts';
import type { LedgerEvent } from '../../../store/store.ts';
import { HOUR, judged, MINUTE, NOW, objective, runs } from '../../slo/fixtures.ts';

const STEP = Math.floor(NOW / MINUTE) * MINUTE;

/** The acknowledgements of venues: `[good, bad]` each. Half of the budget is spent at 0.25 % bad. */
function acks(venues: Readonly<Record<string, readonly [number, number]>>): Status {
  const steps = Object.entries(venues).map(([split, [good, bad]]) => runs(STEP, good, bad, { split }));
  return judged(steps, {
    objective: objective({ id: 'kpi-order-ack', service: 'order-execution', target: '0.995', split: 'venue' }),
  });
}

const FINE = [10_000, 10] as const;
const SPENT = [9900, 100] as const;
const THIN = [90, 10] as const;

/** What a ledger would hold after these evaluations, read anew each time, as after a restart. */
class Book {
  readonly events: LedgerEvent[] = [];
  readonly #rules: readonly ServiceRule[];

  constructor(rules: readonly ServiceRule[] = SERVICE_RULES) {
    this.#rules = rules;
  }

  evaluate(statuses: readonly Status[], nowMs: number, rules = this.#rules): readonly LedgerEvent[] {
    const fresh = ruleEvents(statuses, rules, this.standing(), nowMs);
    this.events.push(...fresh);
    return fresh;
  }

  standing(): readonly StandingRule[] {
    return standingRules(this.events);
  }
}

const told = (events: readonly LedgerEvent[]) =>
  events.map(({ kind, subject, body }) => [kind, subject, body['state'] ?? body['why']]);

describe('a service rule', () => {
  it('begins with the figures that did it, for each venue by itself, and is told once', () => {
    const book = new Book();
    const [event, ...more] = book.evaluate([acks({ a: FINE, b: SPENT })], NOW);
    expect(more).toEqual([]);
    expect(event).toEqual({
      id: `rule/broker-divert/kpi-order-ack/b/${NOW}`,
      atMs: NOW,
      kind: 'service-rule',
      service: 'order-execution',
      subject: 'broker-divert/kpi-order-ack/b',
      body: {
        state: 'triggered',
        as: 'act',
        rule: 'broker-divert',
        objective: 'kpi-order-ack',
        split: 'b',
        on: 'consumed',
        threshold: '0.50',
        strict: false,
        actions: ['divert new releases from the broker concerned', 'escalate to its account manager'],
        consumed: 2,
        burnNow: expect.any(Number),
        good: 9900,
        bad: 100,
        valid: 10_000,
      },
    });
    for (let minute = 1; minute < 5; minute += 1) {
      expect(book.evaluate([acks({ a: FINE, b: SPENT })], NOW + minute * MINUTE)).toEqual([]);
    }
    expect(book.standing()).toMatchObject([{ rule: 'broker-divert', split: 'b', as: 'act', sinceMs: NOW }]);
  });

  it('ends with the figures that ended it, and begins again', () => {
    const book = new Book();
    book.evaluate([acks({ b: SPENT })], NOW);
    expect(told(book.evaluate([acks({ b: FINE })], NOW + MINUTE))).toEqual([
      ['service-rule', 'broker-divert/kpi-order-ack/b', 'ended'],
    ]);
    expect(book.standing()).toEqual([]);
    expect(book.evaluate([acks({ b: SPENT })], NOW + 2 * MINUTE)).toHaveLength(1);
    expect(book.standing()).toMatchObject([{ sinceMs: NOW + 2 * MINUTE }]);
  });

  it('stays as it was while nothing is known: silence is no recovery', () => {
    const book = new Book();
    book.evaluate([acks({ b: SPENT })], NOW);
    expect(book.evaluate([acks({})], NOW + MINUTE)).toEqual([]);
    expect(book.standing()).toHaveLength(1);
  });

  it('is over for a venue of which the window holds nothing any more, and when it is taken out', () => {
    const book = new Book();
    book.evaluate([acks({ a: SPENT, b: SPENT })], NOW);
    const [gone] = book.evaluate([acks({ a: SPENT })], NOW + MINUTE);
    expect(gone?.body).toMatchObject({ state: 'ended', split: 'b', why: 'no events in the window any more' });
    const [removed] = book.evaluate([acks({ a: SPENT })], NOW + 2 * MINUTE, []);
    expect(removed?.body).toMatchObject({ state: 'ended', split: 'a', why: 'no longer configured' });
    expect(book.standing()).toEqual([]);
  });

  it('is a review item on too few events, one an objective and day, and acts once there are enough', () => {
    const book = new Book();
    const first = book.evaluate([acks({ a: THIN, b: THIN })], NOW);
    expect(first.map(({ kind, body }) => [kind, body['as'] ?? body['why']])).toEqual([
      ['service-rule', 'review'],
      ['review-item', 'the rule broker-divert is triggered on 100 valid events, fewer than 1,000: a person decides'],
      ['service-rule', 'review'],
      ['review-item', 'the rule broker-divert is triggered on 100 valid events, fewer than 1,000: a person decides'],
    ]);
    const items = first.filter(({ kind }) => kind === 'review-item');
    expect(items.map(({ id, body }) => [id, body['of'], body['what']])).toEqual(
      ['a', 'b'].map((venue) => [
        `ri-20241004-kpi-order-ack/instead/broker-divert/kpi-order-ack/${venue}`,
        'ri-20241004-kpi-order-ack',
        ['divert new releases from the broker concerned', 'escalate to its account manager'],
      ]),
    );
    expect(told(book.evaluate([acks({ a: SPENT, b: THIN })], NOW + MINUTE))).toEqual([
      ['service-rule', 'broker-divert/kpi-order-ack/a', 'triggered'],
    ]);
    expect(book.standing().map(({ split, as, sinceMs }) => [split, as, sinceMs])).toEqual([
      ['a', 'act', NOW],
      ['b', 'review', NOW],
    ]);
    expect(book.evaluate([acks({ a: THIN, b: THIN })], NOW + 2 * MINUTE)).toEqual([]);
  });

  it('of the user may be about burn, on any objective', () => {
    const rule: ServiceRule = {
      id: 'slow-burn',
      objective: 'slo-api-availability',
      on: 'burn',
      threshold: '2',
      strict: true,
      actions: ['look'],
    };
    const at = (bad: number): Status => judged([runs(STEP - HOUR / 2, 10_000 - bad, bad)]);
    const book = new Book([rule]);
    expect(book.evaluate([at(20)], NOW)).toEqual([]);
    expect(told(book.evaluate([at(21)], NOW + MINUTE))).toEqual([
      ['service-rule', 'slow-burn/slo-api-availability', 'triggered'],
    ]);
  });

  it('alternates for ever between its two edges, whatever the figures do', () => {
    assert(
      property(array(constantFrom(FINE, SPENT, THIN, null), { maxLength: 12 }), (histories) => {
        const book = new Book();
        histories.forEach((venue, index) => {
          book.evaluate([acks(venue === null ? {} : { a: venue })], NOW + index * MINUTE);
        });
        const edges = book.events.filter(({ kind }) => kind === 'service-rule').map(({ body }) => body);
        edges.forEach((body, index) => {
          const before = edges[index - 1];
          const isEdge =
            body['state'] === 'ended' ? before?.['state'] === 'triggered' : before?.['state'] !== 'triggered';
          const gainsEvents = before?.['as'] === 'review' && body['as'] === 'act';
          expect(isEdge || gainsEvents).toBe(true);
        });
        expect(new Set(book.events.map(({ id }) => id)).size).toBeGreaterThanOrEqual(edges.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe('what a colour asks of people', () => {
  const status = (good: number, bad: number): Status => judged([runs(STEP, good, bad)]);
  const OF: Readonly<Record<Colour | 'thin', Status>> = {
    green: status(100_000, 0),
    yellow: status(99_950, 50),
    red: status(99_900, 100),
    thin: status(99, 1),
    unknown: judged([]),
  };

  /** Plays colours a minute apart. @returns what was noted, with the ledger read anew each time */
  function noted(...names: readonly (keyof typeof OF)[]): readonly LedgerEvent[] {
    const events: LedgerEvent[] = [];
    names.forEach((name, index) => {
      const before = notedColours(events).get('client-api');
      events.push(...noteEvents('client-api', [OF[name]], before, NOW + index * MINUTE));
    });
    return events;
  }

  it('is noted once each time that it changes', () => {
    const events = noted('green', 'yellow', 'yellow', 'red', 'red', 'green', 'green', 'yellow');
    expect(events.map(({ body }) => [body['from'], body['to'], body['gate'], body['actions']])).toEqual([
      [null, 'yellow', 'needs-signoff', ['update the alert run books']],
      ['yellow', 'red', 'frozen', ['schedule a postmortem review with engineering and product leadership']],
      ['red', 'green', 'open', ['document regression tests for observed risks']],
      ['green', 'yellow', 'needs-signoff', ['update the alert run books']],
    ]);
    expect(events[0]).toMatchObject({ kind: 'service-rule', service: 'client-api', subject: 'client-api' });
  });

  it('is no change when a service comes back from Unknown as it was, nor when it has always been Green', () => {
    expect(noted('green', 'unknown', 'green')).toEqual([]);
    expect(noted('yellow', 'unknown', 'yellow', 'unknown')).toHaveLength(1);
  });

  it('is a sign-off and no freeze in a Red on too few events', () => {
    expect(noted('thin')[0]?.body).toMatchObject({ to: 'red', gate: 'needs-signoff', thin: ['slo-api-availability'] });
  });
});
