/** `exclude add`, `list` and `withdraw`: what the parties agreed to leave out. Data stays; figures are shown both ways. */
import { randomBytes } from 'node:crypto';
import { didYouMean } from '../../probes/nearest.ts';
import { span } from '../../reports/figures.ts';
import { parseDuration } from '../../probes/duration.ts';
import { isAbout, isRetroactive, leftOut, type Exclusion } from '../../slo/exclusion.ts';
import { addedEvent, exclusionsOf, withdrawnEvent } from '../../store/exclusions.ts';
import type { Args, Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { exclusionJson } from '../exclusions.ts';
import { CommandError, EXIT } from '../io.ts';
import { table } from '../table.ts';
import { jsonOption, openConfiguration, openExisting, openLedger, toJson } from './open.ts';

/** Longer is a mistyped month, not maintenance. */
const LONGEST_MS = 31 * 86_400_000;

const add: Command = {
  name: 'add',
  describe: 'Leave a stretch out of the figures that are shown beside those with it',
  example: [
    'exclude add --service client-api --from 2026-12-01T22:00:00Z --for 2h --author ana --approver ben --reason "database upgrade"',
    'prints its id',
  ],
  build: (yargs) =>
    jsonOption(yargs)
      .option('from', { type: 'string', describe: 'when it begins, such as 2026-12-01T22:00:00Z', demandOption: true })
      .option('to', { type: 'string', describe: 'when it ends; or --for' })
      .option('for', { type: 'string', describe: 'how long, such as 2h; at most 31d' })
      .option('service', { type: 'string', array: true, describe: 'all objectives of this service; may be repeated' })
      .option('objective', { type: 'string', array: true, describe: 'this objective; may be repeated' })
      .option('author', { type: 'string', describe: 'who says so', demandOption: true })
      .option('approver', { type: 'string', describe: 'who else has agreed', demandOption: true })
      .option('reason', { type: 'string', describe: 'why', demandOption: true }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const nowMs = Math.round(io.clock.wallMs());
    const exclusion: Exclusion = {
      id: `ex-${new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '')}-${randomBytes(2).toString('hex')}`,
      ...windowOf(args),
      ...subjectsOf(args, configuration),
      ...peopleOf(args),
      createdMs: nowMs,
      withdrawn: null,
    };
    const { base, objectives } = configuration;
    const about = objectives.filter((each) => leftOut([exclusion], each, base).length > 0).map(({ id }) => id);
    if (about.length === 0) throw new CommandError(tooShort(exclusion, configuration), EXIT.usage);
    {
      await using store = await openLedger(configuration);
      await store.recordEvents([addedEvent(exclusion)]);
    }
    if (args.flag('json')) io.print(toJson({ exclusion: exclusionJson(exclusion) }));
    else {
      const mark = isRetroactive(exclusion) ? ' (retroactive)' : '';
      const range = `${iso(exclusion.fromMs)} to ${iso(exclusion.toMs)}`;
      io.print(`${exclusion.id}${mark}: ${range}, of ${about.join(', ')}; figures are shown with and without it`);
    }
    return EXIT.ok;
  },
};

const list: Command = {
  name: 'list',
  describe: 'Every exclusion on record, withdrawn ones as well',
  example: ['exclude list --json', 'as the evidence has them'],
  build: jsonOption,
  async run(args, io) {
    const all = await exclusionsIn(await openConfiguration(args, io));
    if (args.flag('json')) io.print(toJson({ exclusions: all.map(exclusionJson) }));
    else io.print(all.length === 0 ? 'nothing is excluded' : exclusionTable(all));
    return EXIT.ok;
  },
};

const withdraw: Command = {
  name: 'withdraw <id>',
  describe: 'Take an exclusion back; that it was there stays on record',
  example: [
    'exclude withdraw ex-20261201-4f1c --author ana --reason "the upgrade was put off"',
    'figures are as before',
  ],
  build: (yargs) =>
    yargs
      .positional('id', { type: 'string', describe: 'as exclude list shows it', demandOption: true })
      .option('author', { type: 'string', describe: 'who says so', demandOption: true })
      .option('reason', { type: 'string', describe: 'why', demandOption: true }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const id = args.text('id') ?? '';
    const [author, reason] = [said(args, 'author'), said(args, 'reason')];
    const standing = (await exclusionsIn(configuration)).filter(({ withdrawn }) => withdrawn === null);
    if (!standing.some((each) => each.id === id)) {
      const ids = standing.map((each) => each.id);
      throw new CommandError(
        `exclude: expected the id of one that is not withdrawn${didYouMean(id, ids)}, got ${JSON.stringify(id)}; "pulsedrill exclude list" shows them`,
        EXIT.usage,
      );
    }
    await using store = await openLedger(configuration);
    await store.recordEvents([withdrawnEvent(id, Math.round(io.clock.wallMs()), author, reason)]);
    io.print(`${id}: withdrawn`);
    return EXIT.ok;
  },
};

export const exclude: Command = {
  name: 'exclude',
  describe: 'Stretches that were agreed to be left out, such as maintenance: figures are shown with and without',
  example: ['exclude list', 'those on record'],
  below: [add, list, withdraw],
};

function windowOf(args: Args): Pick<Exclusion, 'fromMs' | 'toMs'> {
  const fromMs = timeOf(args, 'from');
  const [to, length] = [args.text('to'), args.text('for')];
  if ((to === undefined) === (length === undefined)) {
    throw new CommandError(
      `exclude: expected one of --to and --for, got ${to === undefined ? 'none' : 'both'}`,
      EXIT.usage,
    );
  }
  const lengthMs = length === undefined ? timeOf(args, 'to') - fromMs : (parseDuration(length) ?? Number.NaN);
  if (lengthMs > 0 && lengthMs <= LONGEST_MS) return { fromMs, toMs: fromMs + lengthMs };
  throw new CommandError(
    length === undefined
      ? `--to: expected a time after --from and at most 31d later, got ${JSON.stringify(to)}`
      : `--for: expected a duration of at most 31d such as "2h", got ${JSON.stringify(length)}`,
    EXIT.usage,
  );
}

/** A step that is left out in part counts: such a stretch would change no figure, and nobody would see it. */
function tooShort(exclusion: Exclusion, { objectives, base }: Configuration): string {
  const own = objectives.filter((each) => isAbout(exclusion, each));
  const stepMs = Math.min(...own.map(({ telemetry }) => telemetry?.stepMs ?? base.minuteMs));
  const from = Math.floor(exclusion.fromMs / stepMs) * stepMs;
  const to = Math.ceil(exclusion.toMs / stepMs) * stepMs;
  const got = `${iso(exclusion.fromMs)} to ${iso(exclusion.toMs)}`;
  return `exclude add: expected --from and --to to cover a whole step (${span(stepMs)}) of ${own.map(({ id }) => id).join(', ')}, since one that is covered in part counts, got ${got}; nothing was recorded; --from ${iso(from)} --to ${iso(to)} covers it`;
}

function timeOf(args: Args, name: string): number {
  const text = args.text(name) ?? '';
  const ms = /(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new CommandError(
    `--${name}: expected a time with its zone such as "2026-12-01T22:00:00Z", got ${JSON.stringify(text)}`,
    EXIT.usage,
  );
}

/** A typing mistake would exclude nothing, and nobody would see it. */
function subjectsOf(args: Args, { objectives }: Configuration): Pick<Exclusion, 'services' | 'objectives'> {
  const [services, ids] = [args.texts('service'), args.texts('objective')];
  if (services.length === 0 && ids.length === 0) {
    throw new CommandError('exclude: expected at least one --service or --objective, got none', EXIT.usage);
  }
  const served = [...new Set(objectives.map(({ service }) => service))];
  for (const each of services) mustBe(each, served, '--service: expected a service with objectives');
  const known = objectives.map(({ id }) => id);
  for (const each of ids) mustBe(each, known, '--objective: expected the id of one');
  return { services: [...new Set(services)].toSorted(), objectives: [...new Set(ids)].toSorted() };
}

function mustBe(value: string, known: readonly string[], expected: string): void {
  if (known.includes(value)) return;
  throw new CommandError(`${expected}${didYouMean(value, known)}, got ${JSON.stringify(value)}`, EXIT.usage);
}

function peopleOf(args: Args): Pick<Exclusion, 'author' | 'approver' | 'reason'> {
  const [author, approver, reason] = [said(args, 'author'), said(args, 'approver'), said(args, 'reason')];
  if (author.toLowerCase() !== approver.toLowerCase()) return { author, approver, reason };
  throw new CommandError(
    `--approver: expected somebody other than the author, got ${JSON.stringify(approver)}`,
    EXIT.usage,
  );
}

function said(args: Args, name: string): string {
  const text = args.text(name)?.trim() ?? '';
  if (text !== '') return text;
  throw new CommandError(`--${name}: expected a word that can be recorded, got nothing`, EXIT.usage);
}

async function exclusionsIn(configuration: Configuration): Promise<readonly Exclusion[]> {
  await using store = await openExisting(configuration);
  return exclusionsOf(await store.events({ kind: 'exclusion' }));
}

function exclusionTable(all: readonly Exclusion[]): string {
  return table(
    ['exclusion', 'of', 'from', 'to', 'by', 'approved by', 'recorded', 'state', 'why'].map((head) => ({ head })),
    all.map((each) => [
      each.id,
      [...each.services, ...each.objectives].join(', '),
      minute(each.fromMs),
      minute(each.toMs),
      each.author,
      each.approver,
      `${minute(each.createdMs)}${isRetroactive(each) ? ', retroactive' : ''}`,
      each.withdrawn === null
        ? 'stands'
        : `withdrawn by ${each.withdrawn.author} ${minute(each.withdrawn.atMs)}: ${each.withdrawn.reason}`,
      each.reason,
    ]),
  );
}

function minute(ms: number): string {
  return `${iso(ms).slice(0, 16)}Z`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
