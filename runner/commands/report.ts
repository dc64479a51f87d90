import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { Args, Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { FORMATS, formatsOf, type Forms } from '../documents.ts';
import { issueLines, issueSla, type SlaIssue } from '../evidence/issue-sla.ts';
import { evaluateAll } from '../evaluation.ts';
import { gamedayJournals } from '../gameday/journals.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { lastMoment } from '../../slo/ranges.ts';
import { writeGamedayReport, writeSlaReport, type Audience } from '../reporting.ts';
import { openKnown } from '../known.ts';
import { PERIOD_DAYS, PERIODS, writeReview, type Period } from '../reviewing.ts';
import { closedRange } from './closed-range.ts';
import { moment } from './moment.ts';
import { jsonOption, openConfiguration, openExisting, toJson } from './open.ts';
import { openReported, readOption } from './read.ts';

const DAY_MS = 86_400_000;
const SLA_DAYS = 90;

function formatOption(yargs: Argv): Argv {
  return yargs.option('format', {
    type: 'string',
    describe: `a list of ${FORMATS.join(', ')}; Markdown with its charts always`,
    default: 'md',
  });
}

function formsOf(args: Args, { reports }: Configuration, io: Io): Forms {
  const { env, clock, stop: signal } = io;
  const browser = { executable: reports.browser, path: env['PATH'] ?? '', clock, signal };
  return { formats: formatsOf(args.text('format')), browser };
}

interface Asked {
  readonly fromMs: number;
  readonly toMs: number;
  readonly asOfMs: number | null;
  readonly nowMs: number;
}

/** `--from`, `--to` and `--as-of`; a closed range, of whole steps. @param days of policy time, where `--from` is not given. @throws CommandError */
function rangeOf(what: string, args: Args, { base }: Configuration, io: Io, days: number): Asked {
  const nowMs = Math.round(io.clock.wallMs());
  const asOfMs = args.text('as-of') === undefined ? null : moment(args, 'as-of', nowMs, nowMs);
  if (asOfMs !== null && asOfMs > nowMs) {
    throw new CommandError(`report ${what}: expected --as-of not to be ahead, got a time to come`, EXIT.usage);
  }
  const lengthMs = (days * DAY_MS) / base.scale;
  return { ...closedRange(`report ${what}`, args, { base, nowMs, toMs: asOfMs ?? nowMs, lengthMs }), asOfMs, nowMs };
}

function audienceOf(args: Args): Audience {
  if (args.text('audience') !== 'customer') return 'sre';
  return args.flag('internal') ? 'customer-all' : 'customer';
}

/** The paths, one a line. */
function told(documents: readonly string[], args: Args, io: Io): number {
  const [report] = documents;
  io.print(args.flag('json') ? toJson({ report, documents }) : documents.join('\n'));
  return EXIT.ok;
}

/** From the ledger alone: a shared InfluxDB has no chain. */
async function issued(
  args: Args,
  io: Io,
  request: Omit<SlaIssue, 'known'> & { readonly asOfMs: number | null },
): Promise<number> {
  if (args.text('read') === 'influx') {
    throw new CommandError(
      'report sla: expected --bundle with the ledger, got --read influx, which has no chain',
      EXIT.usage,
    );
  }
  await using known = await openKnown(request.configuration, request);
  if (known.tooYoung !== null) io.complain(known.tooYoung);
  const outcome = await issueSla({ ...request, known });
  io.print(args.flag('json') ? toJson(outcome) : issueLines(outcome).join('\n'));
  return EXIT.ok;
}

const sla: Command = {
  name: 'sla',
  describe: 'What was promised and what was measured',
  example: ['report sla --from 30d', 'Markdown and SVG charts into the reports folder'],
  build: (yargs) =>
    readOption(formatOption(jsonOption(yargs)))
      .option('from', { type: 'string', describe: 'time or duration before the end; default 90d' })
      .option('to', { type: 'string', describe: 'time; default now' })
      .option('bundle', { type: 'boolean', describe: 'issue it: numbered, signed, with all that verifies it' })
      .option('as-of', { type: 'string', describe: 'what was known then: time, or duration before now' })
      .option('audience', {
        type: 'string',
        choices: ['sre', 'customer'],
        default: 'sre',
        describe: 'every figure, or what was promised to a customer in plain language first',
      })
      .option('internal', { type: 'boolean', describe: 'for a customer: internal objectives as well' })
      .option('out', { type: 'string', describe: 'folder; default: reports.folder of the configuration' }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const forms = formsOf(args, configuration, io);
    const asked = rangeOf('sla', args, configuration, io, SLA_DAYS);
    const { fromMs, toMs } = asked;
    const out = args.text('out');
    const folder = out === undefined ? configuration.reportsFolder : resolve(io.folder, out);
    const audience = audienceOf(args);
    if (args.flag('bundle')) return issued(args, io, { configuration, ...asked, audience, folder });
    await using known = await openReported(configuration, args, { ...asked, io });
    const { reader: store, objectives } = known;
    const statuses = await evaluateAll(store, objectives, { base: configuration.base, nowMs: lastMoment(toMs) });
    const asKnown = known.asOfMs === null ? {} : { asOfMs: known.asOfMs };
    const request = { configuration, store, statuses, fromMs, toMs, ...asKnown, audience, folder, forms };
    return told(await writeSlaReport(request), args, io);
  },
};

const gameday: Command = {
  name: 'gameday [id]',
  describe: 'The record of a game-day, rendered again from its journal',
  example: ['report gameday', 'the newest one'],
  build: (yargs) =>
    formatOption(jsonOption(yargs))
      .positional('id', { type: 'string', describe: 'of the game-day; default: the newest' })
      .option('out', { type: 'string', describe: 'folder; default: beside the journal' }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const forms = formsOf(args, configuration, io);
    const journals = await gamedayJournals(configuration.gamedays.folder);
    const id = args.text('id');
    const journalPath = id === undefined ? journals.at(-1) : journals.find((path) => basename(dirname(path)) === id);
    if (journalPath === undefined) {
      const known = journals.map((path) => basename(dirname(path))).join(', ');
      throw new CommandError(
        `report gameday: expected ${id === undefined ? 'a game-day on record' : `the id of one (${known === '' ? 'there is none' : known})`}, got ${id ?? 'none'}`,
        EXIT.usage,
      );
    }
    const nowMs = Math.round(io.clock.wallMs());
    await using opened = new AsyncDisposableStack();
    const ledger = async () => {
      if (!existsSync(configuration.ledgerPath)) {
        io.complain(`${configuration.ledgerPath}: no such ledger; what the journal does not hold itself is left out`);
        return null;
      }
      const store = opened.use(await openExisting(configuration, nowMs));
      return {
        store,
        statuses: await evaluateAll(store, configuration.objectives, { base: configuration.base, nowMs }),
      };
    };
    const out = args.text('out');
    const folder = out === undefined ? {} : { folder: resolve(io.folder, out) };
    return told(await writeGamedayReport({ configuration, journalPath, ledger, ...folder, forms }), args, io);
  },
};

const REVIEWS: Readonly<Record<Period, string>> = {
  weekly: 'Error budgets, burns that need an owner, what is owed and to be reviewed',
  monthly: 'Definitions and alert thresholds to validate, drift of attainment against target',
  quarterly: 'SLA adherence and its trend, proposed changes replayed on the stored history',
};

function review(period: Period): Command {
  return {
    name: period,
    describe: REVIEWS[period],
    example: [`report ${period} --format md,html`, 'into the reports folder, with its index'],
    build: (yargs) =>
      readOption(formatOption(jsonOption(yargs)))
        .option('from', {
          type: 'string',
          describe: `time or duration before the end; default ${PERIOD_DAYS[period]}d`,
        })
        .option('to', { type: 'string', describe: 'time; default now' })
        .option('as-of', { type: 'string', describe: 'what was known then: time, or duration before now' })
        .option('out', { type: 'string', describe: 'folder; default: reports.folder of the configuration' }),
    async run(args, io) {
      const configuration = await openConfiguration(args, io);
      const forms = formsOf(args, configuration, io);
      const asked = rangeOf(period, args, configuration, io, PERIOD_DAYS[period]);
      await using known = await openReported(configuration, args, { ...asked, io });
      const { reader, objectives, asOfMs } = known;
      const { fromMs, toMs } = asked;
      const out = args.text('out');
      const folder = out === undefined ? configuration.reportsFolder : resolve(io.folder, out);
      const request = { configuration, reader, objectives, period, fromMs, toMs, asOfMs, folder, forms };
      return told(await writeReview({ ...request, signal: io.stop }), args, io);
    },
  };
}

export const report: Command = {
  name: 'report',
  describe: 'Documents with charts: sla, gameday, and the reviews weekly, monthly, quarterly',
  example: ['report sla', 'the last 90 days'],
  below: [sla, gameday, ...PERIODS.map(review)],
};
