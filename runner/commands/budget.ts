import type { Objective } from '../../slo/objective.ts';
import { governing } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import type { Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { evaluateAll } from '../evaluation.ts';
import { attainmentPercent, burnText, consumedPercent, percent, targetPercent } from '../../reports/figures.ts';
import { flagsOf, hoursText, statusesJson } from '../figures.ts';
import { EXIT } from '../io.ts';
import { durationText } from '../../probes/spec.ts';
import { table } from '../table.ts';
import { budgetCalc } from './budget-calc.ts';
import { jsonOption, openConfiguration, openExisting, toJson } from './open.ts';

export const budget: Command = {
  name: 'budget',
  describe: 'Every objective: attainment, valid events, consumed, colour, burn, exhaustion, flags',
  example: ['budget --json', 'the same figures as one JSON document; exit 1 if any objective is missed'],
  build: jsonOption,
  below: [budgetCalc],
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const statuses = await currentStatuses(configuration, Math.round(io.clock.wallMs()));
    if (args.flag('json'))
      io.print(toJson({ timeScale: configuration.base.scale, objectives: statusesJson(statuses) }));
    else io.print(budgetTable(statuses, configuration.base.scale));
    return governing(statuses).some((status) => status.met === false) ? EXIT.failed : EXIT.ok;
  },
};

/** Judges what the ledger holds without writing to it. @throws CommandError when there is no ledger yet */
export async function currentStatuses(configuration: Configuration, nowMs: number): Promise<readonly Status[]> {
  await using store = await openExisting(configuration, nowMs);
  return await evaluateAll(store, configuration.objectives, { base: configuration.base, nowMs });
}

/** Second figures stand under their row, by what tells them apart. */
function nameOf({ id, beside }: Objective): string {
  return beside === undefined ? id : `  └ ${beside.label}`;
}

export function budgetTable(statuses: readonly Status[], scale: number): string {
  const rows = statuses.map((status) => {
    const { objective, exhaustion } = status;
    const counts = status.validEvents === 0 ? '–' : `${status.tally.good}/${status.validEvents}`;
    const interval = status.wilson === null ? '–' : `${percent(status.wilson.lower)} … ${percent(status.wilson.upper)}`;
    return [
      nameOf(objective),
      targetPercent(objective.target),
      durationText(Math.round(objective.windowMs * scale)),
      status.colour.toUpperCase(),
      attainmentPercent(status),
      counts,
      interval,
      consumedPercent(status.consumed),
      burnText(status.burn['1h']),
      burnText(status.burn['6h']),
      status.colour === 'unknown' ? '–' : `${hoursText(exhaustion.rolloffHours)} (${hoursText(exhaustion.naiveHours)})`,
      flagsOf(status).join('; '),
    ];
  });
  const text = table(
    [
      { head: 'objective' },
      { head: 'target', right: true },
      { head: 'window', right: true },
      { head: 'colour' },
      { head: 'attained', right: true },
      { head: 'good/valid', right: true },
      { head: '95 % interval', right: true },
      { head: 'consumed', right: true },
      { head: 'burn 1h', right: true },
      { head: '6h', right: true },
      { head: 'exhausted in: roll-off (naive)', right: true },
      { head: 'flags' },
    ],
    rows,
  );
  const assumed = statuses.flatMap(({ objective }) =>
    objective.assumptions.map((assumption) => `† ${objective.id}: assumed: ${assumption}`),
  );
  const notes = assumed.length === 0 ? '' : `\n\n${assumed.join('\n')}`;
  return scale === 1
    ? `${text}${notes}`
    : `${text}${notes}\n\nPractice: policy time runs ${scale} times faster (a 30-day window is ${durationText((30 * 86_400_000) / scale)}).`;
}
