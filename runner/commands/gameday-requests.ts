/** `gameday abort` and `mark`: what is asked of a game-day from another shell. */
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import type { Args, Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { isFinished, outstandingFaults, readJournal } from '../gameday/journal.ts';
import { isConducted, readConductors } from '../gameday/lock.ts';
import { JOURNAL_NAME } from '../gameday/recover.ts';
import { ask, HUMAN_MARKS } from '../gameday/requests.ts';
import { recoverGamedays } from '../gamedays.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { openConfiguration } from './open.ts';

/** A conductor stops within a second and undoes; one that hangs is relieved by its guardian. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 100;

export const abort: Command = {
  name: 'abort [gameday]',
  describe: 'Stop a game-day that another shell conducts, and wait until everything is undone',
  example: [
    'gameday abort --by ana --reason "real incident"',
    'exit 0 when nothing of it is left, 5 when something is',
  ],
  build: (yargs) =>
    yargs
      .positional('gameday', { type: 'string', describe: 'its id; needed when several are under way' })
      .option('by', { type: 'string', describe: 'who stops it', demandOption: true })
      .option('reason', { type: 'string', describe: 'why', demandOption: true }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const { folder } = configuration.gamedays;
    const by = said(args, 'by');
    const reason = said(args, 'reason');
    const gameday = await underWay(args, folder);
    if (gameday === null) {
      io.print('no game-day is under way');
      return await leftovers(configuration, io);
    }
    const startedMs = systemClock.monotonicMs();
    await ask(join(folder, gameday), { type: 'abort', by, reason }, configuration.redact);
    io.complain(`${gameday}: asked to stop`);
    while (systemClock.monotonicMs() - startedMs < PATIENCE_MS && !io.stop.aborted) {
      if (await isOver(join(folder, gameday))) break;
      await systemClock.sleep(LOOK_MS, io.stop).catch(() => undefined);
    }
    const { entries } = await readJournal(join(folder, gameday, JOURNAL_NAME));
    const left = outstandingFaults(entries);
    if (left.length === 0 && isFinished(entries)) {
      const took = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1);
      io.print(`${gameday}: stopped, nothing of it is left (${took} s)`);
      return EXIT.ok;
    }
    for (const { fault, undo } of left) io.complain(`NOT UNDONE yet: ${fault}; by hand: ${undo.byHand}`);
    return await leftovers(configuration, io);
  },
};

export const mark: Command = {
  name: 'mark <what> [gameday]',
  describe: 'Record a moment that only people can tell, in a game-day that is under way',
  example: [
    'gameday mark diagnosed --by ana --note "the primary feed lags"',
    `${HUMAN_MARKS.join(', ')}, or a word of one's own`,
  ],
  build: (yargs) =>
    yargs
      .positional('what', { type: 'string', describe: 'what has happened now', demandOption: true })
      .positional('gameday', { type: 'string', describe: 'its id; needed when several are under way' })
      .option('by', { type: 'string', describe: 'who says so', demandOption: true })
      .option('note', { type: 'string', describe: 'anything worth remembering' }),
  async run(args, io) {
    const { gamedays, redact } = await openConfiguration(args, io);
    const what = args.text('what') ?? '';
    const by = said(args, 'by');
    const gameday = await underWay(args, gamedays.folder);
    if (gameday === null)
      throw new CommandError('gameday mark: expected a game-day that is under way, got none', EXIT.usage);
    const note = args.text('note') ?? null;
    await ask(join(gamedays.folder, gameday), { type: 'mark', what, by, note }, redact);
    io.print(`${gameday}: ${what} by ${by}`);
    return EXIT.ok;
  },
};

function said(args: Args, name: string): string {
  const text = args.text(name)?.trim() ?? '';
  if (text !== '') return text;
  throw new CommandError(`--${name}: expected a word that can be recorded, got nothing`, EXIT.usage);
}

/** Null: none is. @throws CommandError when several are, or another one was named */
async function underWay(args: Args, folder: string): Promise<string | null> {
  const conducted = (await readConductors(folder)).map(({ gameday }) => gameday);
  const named = args.text('gameday');
  if (named === undefined && conducted.length <= 1) return conducted[0] ?? null;
  if (named !== undefined && conducted.includes(named)) return named;
  const found = conducted.length === 0 ? 'none is' : `${conducted.join(', ')} ${conducted.length === 1 ? 'is' : 'are'}`;
  throw new CommandError(
    `gameday: expected the id of one that is under way (${found}), got ${JSON.stringify(named ?? '')}`,
    EXIT.usage,
  );
}

/** The conductor has ended, or the guardian has lifted everything in its stead. */
async function isOver(folder: string): Promise<boolean> {
  const { entries } = await readJournal(join(folder, JOURNAL_NAME));
  if (outstandingFaults(entries).length > 0) return false;
  return isFinished(entries) || !(await isConducted(folder));
}

async function leftovers(configuration: Configuration, io: Io): Promise<number> {
  const { lines, remaining } = await recoverGamedays(configuration, io.stop, io.env['PATH'] ?? '');
  for (const line of lines) io.print(line);
  return remaining.length > 0 ? EXIT.notUndone : EXIT.ok;
}
