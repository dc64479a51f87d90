import { durationText } from '../../probes/duration.ts';
import { burnPairs } from '../../slo/burn.ts';
import { decimal, rational, toNumber } from '../../slo/decimal.ts';
import { governs, mayBurn, type Objective } from '../../slo/objective.ts';
import type { Command } from '../command.ts';
import type { Configuration, PlannedProbe } from '../config/configuration.ts';
import { runsPerDay } from '../engine/cron.ts';
import { intervalMs, yellowAutoMs } from '../engine/cadence.ts';
import { demandOf, demandText } from '../config/demand.ts';
import { targetPercent } from '../../reports/figures.ts';
import { EXIT } from '../io.ts';
import { yellowChoice } from '../yellow-choice.ts';
import { table } from '../table.ts';
import { jsonOption, openConfiguration, toJson } from './open.ts';

export const plan: Command = {
  name: 'plan',
  describe: 'What would run: intervals by colour, runs a day, events per window against the event minimum, warnings',
  example: ['plan', 'nothing is started'],
  build: jsonOption,
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const probes = configuration.probes.map((probe) => planProbe(probe, configuration));
    const objectives = configuration.objectives
      .filter(governs)
      .map((objective) => planObjective(objective, configuration));
    const warnings = [
      ...configuration.warnings,
      ...probes.flatMap((probe) => probe.warnings),
      ...objectives.flatMap((each) => each.warnings),
    ];
    const demand = demandOf(configuration.probes, configuration.objectives, configuration.base);
    const { scale } = configuration.base;
    if (args.flag('json')) {
      io.print(toJson({ timeScale: scale, demand, probes, objectives, warnings }));
      return EXIT.ok;
    }
    const ms = (value: number | null): string => (value === null ? '-' : durationText(value));
    io.print(
      table(
        [
          { head: 'probe' },
          { head: 'kind' },
          { head: 'service' },
          { head: 'green', right: true },
          { head: 'yellow', right: true },
          { head: 'red', right: true },
          { head: 'game-day', right: true },
          { head: 'runs/day (green)', right: true },
          { head: 'timeout', right: true },
        ],
        probes.map((probe) => [
          probe.probe,
          probe.kind,
          probe.service,
          probe.cron ?? ms(probe.greenMs),
          `${ms(probe.yellowMs)}${probe.auto ? ' (auto)' : ''}`,
          ms(probe.redMs),
          ms(probe.gamedayMs),
          String(probe.runsPerDay),
          ms(probe.timeoutMs),
        ]),
      ),
    );
    for (const { probe, auto, yellow: choice } of probes) if (auto) io.print(`yellow of ${probe}: ${choice.says}`);
    io.print('');
    io.print(demandText(demand));
    io.print('');
    io.print(
      table(
        [
          { head: 'objective' },
          { head: 'target', right: true },
          { head: 'window', right: true },
          { head: 'events a window (green)', right: true },
          { head: 'minimum', right: true },
          { head: 'judged by' },
        ],
        objectives.map((each) => [
          each.objective,
          targetPercent(each.target),
          durationText(each.windowMs),
          each.unknownBecause !== null
            ? '-'
            : each.expectedEvents === null
              ? 'as they come'
              : String(each.expectedEvents),
          String(each.minEvents),
          each.unknownBecause === null ? judgedBy(each) : `Unknown: ${each.unknownBecause}`,
        ]),
      ),
    );
    for (const warning of warnings) io.print(`warning: ${warning}`);
    if (scale !== 1) io.print(`Practice: policy time runs ${scale} times faster; windows above are policy time.`);
    return EXIT.ok;
  },
};

function planProbe(probe: PlannedProbe, { base, objectives }: Configuration) {
  // `auto` is shown as it would be with the strictest objective of the service burning: the fastest it can get.
  const targets = objectives
    .filter((each) => each.service === probe.service && mayBurn(each))
    .map((each) => each.target);
  const autoMs = probe.everyMs === null ? 0 : yellowAutoMs(probe, probe.everyMs, base, targets);
  const green = intervalMs(probe, 'green', autoMs);
  const yellow = intervalMs(probe, 'yellow', autoMs);
  const warnings: string[] = [];
  if (green !== null && yellow !== null && yellow >= green) {
    warnings.push(
      `${probe.id}: Yellow cannot raise its rate: no run may be shorter than ${durationText(probe.floorMs)} (timeout, fastest, limits)`,
    );
  }
  if (probe.cron !== null) warnings.push(`${probe.id}: runs by a calendar, which Yellow does not raise`);
  return {
    probe: probe.id,
    kind: probe.kind,
    service: probe.service,
    cron: probe.cron?.expression ?? null,
    greenMs: green,
    yellowMs: yellow,
    redMs: intervalMs(probe, 'red', autoMs),
    gamedayMs: intervalMs(probe, 'gameday', autoMs),
    auto: probe.yellow === 'auto' && probe.cron === null,
    yellow: yellowChoice(probe, { base, objectives }),
    timeoutMs: probe.timeoutMs,
    runsPerDay: Math.round(runsInGreen(probe, DAY_MS)),
    warnings,
  };
}

function judgedBy({ probes, source }: { readonly probes: readonly string[]; readonly source: string | null }): string {
  return source === null ? probes.join(', ') : `source ${source}`;
}

const DAY_MS = 86_400_000;

/** How many runs a probe has in a stretch of real time while its service is Green. */
function runsInGreen({ everyMs, cron }: PlannedProbe, stretchMs: number): number {
  if (everyMs !== null) return stretchMs / everyMs;
  return cron === null ? 0 : (stretchMs / DAY_MS) * runsPerDay(cron.expression, cron.timezone);
}

/** Splits are judged apart, each against the minimum; the one with the fewest events says whether they are enough. */
function thinnestSplit({ split }: Objective, probes: readonly PlannedProbe[], stretchMs: number): number {
  const splits = new Map<string, number>();
  for (const probe of probes) {
    const own = split === 'endpoint' || split === 'venue' ? (probe[split] ?? '') : '';
    splits.set(own, (splits.get(own) ?? 0) + runsInGreen(probe, stretchMs));
  }
  return Math.floor(Math.min(...splits.values()));
}

function planObjective(objective: Objective, { base, probes }: Configuration) {
  const policyWindowMs = objective.windowMs * base.scale;
  const feeding = probes.filter((probe) => objective.probes.includes(probe.id));
  const isTicks =
    objective.sli.type === 'threshold' && ['tick-age', 'newest-age', 'signal-age'].includes(objective.sli.indicator);
  const isTold = objective.telemetry !== undefined;
  const expectedEvents =
    isTicks || isTold || objective.unknownBecause !== null
      ? null
      : thinnestSplit(objective, feeding, objective.windowMs);
  const warnings: string[] = [];
  if (expectedEvents !== null && expectedEvents < objective.minEvents) {
    warnings.push(
      `${objective.id}: about ${expectedEvents} events a window in Green, fewer than ${objective.minEvents}: consequences become review items`,
    );
  }
  const sliding = objective.slidingMs;
  if (sliding !== null && expectedEvents !== null) {
    const live = thinnestSplit(objective, feeding, sliding);
    if (live < objective.minEvents) {
      warnings.push(
        `${objective.id}: about ${live} events in each sliding window of ${durationText(sliding * base.scale)}: those windows stay flagged for review`,
      );
    }
  }
  const hours = rational(BigInt(Math.round(policyWindowMs)), 3_600_000n);
  if (objective.unknownBecause === null && objective.burn === undefined) {
    for (const pair of burnPairs(decimal(objective.target), hours).dropped) {
      warnings.push(`${objective.id}: burn pair ${pair.long}/${pair.short} dropped: ${pair.because}`);
    }
  }
  return {
    objective: objective.id,
    service: objective.service,
    target: objective.target,
    windowMs: policyWindowMs,
    minEvents: objective.minEvents,
    expectedEvents,
    burnCeiling: toNumber({
      num: decimal(objective.target).den,
      den: decimal(objective.target).den - decimal(objective.target).num,
    }),
    probes: isTold ? [] : objective.probes,
    source: objective.telemetry?.source ?? null,
    unknownBecause: objective.unknownBecause,
    assumptions: objective.assumptions,
    warnings,
  };
}
