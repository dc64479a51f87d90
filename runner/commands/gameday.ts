import { join } from 'node:path';
import type { JournalEntry } from '../../scenarios/journal.ts';
import { listScenarios } from '../../scenarios/load.ts';
import type { Values } from '../../scenarios/parameters.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { systemClock } from '../clock.ts';
import type { Args, Command } from '../command.ts';
import type { Approval } from '../gameday/guards.ts';
import { messageOf } from '../gameday/bounded.ts';
import { createPrompt } from '../gameday/prompt.ts';
import { ask } from '../gameday/requests.ts';
import { gamedayExitCode } from '../gameday/outcome.ts';
import { findScenario, findScheduled, loadScenarios } from '../found-scenarios.ts';
import { conductGameday, recoverGamedays } from '../gamedays.ts';
import { entryText } from '../gameday-text.ts';
import { openLive, type Live } from '../live/live.ts';
import type { Runner } from '../runner.ts';
import { startExport } from '../export.ts';
import type { Configuration } from '../config/configuration.ts';
import { defaultFile } from '../config/default-file.ts';
import { SHARE, shareText } from '../config/share.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { writeGamedayReport } from '../reporting.ts';
import { servedBy } from '../obligations.ts';
import { table } from '../table.ts';
import type { Argv } from 'yargs';
import { cancel, comingJson, comingOf, comingTable } from './gameday-calendar.ts';
import { due, held, schedule } from './gameday-duties.ts';
import { abort, mark } from './gameday-requests.ts';
import { jsonOption, openConfiguration, openLedger, toJson } from './open.ts';
import { openRunner } from './open-runner.ts';

function scenarioOptions(yargs: Argv): Argv {
  return jsonOption(yargs)
    .positional('scenario', { type: 'string', describe: 'a shipped scenario, or a file' })
    .option('scheduled', { type: 'string', describe: 'instead: an entry of gamedays.schedule, as it is configured' })
    .option('set', { type: 'string', array: true, describe: 'NAME=VALUE for a ${NAME} of the scenario' })
    .option('approved-by', { type: 'string', describe: 'who approves it in production, or while the market is open' })
    .option('reason', { type: 'string', describe: 'why; with --approved-by' })
    .option('overspend', {
      type: 'string',
      describe: 'the share of each budget that it may spend, whatever is left, such as 50%; with --approved-by',
    });
}

/** @throws CommandError when what a person has to say for it is incomplete */
function approvalOf(args: Args): Approval | null {
  const [by = '', reason = ''] = ['approved-by', 'reason'].map((name) => args.text(name)?.trim() ?? '');
  const overspend = overspendOf(args);
  if (by === '' && reason === '' && overspend === undefined) return null;
  if (by !== '' && reason !== '') return overspend === undefined ? { by, reason } : { by, reason, overspend };
  const got = by === '' && reason === '' ? 'neither' : 'one';
  throw new CommandError(`gameday: expected both of --approved-by NAME and --reason TEXT, got ${got}`, EXIT.usage);
}

/** @throws CommandError when it is no share */
function overspendOf(args: Args): string | undefined {
  const given = args.text('overspend');
  if (given === undefined) return undefined;
  const share = shareText(given);
  if (share !== null) return share;
  throw new CommandError(`--overspend: expected ${SHARE}, got ${JSON.stringify(given)}`, EXIT.usage);
}

/** What `--set` says. @throws CommandError */
function setOf(args: Args): Values {
  const set = args.texts('set').map((pair): readonly [string, string] => {
    const at = pair.indexOf('=');
    if (at < 1) throw new CommandError(`--set: expected NAME=VALUE, got ${JSON.stringify(pair)}`, EXIT.usage);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(set);
}

const list: Command = {
  name: 'list',
  describe: 'Shipped scenarios, those of the configuration, and what is scheduled',
  example: ['gameday list', 'the shipped ones, and those of the configuration if there is one'],
  build: jsonOption,
  async run(args, io) {
    const configuration =
      args.text('config') === undefined && defaultFile(io.folder) === undefined
        ? null
        : await openConfiguration(args, io);
    const own = configuration === null ? [] : (await loadScenarios(configuration, io.env)).scenarios;
    const coming = configuration === null ? [] : await comingOf(configuration, io);
    const all = [
      ...(await listScenarios()),
      ...own.map(({ id, title, component }) => ({ id, title, component, source: 'configuration' })),
    ];
    if (args.flag('json')) {
      // A schedule may name a file that is in neither list.
      const others = new Map(coming.map(({ plan }) => [plan.scenario, plan]));
      for (const { id } of all) others.delete(id);
      const further = [...others.values()].map(({ scenario: id, title, component }) => ({
        id,
        title,
        component,
        source: 'schedule',
      }));
      const scheduledOf = (id: string) => coming.filter(({ plan }) => plan.scenario === id).map(comingJson);
      io.print(toJson([...all, ...further].map((each) => ({ ...each, scheduled: scheduledOf(each.id) }))));
      return EXIT.ok;
    }
    io.print(
      table(
        [{ head: 'scenario' }, { head: 'component' }, { head: 'what' }],
        all.map(({ id, component, title }) => [id, component, title]),
      ),
    );
    if (coming.length > 0) io.print(`\n${comingTable(coming)}`);
    return EXIT.ok;
  },
};

/** One of the two. @throws CommandError */
function namedIn(
  args: Args,
  mode: 'check' | 'run',
): { name: string; scheduled?: never } | { name?: never; scheduled: string } {
  const [name, scheduled] = [args.text('scenario'), args.text('scheduled')];
  if (name !== undefined && scheduled === undefined) return { name };
  if (name === undefined && scheduled !== undefined) return { scheduled };
  const found = name === undefined ? 'nothing' : 'both';
  const help = `"pulsedrill gameday ${mode} --help" shows what it takes`;
  throw new CommandError(
    `pulsedrill gameday ${mode}: expected <scenario> or --scheduled ID, got ${found}; ${help}`,
    EXIT.usage,
  );
}

/** What is to be exercised: named on the command line, or as the configuration has scheduled it. @throws CommandError */
async function chosen(
  named: ReturnType<typeof namedIn>,
  args: Args,
  io: Io,
  configuration: Configuration,
): Promise<{
  scenario: Scenario;
  approval: Approval | null;
  people: Readonly<Record<string, string>>;
  values: Values;
}> {
  const { name, scheduled } = named;
  const given = { env: io.env, set: setOf(args), folder: io.folder };
  const approval = approvalOf(args);
  if (scheduled === undefined) {
    return {
      scenario: await findScenario(name, configuration, given),
      approval,
      people: {},
      values: { ...io.env, ...given.set },
    };
  }
  const { entry, scenario } = await findScheduled(scheduled, configuration, given);
  const people = entry.lead === undefined ? entry.roles : { lead: entry.lead, ...entry.roles };
  return {
    scenario,
    approval: approval ?? entry.approval ?? null,
    people,
    values: { ...io.env, ...entry.set, ...given.set },
  };
}

/** What runs in flight may take to end once the exercise is over and undone. */
const DRAIN_MS = 5_000;

async function exercise(args: Args, given: Io, mode: 'check' | 'run'): Promise<number> {
  const named = namedIn(args, mode);
  const configuration = await openConfiguration(args, given);
  const { scenario, approval, people, values } = await chosen(named, args, given, configuration);
  let picture: Live | null = null;
  // What anybody has to say while the picture stands is shown in it, and printed when it is gone.
  const beside =
    (print: Io['print']): Io['print'] =>
    (line) =>
      picture === null ? print(line) : picture.say(line, print);
  const io: Io = { ...given, print: beside(given.print), complain: beside(given.complain) };
  await using store = await openLedger(configuration);
  await using exporter = startExport(configuration, store, io.complain);
  if (mode === 'run') {
    const { lines } = await recoverGamedays(configuration, io.stop, io.env['PATH'] ?? '');
    for (const line of lines) io.complain(line);
  }
  // The probes go on until the exercise has undone what it did, however it ends.
  const over = new AbortController();
  const abandon = new AbortController();
  let drain: NodeJS.Timeout | undefined;
  // A run in flight may have an order out: it ends by itself, as those of "run" do.
  over.signal.addEventListener('abort', () => {
    drain = setTimeout(() => abandon.abort(over.signal.reason), DRAIN_MS);
  });
  await using runner = openRunner(configuration, store, io, { stop: over.signal, abandon: abandon.signal });
  const probing = runner.run();
  // Its failure is heard at the end, after the exercise has heard of it and has undone what it did.
  probing.catch(() => undefined);
  const typed = mode === 'run' ? takeTyped(io, configuration, () => picture?.typed(), over.signal) : null;
  try {
    const hear = (entry: JournalEntry): void => {
      typed?.hear(entry);
      picture?.hear(entry);
      // The verdict is the answer, and is given once.
      const line = entry.type === 'finished' ? null : entryText(entry);
      if (line === null) return;
      const print = args.flag('json') ? given.complain : given.print;
      if (picture === null) print(configuration.redact(line));
      else picture.later(() => print(configuration.redact(line)));
    };
    const conducted = async () => {
      await using live =
        mode === 'run' && !args.flag('json') ? openPicture(given, runner, scenario, configuration) : null;
      picture = live;
      try {
        return await conductGameday({
          configuration,
          runner,
          store,
          scenario,
          mode,
          obligation: servedBy(scenario, await runner.obligations())[0]?.id ?? null,
          approval,
          people,
          values,
          signal: io.stop,
          path: io.env['PATH'] ?? '',
          onEntry: hear,
        });
      } finally {
        picture = null;
      }
    };
    const { outcome, journalPath, unrecorded } = await conducted();
    // Before anything else: what fails from here on must not hide it.
    if (args.flag('json')) io.print(toJson(outcome));
    else io.print(configuration.redact(`${outcome.verdict}: ${outcome.detail}`));
    for (const { fault, byHand } of outcome.notUndone) io.complain(`NOT UNDONE: ${fault}; by hand: ${byHand}`);
    const exitCode = gamedayExitCode(outcome, io.stop.aborted ? io.stop.reason : null);
    over.abort();
    try {
      await probing;
      const open = await runner.sweep();
      if (open > 0) io.complain(`${open} paper orders could not be proven closed; the next run asks again`);
      if (unrecorded !== null) throw unrecorded;
      await runner.evaluate();
      if (journalPath !== null) {
        const [written = journalPath, ...copies] = await writeGamedayReport({
          configuration,
          journalPath,
          ledger: () => Promise.resolve({ store, statuses: runner.statuses() }),
        });
        io.complain(`report: ${written}`);
        for (const copy of copies) io.complain(`copy of it: ${copy}`);
      }
      await exporter?.flush(AbortSignal.timeout(5000));
    } catch (error) {
      // A fault that is still there is worse than a record that is not.
      if (exitCode !== EXIT.notUndone) throw error;
      io.complain(error instanceof Error ? error.message : String(error));
    }
    return exitCode;
  } finally {
    over.abort();
    await probing.catch(() => undefined);
    clearTimeout(drain);
    await typed?.done;
  }
}

/** Null where there is nothing to draw on: then lines are printed. */
function openPicture(io: Io, runner: Runner, { component }: Scenario, configuration: Configuration): Live | null {
  const terminal = io.terminal?.() ?? null;
  if (terminal === null) return null;
  return openLive({
    terminal,
    clock: systemClock,
    isColoured: (io.env['NO_COLOR'] ?? '') === '',
    isHeard: io.lines !== undefined,
    facts: () => ({
      colour: runner.colour(component),
      objectives: runner
        .statuses()
        .filter(({ objective }) => objective.service === component)
        .map(({ objective, colour, consumed }) => ({ id: objective.id, colour, consumed })),
    }),
    stop: io.stop,
    warn: io.complain,
    redact: configuration.redact,
  });
}

/** What is typed at the terminal is asked of the game-day as it is from any other shell. */
function takeTyped(
  { lines, env, complain }: Io,
  { gamedays, redact }: Configuration,
  onLine: () => void,
  signal: AbortSignal,
) {
  const prompt = createPrompt(env['USER'] ?? env['LOGNAME'] ?? 'somebody');
  let gameday: string | null = null;
  const read = async (): Promise<void> => {
    for await (const line of lines?.(signal) ?? []) {
      onLine();
      const request = prompt.read(line);
      if (request !== null && gameday !== null) await ask(join(gamedays.folder, gameday), request, redact);
    }
  };
  return {
    hear(entry: JournalEntry): void {
      gameday = entry.gameday;
      prompt.hear(entry);
    },
    done: read().catch((error: unknown) => complain(`the terminal is not heard any more: ${messageOf(error)}`)),
  };
}

const check: Command = {
  name: 'check [scenario]',
  describe: 'Dry run: baseline, targets, permissions, undo; nothing is injected',
  example: [
    'gameday check feed-latency --set VENUE_URL=http://127.0.0.1:8080',
    'exit 4 when something speaks against it',
  ],
  build: scenarioOptions,
  run: (args, io) => exercise(args, io, 'check'),
};

const run: Command = {
  name: 'run [scenario]',
  describe: 'The exercise; Ctrl-C stops and undoes it',
  example: ['gameday run feed-latency --set VENUE_URL=http://127.0.0.1:8080', 'exit 0 when it passed'],
  build: scenarioOptions,
  run: (args, io) => exercise(args, io, 'run'),
};

const recover: Command = {
  name: 'recover',
  describe: 'Undo whatever a dead run left',
  example: ['gameday recover', 'exit 5, with the command to use by hand, when something could not be undone'],
  build: jsonOption,
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const recovery = await recoverGamedays(configuration, io.stop, io.env['PATH'] ?? '');
    if (args.flag('json')) {
      const { recovered, remaining, running } = recovery;
      io.print(toJson({ recovered, remaining, running, at: new Date(Math.round(systemClock.wallMs())).toISOString() }));
    } else if (recovery.lines.length === 0) io.print('nothing to undo');
    else for (const line of recovery.lines) io.print(line);
    return recovery.remaining.length > 0 ? EXIT.notUndone : EXIT.ok;
  },
};

export const gameday: Command = {
  name: 'gameday',
  describe:
    'Practise a failure, and what is owed of it: list, due, schedule, held, check, run, mark, abort, cancel, recover',
  example: ['gameday list', 'what can be practised'],
  below: [list, due, schedule, held, check, run, mark, abort, cancel, recover],
};
