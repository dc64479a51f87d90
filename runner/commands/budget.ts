import { governing } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { evaluateAll } from '../evaluation.ts';
import { budgetTable } from '../budget-table.ts';
import { statusesJson } from '../figures.ts';
import { excludedJson, excludedLines, judgeWithout } from '../exclusions.ts';
import { spentByGamedays, spentLines } from '../exercises.ts';
import { EXIT } from '../io.ts';
import { budgetCalc } from './budget-calc.ts';
import { openJudged } from './judged.ts';
import { jsonOption, toJson } from './open.ts';
import { openReader, readOption } from './read.ts';

export const budget: Command = {
  name: 'budget',
  describe: 'Every objective: attainment, valid events, consumed, colour, burn, exhaustion, flags',
  example: ['budget --json', 'the same figures as one JSON document; exit 1 if any objective is missed'],
  build: (yargs) => readOption(jsonOption(yargs)),
  below: [budgetCalc],
  async run(args, io) {
    const configuration = await openJudged(args, io);
    const nowMs = Math.round(io.clock.wallMs());
    await using store = await openReader(configuration, args, { nowMs, io });
    const statuses = await statusesOf(configuration, store, nowMs);
    const gamedays = await spentByGamedays(store, statuses, configuration.base);
    const excluded = await judgeWithout(store, statuses, configuration.base);
    if (args.flag('json')) {
      const objectives = statusesJson(statuses);
      io.print(toJson({ timeScale: configuration.base.scale, objectives, gamedays, ...excludedJson(excluded) }));
    } else {
      const lines = [...spentLines(gamedays), ...excludedLines(excluded)];
      io.print(
        [budgetTable(statuses, configuration.base.scale), ...(lines.length === 0 ? [] : ['', ...lines])].join('\n'),
      );
    }
    return governing(statuses).some((status) => status.met === false) ? EXIT.failed : EXIT.ok;
  },
};

function statusesOf(
  configuration: Pick<Configuration, 'base' | 'objectives'>,
  store: StoreReader,
  nowMs: number,
): Promise<readonly Status[]> {
  return evaluateAll(store, configuration.objectives, { base: configuration.base, nowMs });
}
