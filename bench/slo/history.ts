/** Ninety days of a service that is probed once a minute and fails now and then, as the ledger would answer for them. */
import { Account } from '../../slo/account.ts';
import { hoursOf, minutesOf, type Step } from '../../slo/history.ts';
import type { Objective } from '../../slo/objective.ts';
import { hourOf } from '../../slo/ranges.ts';
import { sumTallies } from '../../slo/tally.ts';
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

type MinuteStep = Step & { readonly split: string };

/** Every minute's tally, oldest first. About one run in 300 is bad. */
export function minutes(): readonly MinuteStep[] {
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

/** The objective's account as a ledger fills it: the hours, and the minutes of those in which something begins. */
export function accountOf(steps: readonly MinuteStep[]): Account {
  const account = new Account(OBJECTIVE, BASE);
  const wanted = account.wanted(NOW_MS);
  const byHour = Map.groupBy(steps, ({ atMs }) => hourOf(BASE, atMs));
  if (wanted.hours === null) throw new Error('a new account wants its hours');
  const hours = [...byHour].map(([atMs, minutes]) => ({ ...sumTallies(minutes), atMs }));
  const byDay = Map.groupBy(hours, ({ atMs }) => Math.floor(atMs / BASE.dayMs) * BASE.dayMs);
  const days = [...byDay].map(([atMs, each]) => ({ atMs, split: '', hours: hoursOf(each) }));
  account.takeHours(wanted.hours, days);
  const detailed = wanted.minutes.map((atMs) => ({ atMs, split: '', minutes: minutesOf(byHour.get(atMs) ?? []) }));
  account.takeMinutes(wanted.minutes, detailed);
  return account;
}
