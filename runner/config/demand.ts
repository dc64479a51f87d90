/** How much a plan asks of the process that carries it out, as far as that can be told before anything runs. */
import { mayBurn, type Objective } from '../../slo/objective.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import { intervalMs, yellowAutoMs } from '../engine/cadence.ts';
import { runsPerDay } from '../engine/cron.ts';
import type { PlannedProbe } from './configuration.ts';

/** Runs a second, on average. */
export interface Demand {
  readonly green: number;
  /** With every service Yellow, or Red. */
  readonly yellow: number;
  readonly red: number;
  /** Browser runs at the same time in Green, on average, if each took its whole timeout. */
  readonly browsersAtOnce: number;
}

/** What one process is built for, and measured at (docs/performance.md). Above it nobody promises anything. */
export const MOST_PER_SECOND = 200;

const DAY_MS = 86_400_000;

/** Targets by service: what `yellow: auto` comes to when the strictest of them burns. */
function targetsOf(objectives: readonly Objective[]): ReadonlyMap<string, readonly string[]> {
  const targets = new Map<string, string[]>();
  for (const { service, target } of objectives.filter(mayBurn))
    targets.set(service, [...(targets.get(service) ?? []), target]);
  return targets;
}

export function demandOf(probes: readonly PlannedProbe[], objectives: readonly Objective[], base: TimeBase): Demand {
  const targets = targetsOf(objectives);
  const sum = { green: 0, yellow: 0, red: 0, browsersAtOnce: 0 };
  for (const probe of probes) {
    const { everyMs, cron } = probe;
    const autoMs = everyMs === null ? 0 : yellowAutoMs(probe, everyMs, base, targets.get(probe.service) ?? []);
    const calendar = cron === null ? 0 : runsPerDay(cron.expression, cron.timezone) / (DAY_MS / 1000);
    const perSecond = (colour: 'green' | 'yellow' | 'red'): number => {
      const ms = intervalMs(probe, colour, autoMs);
      return ms === null ? calendar : 1000 / ms;
    };
    const green = perSecond('green');
    sum.green += green;
    sum.yellow += perSecond('yellow');
    sum.red += perSecond('red');
    if (probe.kind === 'browser') sum.browsersAtOnce += (green * probe.timeoutMs) / 1000;
  }
  return sum;
}

export function demandText({ green, yellow, red, browsersAtOnce }: Demand): string {
  const browsers =
    browsersAtOnce === 0 ? '' : `; browser runs at once, if each took its timeout: ${rateText(browsersAtOnce)}`;
  return `runs a second: ${rateText(green)} in Green, ${rateText(yellow)} with every service Yellow, ${rateText(red)} with every service Red${browsers}`;
}

/** The mildest colour in which it is too much, since every other asks for more. */
export function demandWarnings(demand: Demand): readonly string[] {
  const states = [
    ['in Green', demand.green],
    ['with every service Yellow', demand.yellow],
    ['with every service Red', demand.red],
  ] as const;
  const found = states.find(([, perSecond]) => perSecond > MOST_PER_SECOND);
  if (found === undefined) return [];
  const [when, perSecond] = found;
  return [
    `${rateText(perSecond)} runs a second ${when}, more than the ${MOST_PER_SECOND} that one process is built for: probe less, at longer intervals, or in another process`,
  ];
}

function rateText(value: number): string {
  return value >= 100
    ? value.toFixed(0)
    : value >= 0.1 || value === 0
      ? String(Number(value.toFixed(1)))
      : value.toPrecision(1);
}
