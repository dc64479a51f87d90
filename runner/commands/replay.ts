import type { Course } from '../../reports/replay/course.ts';
import { replayChange, type Replay } from '../../reports/replay/replay.ts';
import { replayNotes, replayRows } from '../../reports/replay/text.ts';
import { utc } from '../../reports/figures.ts';
import { validWeight } from '../../slo/tally.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import type { Args, Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { proposalsFromFile, proposalsFromFlags, type Proposal } from '../replay-changes.ts';
import { table } from '../table.ts';
import { closedRange } from './closed-range.ts';
import { jsonOption, openConfiguration, openExisting, toJson } from './open.ts';

export const replay: Command = {
  name: 'replay',
  describe: 'Judge stored results by another limit, target, window or weighing; writes nothing to the record',
  example: ['replay --objective slo-api-latency --limit 200ms --from 30d', 'what would have changed'],
  build: (yargs) =>
    jsonOption(yargs)
      .option('objective', { type: 'string', requiresArg: true, describe: 'id of the objective' })
      .option('limit', { type: 'string', requiresArg: true, describe: 'another limit, such as 200ms' })
      .option('target', { type: 'string', requiresArg: true, describe: 'another target, such as 0.999' })
      .option('weighing', { type: 'string', requiresArg: true, describe: 'time or count; quantity or notional' })
      .option('window', { type: 'string', requiresArg: true, describe: 'another window, such as 7d' })
      .option('changes', {
        type: 'string',
        requiresArg: true,
        describe: 'a file with a list in the form of objectives.override, instead of the flags above',
      })
      .option('from', {
        type: 'string',
        requiresArg: true,
        describe: 'time or duration before the end; default: the window',
      })
      .option('to', { type: 'string', requiresArg: true, describe: 'time; default now' }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const { base } = configuration;
    const proposals = await proposalsOf(args, configuration, io);
    const nowMs = Math.round(io.clock.wallMs());
    // Tallies and results of one moment: beside a run, what came between the two would pass for results that are gone.
    await using store = await openExisting(configuration, nowMs, true);
    const found: Replay[] = [];
    for (const { objective, change } of proposals) {
      const { fromMs, toMs } = closedRange('replay', args, { base, nowMs, toMs: nowMs, lengthMs: objective.windowMs });
      const replayed = await replayChange(store, objective, change, { base, fromMs, toMs, signal: io.stop });
      if (!replayed.ok) throw new CommandError(`replay: expected ${replayed.problem.expected}`, EXIT.usage);
      found.push(replayed.replay);
    }
    if (args.flag('json')) io.print(toJson({ timeScale: base.scale, replays: found.map((each) => replayJson(each)) }));
    else io.print(found.map((each) => replayText(each, base)).join('\n\n'));
    return EXIT.ok;
  },
};

async function proposalsOf(args: Args, { objectives, base }: Configuration, io: Io): Promise<readonly Proposal[]> {
  const options = { objectives, scale: base.scale };
  const file = args.text('changes');
  const flags = {
    objective: args.text('objective'),
    limit: args.text('limit'),
    target: args.text('target'),
    weighing: args.text('weighing'),
    window: args.text('window'),
  };
  if (file !== undefined && Object.values(flags).some((value) => value !== undefined)) {
    throw new CommandError(
      'replay: expected either --changes FILE or --objective with what to change, got both',
      EXIT.usage,
    );
  }
  const proposals =
    file === undefined ? proposalsFromFlags(flags, options) : await proposalsFromFile(file, io.folder, options);
  if (proposals.ok) return proposals.proposals;
  throw new CommandError(proposals.lines.join('\n'), EXIT.usage);
}

function replayText(found: Replay, base: TimeBase): string {
  const { fromMs, toMs, after } = found;
  const { id, title } = after.status.objective;
  const rows = replayRows(found, base);
  const columns = [{ head: '' }, { head: 'before', right: true }, { head: 'after', right: true }, { head: '' }];
  const cells = rows.map(({ what, before, after: is }) => [what, before, is, before === is ? '' : '←']);
  return [
    `${id} (${title}), ${utc(fromMs)} to ${utc(toMs)}`,
    '',
    table(columns, cells),
    '',
    ...replayNotes(found, base),
  ].join('\n');
}

function replayJson({ before, after, estimate, fromMs, toMs, ...rest }: Replay): unknown {
  return {
    objective: after.status.objective.id,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    ...rest,
    before: courseJson(before),
    after: courseJson(after),
    estimate:
      estimate === null
        ? null
        : { events: estimate.events, worst: courseJson(estimate.worst), best: courseJson(estimate.best) },
  };
}

function courseJson({ status, ...course }: Course): unknown {
  const { objective, tally } = status;
  const { target, sli, windowMs, weighing, minEvents } = objective;
  return {
    definition: { target, sli, windowMs, weighing, minEvents },
    attainment: status.attainment,
    consumed: status.consumed,
    colour: status.colour,
    metAtEnd: status.met,
    verdict: status.statVerdict,
    unknownBecause: status.unknownBecause,
    events: {
      good: tally.good,
      bad: tally.bad,
      valid: status.validEvents,
      excluded: tally.excluded,
      faults: tally.faults,
    },
    weights: { good: String(tally.goodWeight), valid: String(validWeight(tally)) },
    worstSplit: status.worstSplit?.split ?? null,
    windows: status.windows,
    ...course,
  };
}
