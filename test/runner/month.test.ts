/**
 * A month of on-and-off trouble, lived through twice on the same seeds: once with sampling that rises while the budget is
 * Yellow or Red, once without. Schedule, cadence, judging and evaluation are the runner's own; only the answers are drawn.
 */
import { describe, expect, it } from 'vitest';
import { intervalMs, INITIAL_PACE, nextPace, yellowAutoMs } from '../../runner/engine/cadence.ts';
import { createSchedule } from '../../runner/engine/schedule.ts';
import { seededRandom } from '../../scenarios/random.ts';
import { allowance, shareOf } from '../../slo/budget.ts';
import { Cumulative } from '../../slo/cumulative.ts';
import { decimal, toNumber } from '../../slo/decimal.ts';
import { evaluate } from '../../slo/evaluate.ts';
import type { Objective } from '../../slo/objective.ts';
import { serviceColour } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import { addTallies, subtractTallies } from '../../slo/tally.ts';
import { timeBase } from '../../slo/time-base.ts';
import { judge } from '../../store/judge.ts';
import { DAY, HOUR, MINUTE, objective } from '../slo/fixtures.ts';
import { aResult } from '../support/results.ts';
import { plannedProbe } from './configured.ts';

const START = 20_000 * DAY;
const MONTH = 30 * DAY;
const BASE = timeBase(1);
/** How often budgets are judged here: a month of minutes would only take longer. */
const JUDGE_EVERY = 10 * MINUTE;
/** So many bad runs tell of trouble: what `yellow: auto` is made for. */
const TELLING = 3;
const FAILING_SHARE = 0.25;

/** A day's budget decides what is sampled; the month's is what is asked about afterwards. */
const DAILY = objective({ target: '0.99', windowMs: DAY, probes: ['status'] });
const MONTHLY = objective({ id: 'month', target: '0.99', windowMs: MONTH, probes: ['status'] });

const RAISED = plannedProbe({ every: '60s', yellow: 'auto', timeout: '1s' });
/** As if no colour raised anything. */
const STEADY = { ...RAISED, yellow: 60_000 };

interface Trouble {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Some days are bad, with several troubles each; the rest of the month is calm. */
function troubles(seed: number): readonly Trouble[] {
  const random = seededRandom(seed, 'month', 'troubles');
  const found: Trouble[] = [];
  for (let day = 0; day < 30; day += 1) {
    if (random() < 0.65) continue;
    for (let hour = 1; hour < 22; hour += 4) {
      const fromMs = START + day * DAY + hour * HOUR + random() * HOUR;
      if (random() < 0.8) found.push({ fromMs, toMs: fromMs + (40 + random() * 40) * MINUTE });
    }
  }
  return found;
}

function judged(minutes: Cumulative, of: Objective, nowMs: number): Status {
  const sum = (fromMs: number, toMs: number) => subtractTallies(minutes.before(toMs), minutes.before(fromMs));
  const history = {
    sum,
    share: (fromMs: number, toMs: number) => shareOf(sum(fromMs, toMs)),
    lastBad: (fromMs: number, toMs: number) => (sum(fromMs, toMs).bad > 0 ? minutes.lastBad(toMs) : null),
  };
  return evaluate({ objective: of, base: BASE, nowMs, slices: [{ split: '', history, windows: null }] });
}

interface Lived {
  readonly month: Status;
  readonly runs: number;
  /** Consumption of the month if each run counted as one. */
  readonly unweighted: number;
  /** By trouble: ms from its beginning to the third bad run; null: it was over before. */
  readonly detectedAfterMs: readonly (number | null)[];
  /** By trouble: the interval at which it was met, ms. */
  readonly metAtMs: readonly number[];
}

async function live(seed: number, probe: typeof RAISED, expected: readonly Trouble[]): Promise<Lived> {
  const random = seededRandom(seed, 'month', probe.yellow === 'auto' ? 'raised' : 'steady');
  const minutes = new Cumulative();
  const end = new AbortController();
  let nowMs = START;
  // One sleeper only: time is where it wakes.
  const clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep(ms: number) {
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const schedule = createSchedule(clock);
  schedule.set('status', probe.everyMs ?? 0, 0.5);
  const bad = expected.map(() => 0);
  const detectedAfterMs: (number | null)[] = expected.map(() => null);
  const metAtMs = expected.map(() => 0);
  let [pace, judgeMs, runs, at] = [INITIAL_PACE, START + JUDGE_EVERY, 0, 0];

  function follow(): void {
    const status = judged(minutes, DAILY, judgeMs - 1);
    const { colour } = serviceColour([status]);
    pace = nextPace(pace, colour, judgeMs, 30 * MINUTE);
    const burning = colour === 'green' ? [] : [DAILY.target];
    const autoMs = yellowAutoMs(probe, probe.everyMs ?? 0, BASE, burning);
    schedule.set('status', intervalMs(probe, pace.cadence, autoMs) ?? 0, 0);
    judgeMs += JUDGE_EVERY;
  }

  await schedule.run(({ dueMs, weightMs, missed }) => {
    expect(missed).toBe(0);
    while (dueMs >= judgeMs) follow();
    if (dueMs >= START + MONTH) return end.abort();
    runs += 1;
    while ((expected[at]?.toMs ?? Number.POSITIVE_INFINITY) <= dueMs) at += 1;
    const trouble = expected[at];
    const isTrouble = trouble !== undefined && dueMs >= trouble.fromMs;
    const isBad = random() < FAILING_SHARE && isTrouble;
    if (isTrouble) metAtMs[at] ||= weightMs;
    if (isTrouble && isBad) {
      bad[at] = (bad[at] ?? 0) + 1;
      if (bad[at] === TELLING) detectedAfterMs[at] = dueMs - trouble.fromMs;
    }
    const result = aResult(runs, {
      scheduledMs: dueMs,
      weightMs,
      cadence: pace.cadence,
      outcome: isBad ? 'bad' : 'good',
    });
    for (const { atMs, tally } of judge(DAILY, result, MINUTE)) {
      minutes.set(atMs, addTallies(minutes.at(atMs), tally));
    }
  }, end.signal);

  const month = judged(minutes, MONTHLY, START + MONTH - 1);
  const { good, bad: failed } = month.tally;
  const unweighted = failed / (good + failed) / toNumber(allowance(decimal(MONTHLY.target)));
  return { month, runs, unweighted, detectedAfterMs, metAtMs };
}

const SEEDS = [1, 2, 3, 4, 5];
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const months = await Promise.all(
  SEEDS.map(async (seed) => {
    const expected = troubles(seed);
    const failingMs = expected.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) * FAILING_SHARE;
    return {
      seed,
      /** What was truly consumed, had everybody asked all the time. */
      truth: failingMs / MONTH / 0.01,
      raised: await live(seed, RAISED, expected),
      steady: await live(seed, STEADY, expected),
    };
  }),
);

describe('a month of on-and-off trouble', () => {
  it.each(months)('consumes the same with raised sampling as without (seed $seed)', ({ truth, raised, steady }) => {
    expect(raised.runs).toBeGreaterThan(1.5 * steady.runs);
    for (const { month } of [raised, steady]) {
      const [lower, upper] = [month.wilson?.upper ?? 0, month.wilson?.lower ?? 0].map((share) => (1 - share) / 0.01);
      expect(month.consumed).toBeGreaterThan(lower ?? 0);
      expect(truth).toBeGreaterThan(lower ?? 0);
      expect(truth).toBeLessThan(upper ?? 0);
    }
    // More runs tell more: the interval is narrower, although it is taken on effective counts.
    const width = ({ month: { wilson } }: Lived): number => (wilson?.upper ?? 0) - (wilson?.lower ?? 0);
    expect(width(raised)).toBeLessThan(width(steady));
  });

  it.each(months)('would consume more by raised sampling alone if each run counted as one (seed $seed)', (month) => {
    const { raised, steady } = month;
    expect(raised.unweighted).toBeGreaterThan(1.2 * (raised.month.consumed ?? 0));
    expect(steady.unweighted).toBeCloseTo(steady.month.consumed ?? 0, 9);
  });

  it('is told of sooner by the ratio of the rates, where sampling was raised already', () => {
    const pairs = months.flatMap(({ raised, steady }) =>
      raised.metAtMs.flatMap((met, index) => {
        const [after, otherwise] = [raised.detectedAfterMs[index] ?? null, steady.detectedAfterMs[index] ?? null];
        return met === 15_000 && after !== null && otherwise !== null ? [{ after, otherwise }] : [];
      }),
    );
    expect(pairs.length).toBeGreaterThan(100);
    const ratio = mean(pairs.map(({ otherwise }) => otherwise)) / mean(pairs.map(({ after }) => after));
    // Three failures of a quarter: the standard error of this ratio is about 7 % over so many troubles.
    expect(ratio).toBeGreaterThan(4 * 0.85);
    expect(ratio).toBeLessThan(4 * 1.15);
  });

  it('is told of as late as without where sampling was not raised yet', () => {
    const first = months.flatMap(({ raised, steady }) =>
      raised.metAtMs.flatMap((met, index) =>
        met === 60_000 ? [[raised.detectedAfterMs[index] ?? 0, steady.detectedAfterMs[index] ?? 0] as const] : [],
      ),
    );
    expect(first.length).toBeGreaterThan(10);
    const ratio = mean(first.map(([, otherwise]) => otherwise)) / mean(first.map(([after]) => after));
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.6);
  });

  it('is the same month each time', async () => {
    const [first] = months;
    const again = await live(SEEDS[0] ?? 0, RAISED, troubles(SEEDS[0] ?? 0));
    expect(again).toEqual(first?.raised);
  });
});
