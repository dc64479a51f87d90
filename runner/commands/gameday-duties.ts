/** `gameday due`, `schedule` and `held`: what Red services owe, and who has taken it on. */
import { didYouMean } from '../../probes/nearest.ts';
import { systemClock } from '../clock.ts';
import type { Args, Command } from '../command.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { DUTY_TEXT, heldEvent, obligationsOf, scheduledEvent, type Obligation } from '../obligations.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { table } from '../table.ts';
import type { Configuration } from '../config/configuration.ts';
import { jsonOption, openConfiguration, openExisting, openLedger, toJson } from './open.ts';

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;

export const due: Command = {
  name: 'due',
  describe: 'Game-days and postmortem reviews that Red services owe, with their due dates',
  example: ['gameday due', 'exit 1 when one of them is overdue'],
  build: (yargs) => jsonOption(yargs).option('all', { type: 'boolean', describe: 'those that were met as well' }),
  async run(args, io) {
    const all = await standing(await openConfiguration(args, io));
    const shown = args.flag('all') ? all : all.filter(({ state }) => state !== 'met');
    if (args.flag('json')) io.print(toJson({ obligations: shown.map(obligationJson) }));
    else if (shown.length === 0) io.print('nothing is owed');
    else io.print(dueTable(shown));
    return shown.some(({ state }) => state === 'overdue') ? EXIT.failed : EXIT.ok;
  },
};

async function standing(configuration: Configuration): Promise<readonly Obligation[]> {
  await using store = await openExisting(configuration);
  return obligationsOf(await store.events({ kind: 'obligation' }), Math.round(systemClock.wallMs()));
}

/** Times as people read them. */
export function obligationJson(obligation: Obligation): Readonly<Record<string, unknown>> {
  const { openedMs, dueMs, metMs, scheduled, ...rest } = obligation;
  return {
    ...rest,
    opened: new Date(openedMs).toISOString(),
    due: new Date(dueMs).toISOString(),
    scheduled: scheduled === null ? null : { for: new Date(scheduled.forMs).toISOString(), by: scheduled.by },
    met: metMs === null ? null : new Date(metMs).toISOString(),
  };
}

function dueTable(obligations: readonly Obligation[]): string {
  return table(
    ['obligation', 'what', 'service', 'because of', 'due', 'state', 'who'].map((head) => ({ head })),
    obligations.map((each) => [
      each.id,
      DUTY_TEXT[each.duty],
      each.service,
      each.objective,
      day(each.dueMs),
      stateText(each),
      each.who.join(', '),
    ]),
  );
}

export function stateText({ state, scheduled, gameday, held }: Obligation): string {
  if (state === 'met') return gameday === null ? `met: ${held?.record ?? ''} (${held?.by ?? ''})` : `met by ${gameday}`;
  const when = scheduled === null ? '' : `scheduled for ${minute(scheduled.forMs)} by ${scheduled.by}`;
  if (state === 'overdue') return when === '' ? 'OVERDUE' : `OVERDUE, ${when}`;
  return when === '' ? 'open' : when;
}

export const schedule: Command = {
  name: 'schedule <obligation>',
  describe: 'Say when an obligation will be met, and who says so',
  example: ['gameday schedule ob-20241004T103020-client-api --at 2024-10-11T14:00Z --by Ada', 'again to move it'],
  build: (yargs) =>
    jsonOption(yargs)
      .positional('obligation', { type: 'string', describe: 'as "gameday due" names it', demandOption: true })
      .option('at', { type: 'string', describe: 'date and time with its zone, such as 2024-10-11T14:00Z' })
      .option('by', { type: 'string', describe: 'who says so; recorded' }),
  async run(args, io) {
    const forMs = momentOf(args.text('at'));
    const by = named(args, 'schedule', 'by', 'NAME');
    return await tell(args, io, (obligation, nowMs) => {
      if (forMs < nowMs) {
        throw new CommandError(`gameday schedule: --at: expected a time to come, got ${minute(forMs)}`, EXIT.usage);
      }
      if (forMs > obligation.dueMs)
        io.complain(`${obligation.id}: that is after it is due, ${minute(obligation.dueMs)}`);
      return scheduledEvent(obligation, forMs, by, nowMs);
    });
  },
};

export const held: Command = {
  name: 'held <obligation>',
  describe: 'Say that a postmortem review took place, and where it is written down',
  example: ['gameday held pm-20241004T103020-client-api --by Ada --record https://wiki.example/pm-7', 'it is met'],
  build: (yargs) =>
    jsonOption(yargs)
      .positional('obligation', { type: 'string', describe: 'as "gameday due" names it', demandOption: true })
      .option('by', { type: 'string', describe: 'who says so; recorded' })
      .option('record', { type: 'string', describe: 'link to what was written down' }),
  async run(args, io) {
    const by = named(args, 'held', 'by', 'NAME');
    const record = named(args, 'held', 'record', 'LINK');
    return await tell(args, io, (obligation, nowMs) => {
      if (obligation.duty === 'game-day') {
        throw new CommandError(
          `gameday held: expected a postmortem review, got ${obligation.id}, a game-day, which is met by a run that passes: pulsedrill gameday run`,
          EXIT.usage,
        );
      }
      return heldEvent(obligation, by, record, nowMs);
    });
  },
};

/** Records one event about an obligation that stands, and shows what became of it. */
async function tell(
  args: Args,
  io: Io,
  eventOf: (obligation: Obligation, nowMs: number) => LedgerEvent,
): Promise<number> {
  const configuration = await openConfiguration(args, io);
  const id = args.text('obligation') ?? '';
  const obligation = find(id, await standing(configuration));
  const event = eventOf(obligation, Math.round(systemClock.wallMs()));
  {
    await using store = await openLedger(configuration);
    await store.recordEvents([event]);
  }
  const after = find(id, await standing(configuration), true);
  io.print(args.flag('json') ? toJson(obligationJson(after)) : `${after.id}: ${stateText(after)}`);
  return EXIT.ok;
}

function find(id: string, all: readonly Obligation[], isMetToo = false): Obligation {
  const found = all.find((each) => each.id === id);
  if (found !== undefined && (isMetToo || found.state !== 'met')) return found;
  const open = all.filter(({ state }) => state !== 'met').map((each) => each.id);
  const expected = open.length === 0 ? 'an obligation, of which none is open' : `one of ${open.join(', ')}`;
  const got = found === undefined ? JSON.stringify(id) : `${JSON.stringify(id)}, which is ${stateText(found)}`;
  throw new CommandError(`obligation: expected ${expected}${didYouMean(id, open)}, got ${got}`, EXIT.usage);
}

/** @throws CommandError when it is missing */
export function named(args: Args, command: string, option: string, what: string): string {
  const text = args.text(option)?.trim() ?? '';
  if (text !== '') return text;
  throw new CommandError(
    `gameday ${command}: expected --${option} ${what}, so that it can be recorded, got nothing`,
    EXIT.usage,
  );
}

/** A zone has to be there: a game-day an hour late is a page in the night. @throws CommandError */
function momentOf(text = ''): number {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isFinite(ms)) return ms;
  const found = text === '' ? 'nothing' : JSON.stringify(text);
  throw new CommandError(
    `gameday schedule: --at: expected a date and time with its zone such as "2026-11-11T14:00Z" or "2026-11-11T14:00+01:00", got ${found}`,
    EXIT.usage,
  );
}
