import { describe, expect, test } from 'vitest';
import { conditionSchema, type Condition } from '../../scenarios/condition.ts';
import { judge, judgeSteady, type Evidence, type View } from '../../scenarios/evidence.ts';
import type { Found } from '../../scenarios/standing.ts';
import { rational } from '../../slo/decimal.ts';
import type { Status } from '../../slo/status.ts';
import { HOUR, judged, NOW, runs } from '../slo/fixtures.ts';

const condition = (document: object): Condition => conditionSchema.parse({ name: 'c', ...document });

function problems(document: object): readonly string[] {
  const parsed = conditionSchema.safeParse({ name: 'c', ...document });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** Answers a second apart, the newest last. */
function view(found: readonly Found[], changes: Partial<View> = {}): View {
  const runs = found.map((each, index): Evidence => ({
    probe: 'p',
    outcome: each.type === 'nothing' ? 'fault' : 'good',
    readings: [],
    startedAtMs: index * 1000,
    endedAtMs: index * 1000 + 100,
    found: each,
  }));
  return { nowMs: found.length * 1000, sinceMs: 0, runs: () => runs, patienceMs: () => 5000, ...changes };
}

const value = (number: number | null): Found => ({ type: 'value', value: number });
const below5 = condition({ promql: 'up', source: 'platform', value: { below: 5 } });

describe('a query', () => {
  test.each<[string, object, number | null, string, string]>([
    ['below', { below: 5 }, 4.5, 'met', 'platform: up: 4.5, below 5 asked'],
    ['below, strictly', { below: 5 }, 5, 'unmet', 'platform: up: 5, below 5 asked'],
    ['at most', { atMost: 5 }, 5, 'met', 'platform: up: 5, at most 5 asked'],
    ['above, strictly', { above: 5 }, 5, 'unmet', 'platform: up: 5, above 5 asked'],
    ['at least', { atLeast: 5 }, 5, 'met', 'platform: up: 5, at least 5 asked'],
    ['no value at all', { atLeast: 5 }, null, 'unknown', 'platform: up: no value'],
  ])('is compared: %s', (_, bound, found, state, detail) => {
    const asked = condition({ promql: 'up', source: 'platform', value: bound });
    expect(judge(asked, view([value(found)]))).toEqual({ state, detail });
  });

  test('that is not answered is not known, however good the answer before it was', () => {
    const answers: Found[] = [value(1), { type: 'nothing', why: 'no answer within 3000 ms' }];
    expect(judge(below5, view(answers))).toEqual({
      state: 'unknown',
      detail: 'platform: up: no answer within 3000 ms',
    });
    expect(judgeSteady(below5, view(answers)).state).toBe('unknown');
  });

  test('whose last answer is old is not known', () => {
    expect(judge(below5, view([value(1)], { nowMs: 20_000 })).detail).toBe('platform: up: no answer for 19.9 s');
  });

  test('counts from the first question after the last act', () => {
    expect(judge(below5, view([value(1)], { sinceMs: 500 })).state).toBe('unknown');
    expect(judge(below5, view([value(9), value(1)], { sinceMs: 500 })).state).toBe('met');
  });
});

/** A real status, of which one figure is what the case is about. */
const status = (changes: Partial<Status>): Found => {
  const found = {
    ...judged([runs(NOW - 2 * HOUR, 1000, 0)]),
    colour: 'green',
    consumed: 0.5,
    spent: rational(1, 2),
  } as const;
  return { type: 'status', status: { ...found, burn: { ...found.burn, '1h': 2, '6h': null }, live: null, ...changes } };
};

describe('an objective', () => {
  const asks = (words: object) => condition({ objective: 'availability', ...words });
  test.each<[string, object, Partial<Status>, string, string]>([
    ['its colour', { colour: 'green' }, {}, 'met', 'objective availability: green, green asked'],
    [
      'one of colours',
      { colour: ['green', 'yellow'] },
      { colour: 'red' },
      'unmet',
      'objective availability: red, green or yellow asked',
    ],
    [
      'an unknown colour',
      { colour: 'green' },
      { colour: 'unknown' },
      'unknown',
      'objective availability: unknown, green asked',
    ],
    [
      'its budget, exactly at the bound',
      { consumed: { atMost: '50%' } },
      {},
      'met',
      'objective availability: 50.0 % of its budget consumed, at most 50 % asked',
    ],
    [
      'its budget, strictly',
      { consumed: { below: '50%' } },
      {},
      'unmet',
      'objective availability: 50.0 % of its budget consumed, below 50 % asked',
    ],
    [
      'a budget of which nothing is known',
      { consumed: { below: '50%' } },
      { spent: null },
      'unknown',
      'objective availability: nothing is known of its budget',
    ],
    ['its burn', { burn: { below: 2.5 } }, {}, 'met', 'objective availability: burn 2.00 over 1h, below 2.5 asked'],
    [
      'a burn of which nothing is known',
      { burn: { over: '6h', below: 2 } },
      {},
      'unknown',
      'objective availability: no burn rate over 6h',
    ],
    [
      'a live window',
      { live: 'passes' },
      { live: { valid: 1, good: 1, pass: true, percentile: null } },
      'met',
      'objective availability: its live window passes',
    ],
    [
      'a row without live window',
      { live: 'passes' },
      {},
      'unknown',
      'objective availability: its live window is not known',
    ],
  ])('is judged by %s', (_, words, changes, state, detail) => {
    expect(judge(asks(words), view([status(changes)]))).toEqual({ state, detail });
  });
});

test.each<[object, string[]]>([
  [{ promql: 'up' }, ['source: the name of a source', 'value: what its value is to be such as { below: 5 }']],
  [{ promql: 'up', source: 's', value: { below: 1, above: 2 } }, ['value: one of below, atMost, above and atLeast']],
  [
    { promql: 'up', influxql: 'x', source: 's', value: { below: 1 } },
    [': one of probe, objective, promql, influxql, anyOf and allOf'],
  ],
  [{ objective: 'a' }, [': one of colour, consumed, burn and live']],
  [{ objective: 'a', colour: 'green', value: { below: 1 } }, ['value: promql or influxql beside it']],
  [{ objective: 'a', consumed: { below: 'half' } }, ['consumed.below: a share of the budget such as "50%"']],
  [{ probe: 'p', outcome: 'good', colour: 'red' }, ['colour: an objective beside it']],
  [{ objective: 'a', colour: 'green', outcome: 'good' }, ['outcome: a probe beside it']],
  [{ anyOf: [{ of: 3 }] }, ['anyOf.0: one of probe, objective, promql, influxql']],
])('what contradicts itself is refused: %j', (document, expected) => {
  expect(problems(document)).toEqual(expected);
});
