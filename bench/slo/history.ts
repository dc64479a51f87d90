/** Ninety days of a service that is probed once a minute and fails now and then, as the ledger would answer for them. */
import type { EvaluateInput } from '../../slo/evaluate.ts';
import type { Objective } from '../../slo/objective.ts';
import { ranges, type RangeName, type TallyRange, type TallyStep } from '../../slo/ranges.ts';
import { addTallies, EMPTY_TALLY } from '../../slo/tally.ts';
import { timeBase } from '../../slo/time-base.ts';
import { seededRandom } from '../../scenarios/random.ts';

export const BASE = timeBase(1);
export const NOW_MS = 20_000 * BASE.dayMs + 10.5 * BASE.hourMs + 20_000;

export const OBJECTIVE: Objective = {
  id: 'sla-api-availability',
  title: 'Client API availability',
  commitment: 'sla',
  service: 'client-api',
  owners: [],
  supporting: [],
  target: '0.995',
  windowMs: 90 * BASE.dayMs,
  slidingMs: null,
  sli: { type: 'availability' },
  weighing: 'time',
  split: null,
  minEvents: 1000,
  probes: ['api-status'],
  unknownBecause: null,
  assumptions: [],
};

/** Every minute's tally, oldest first. About one run in 300 is bad. */
export function minutes(): readonly TallyStep[] {
  const random = seededRandom(7);
  const count = OBJECTIVE.windowMs / BASE.minuteMs;
  const lastMs = Math.floor(NOW_MS / BASE.minuteMs) * BASE.minuteMs;
  return Array.from({ length: count }, (_, index) => {
    const bad = random() < 1 / 300 ? 1 : 0;
    const weight = BigInt(BASE.minuteMs) * 1000n;
    return {
      atMs: lastMs - (count - 1 - index) * BASE.minuteMs,
      split: '',
      good: 1 - bad,
      bad,
      excluded: 0,
      faults: 0,
      goodWeight: weight * BigInt(1 - bad),
      badWeight: weight * BigInt(bad),
      excludedWeight: 0n,
      faultWeight: 0n,
      squaredWeight: BigInt(BASE.minuteMs) ** 2n,
      borderline: 0,
      bounded: 0,
    };
  });
}

/** What the ledger answers to a range. */
function answer(steps: readonly TallyStep[], range: TallyRange): readonly TallyStep[] {
  const groups = new Map<number, TallyStep>();
  for (const step of steps) {
    if (step.atMs < range.fromMs || step.atMs >= range.toMs) continue;
    const lengthMs = range.groupMs ?? BASE.minuteMs;
    const atMs = range.fromMs + Math.floor((step.atMs - range.fromMs) / lengthMs) * lengthMs;
    groups.set(atMs, { atMs, split: '', ...addTallies(groups.get(atMs) ?? EMPTY_TALLY, step) });
  }
  return [...groups.values()];
}

/** The input of an evaluation: hourly groups of the window, the minutes of the last hour. */
export function evaluateInput(steps: readonly TallyStep[]): EvaluateInput {
  const tallies: Partial<Record<RangeName, readonly TallyStep[]>> = {};
  for (const range of ranges(OBJECTIVE, BASE, NOW_MS)) tallies[range.name] = answer(steps, range);
  return { objective: OBJECTIVE, base: BASE, nowMs: NOW_MS, tallies };
}
