import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { burnCeiling, consumed, isMet } from '../../slo/budget.ts';
import { burnFactor, burnThresholdProblem } from '../../slo/burn.ts';
import { calc, CALC_KINDS } from '../../slo/calc.ts';
import { decimal, divide, multiply, rational, rounded, subtract, type Rational } from '../../slo/decimal.ts';
import { rankInterval } from '../../slo/percentile.ts';
import { isTriggered, SERVICE_RULES } from '../../slo/service-rules.ts';
import { latencyCeiling, ratioFloor } from '../../slo/regression.ts';
import { cadenceFor, cleanEventsForWilson, eventsForOneFailure, eventsToDemonstrate } from '../../slo/sample-size.ts';

type Figures = Readonly<Record<string, unknown>>;

interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly expect: Figures;
}

const document: { readonly vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('vectors.json', import.meta.url), 'utf8'),
);

/** Every figure that the project's functions give for a vector, in the shape of its `expect`. */
type Answer = (vector: Vector) => Figures;

function byCalc({ kind, input }: Vector): Figures {
  const calculated = calc({ kind, input });
  if (!calculated.ok) throw new Error(JSON.stringify(calculated.problems));
  return calculated.value;
}

function keyed(names: Iterable<string>, of: (name: string) => unknown): Figures {
  return Object.fromEntries([...names].map((name) => [name, of(name)]));
}

const percent = (value: Rational | null, places = 10): number | null =>
  value === null ? null : rounded(multiply(value, rational(100)), places);

const counts = (input: Vector['input'], name: string): bigint => BigInt(Number(input[name]));

const ANSWERS: Readonly<Record<string, Answer>> = {
  ...Object.fromEntries(CALC_KINDS.map((kind) => [kind, byCalc])),

  survivorship: ({ input }) => {
    // Orders as L04 has them: 15 of 1,000 never acknowledged.
    const dropped = byCalc(latency(945, 40, 0));
    const kept = byCalc(latency(945, 40, 15));
    const [acked, slow] = [counts(input, 'acked'), counts(input, 'slow')];
    expect(dropped['valid']).toBe(Number(acked));
    expect(kept['goodRatioPass']).toBe(false);
    return {
      goodPct: percent({ num: acked - slow, den: acked }),
      wronglyPassesSla95: isMet(consumed({ bad: slow, valid: acked }, decimal('0.95'))),
      correctGoodPct: percent({ num: 1000n - BigInt(Number(kept['slow'])), den: 1000n }),
    };
  },

  policy: ({ input }) => {
    const share = { bad: counts(input, 'bad'), valid: counts(input, 'valid') };
    const spent = consumed(share, decimal(String(input['target'])));
    const rule = SERVICE_RULES.find((each) => each.objective === 'kpi-order-ack');
    return { consumedPct: percent(spent), divertReleases: rule !== undefined && isTriggered(rule, spent) };
  },

  'max-burn': (vector) => {
    const reachable = (target: string, burn: string): boolean =>
      burnThresholdProblem(decimal(burn), decimal(target)) === null;
    return {
      maxBurn: keyed(Object.keys(vector.expect['maxBurn'] ?? {}), (target) =>
        rounded(burnCeiling(decimal(target)), 10),
      ),
      // Strictly above 2: the ceiling itself is not enough.
      ingestionGt2xReachableWithT050: reachable('0.50', '2.0000001'),
      mwmb14_4ReachableAt095: reachable('0.95', '14.4'),
      mwmb14_4ReachableAt092: reachable('0.92', '14.4'),
    };
  },

  'sla-slo': () => {
    // A third of the quarter's traffic with 0.1 % bad, against a budget of 0.5 %.
    const spent = consumed({ bad: 1n, valid: 3000n }, decimal('0.995'));
    return { slaConsumedPct: percent(spent) };
  },

  'order-statistic-ci': (vector) =>
    keyed(Object.keys(vector.expect), (name) => {
      const [, n, q] = /^n=(\d+),p=([\d.]+)$/.exec(name) ?? [];
      const found = rankInterval(Number(n), Number(q), Number(vector.input['confidence']));
      return { ...found, coverage: Number(found.coverage.toFixed(6)) };
    }),

  'sample-size': (vector) =>
    keyed(Object.keys(vector.expect), (name) => {
      const target = decimal(name);
      return {
        cp_k0: eventsToDemonstrate(target, 0),
        cp_k1: eventsToDemonstrate(target, 1),
        cp_k3: eventsToDemonstrate(target, 3),
        wilson2_k0: cleanEventsForWilson(target),
        oneFailureIs25pct: eventsForOneFailure(target, decimal('0.25')),
      };
    }),

  cadence: (vector) =>
    keyed(Object.keys(vector.expect), (name) => {
      const [, size, unit] = /^(\d+)([mhd])$/.exec(name) ?? [];
      const minutes = Number(size) * { m: 1, h: 60, d: 1440 }[unit === 'm' || unit === 'h' ? unit : 'd'];
      const { perMinute, intervalSeconds } = cadenceFor(minutes, 1000);
      return { perMin: rounded(perMinute, 5), intervalSec: rounded(intervalSeconds, 5) };
    }),

  regression: () => {
    const limit = (ms: string): number => rounded(latencyCeiling(decimal(ms)), 10);
    const floor = ratioFloor(decimal('0.999'));
    return {
      ratio999_floorPct: percent(floor),
      burnAtFloor: rounded(divide(subtract(rational(1), floor), decimal('0.001')), 10),
      fill92_floorPct: percent(ratioFloor(decimal('0.92'))),
      latency250_ceilMs: limit('250'),
      latency400_ceilMs: limit('400'),
      latency650_ceilMs: limit('650'),
      latency120_ceilMs: limit('120'),
    };
  },

  'burn-factors': (vector) => {
    const pairs = Array.isArray(vector.input['pairs']) ? vector.input['pairs'] : [];
    return keyed(Object.keys(vector.expect), (hours) =>
      pairs.map(([share, long]: [string, number]) => rounded(burnFactor(share, decimal(hours), rational(long)), 10)),
    );
  },
};

function latency(fast: number, slow: number, never: number): Vector {
  const samples = [
    { ms: 180, count: fast },
    { ms: 450, count: slow },
    { ms: null, count: never },
  ];
  const input = { quantile: '0.95', thresholdMs: 400, samples };
  return { id: '', kind: 'latency-window', title: '', input, expect: {} };
}

describe('the known answers of the policy', () => {
  it('are all here', () => {
    expect(document.vectors.length).toBeGreaterThanOrEqual(30);
    expect(new Set(document.vectors.map(({ id }) => id)).size).toBe(document.vectors.length);
  });

  for (const vector of document.vectors) {
    it(`${vector.id} comes out exactly: ${vector.title}`, () => {
      const answer = ANSWERS[vector.kind];
      if (answer === undefined) throw new Error(`nothing computes the kind ${vector.kind}`);
      const figures = answer(vector);
      // Every key of the vector, and each exactly; a key that the answer lacks reads as undefined and fails.
      expect(keyed(Object.keys(vector.expect), (key) => figures[key])).toEqual(vector.expect);
    });
  }
});
