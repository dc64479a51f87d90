/** `silence add`, `list` and `end`: maintenance, by a person, with a reason. */
import { randomBytes } from 'node:crypto';
import type { Argv } from 'yargs';
import { didYouMean } from '../../probes/nearest.ts';
import { parseDuration } from '../../probes/duration.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { isActive, silencesOf, WRITTEN, writtenSilences, type Silence } from '../alerts/silences.ts';
import { systemClock } from '../clock.ts';
import type { Args, Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { CommandError, EXIT } from '../io.ts';
import { table } from '../table.ts';
import { jsonOption, openConfiguration, openExisting, openLedger, toJson } from './open.ts';

/** Longer is no maintenance. */
const LONGEST_MS = 7 * 86_400_000;

const add: Command = {
  name: 'add',
  describe: 'Tell nobody of some alerts for a while; they are recorded all the same',
  example: ['silence add --service client-api --for 2h --author ana --reason "database upgrade"', 'prints its id'],
  build: (yargs) =>
    matchOptions(yargs)
      .option('for', { type: 'string', describe: 'how long, such as 2h; at most 7d', demandOption: true })
      .option('from', { type: 'string', describe: 'when it begins, such as 2026-12-01T22:00:00Z; default: now' })
      .option('author', { type: 'string', describe: 'who says so', demandOption: true })
      .option('reason', { type: 'string', describe: 'why', demandOption: true }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const nowMs = Math.round(systemClock.wallMs());
    const match = matchOf(args, configuration);
    const fromMs = timeOf(args.text('from')) ?? nowMs;
    const toMs = fromMs + lengthOf(args.text('for'));
    if (toMs <= nowMs) throw new CommandError('--from: expected a silence that is not over yet', EXIT.usage);
    const [author, reason] = [said(args, 'author'), said(args, 'reason')];
    const id = `si-${new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '')}-${randomBytes(2).toString('hex')}`;
    await keep(configuration, id, 'added', nowMs, { match, fromMs, toMs, author, reason });
    io.print(`${id}: nobody is told of ${matchText(match)} until ${new Date(toMs).toISOString()}`);
    return EXIT.ok;
  },
};

const list: Command = {
  name: 'list',
  describe: 'Silences of the configuration and of the ledger that are not over',
  example: ['silence list --all', 'those that are over as well'],
  build: (yargs) => jsonOption(yargs).option('all', { type: 'boolean', describe: 'those that are over as well' }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const nowMs = systemClock.wallMs();
    const all = await allSilences(configuration);
    const shown = args.flag('all') ? all : all.filter(({ toMs }) => toMs > nowMs);
    if (args.flag('json')) io.print(toJson({ silences: shown.map((each) => silenceJson(each, nowMs)) }));
    else if (shown.length === 0) io.print('nothing is silenced');
    else io.print(silenceTable(shown, nowMs));
    return EXIT.ok;
  },
};

const end: Command = {
  name: 'end <id>',
  describe: 'End a silence before its time; what it kept quiet and still stands is told',
  example: ['silence end si-20261201-4f1c --author ana', 'from now on'],
  build: (yargs) =>
    yargs
      .positional('id', { type: 'string', describe: 'as silence list shows it', demandOption: true })
      .option('author', { type: 'string', describe: 'who says so', demandOption: true }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const nowMs = Math.round(systemClock.wallMs());
    const id = args.text('id') ?? '';
    const standing = (await allSilences(configuration)).filter(({ toMs }) => toMs > nowMs);
    if (!standing.some((each) => each.id === id)) {
      const meant = didYouMean(
        id,
        standing.map((each) => each.id),
      );
      throw new CommandError(
        `silence: expected the id of one that is not over${meant}, got ${JSON.stringify(id)}`,
        EXIT.usage,
      );
    }
    if (id.startsWith(WRITTEN)) {
      throw new CommandError(`silence: ${id} stands in the configuration; take it out there`, EXIT.usage);
    }
    await keep(configuration, id, 'ended', nowMs, { by: said(args, 'author') });
    io.print(`${id}: over`);
    return EXIT.ok;
  },
};

export const silence: Command = {
  name: 'silence',
  describe: 'Maintenance: whose alerts nobody is told of, until when, by whose word',
  example: ['silence list', 'what is silenced now'],
  below: [add, list, end],
};

const MATCHES = ['service', 'objective', 'rule'] as const;
type Match = Silence['match'];

function matchOptions(yargs: Argv): Argv {
  return yargs
    .option('service', { type: 'string', describe: 'alerts of this service' })
    .option('objective', { type: 'string', describe: 'alerts of this objective' })
    .option('rule', { type: 'string', describe: 'alerts of this rule: burn, clock, overload, …' });
}

/** A typing mistake would silence nothing while somebody sleeps. @throws CommandError */
function matchOf(args: Args, { objectives, probes }: Configuration): Match {
  const given = MATCHES.flatMap((name) => {
    const value = args.text(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  if (given.length === 0) {
    throw new CommandError('silence: expected at least one of --service, --objective and --rule, got none', EXIT.usage);
  }
  const known: Readonly<Record<string, readonly string[]>> = {
    service: [...new Set([...objectives, ...probes].map((each) => each.service))],
    objective: objectives.map(({ id }) => id),
  };
  for (const [name, value] of given) {
    const names = known[name];
    if (names === undefined || names.includes(value)) continue;
    const expected = `--${name}: expected one of the configuration's${didYouMean(value, names)}`;
    throw new CommandError(`${expected}, got ${JSON.stringify(value)}`, EXIT.usage);
  }
  return Object.fromEntries(given);
}

function lengthOf(text: string | undefined): number {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0 && ms <= LONGEST_MS) return ms;
  throw new CommandError(
    `--for: expected a duration of at most 7d such as "2h", got ${JSON.stringify(text)}`,
    EXIT.usage,
  );
}

function timeOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const ms = /(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  const expected = 'a time with its zone such as "2026-12-01T22:00:00Z"';
  throw new CommandError(`--from: expected ${expected}, got ${JSON.stringify(text)}`, EXIT.usage);
}

function said(args: Args, name: string): string {
  const text = args.text(name)?.trim() ?? '';
  if (text !== '') return text;
  throw new CommandError(`--${name}: expected a word that can be recorded, got nothing`, EXIT.usage);
}

async function allSilences(configuration: Configuration): Promise<readonly Silence[]> {
  await using store = await openExisting(configuration);
  return [...writtenSilences(configuration), ...silencesOf(await store.events({ kind: 'silence' }))];
}

async function keep(
  configuration: Configuration,
  id: string,
  state: 'added' | 'ended',
  atMs: number,
  body: LedgerEvent['body'],
): Promise<void> {
  await using store = await openLedger(configuration);
  const event: LedgerEvent = {
    id: `silence/${id}/${state}`,
    atMs,
    kind: 'silence',
    service: null,
    subject: id,
    body: { state, ...body },
  };
  await store.recordEvents([event]);
}

function matchText(match: Match): string {
  return MATCHES.flatMap((name) => (match[name] === undefined ? [] : [`${name} ${match[name]}`])).join(', ');
}

function silenceJson(silence: Silence, nowMs: number): unknown {
  const { fromMs, toMs, ...rest } = silence;
  return {
    ...rest,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    active: isActive(silence, nowMs),
  };
}

function silenceTable(silences: readonly Silence[], nowMs: number): string {
  const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;
  return table(
    ['silence', 'of', 'from', 'to', 'now', 'by', 'why'].map((head) => ({ head })),
    silences.map((each) => [
      each.id,
      matchText(each.match),
      minute(each.fromMs),
      minute(each.toMs),
      isActive(each, nowMs) ? 'active' : nowMs < each.fromMs ? 'to come' : 'over',
      each.author,
      each.reason,
    ]),
  );
}
