/** `review list` and `close`: what a person is to look at, and that somebody has. */
import { didYouMean } from '../../probes/nearest.ts';
import { count, plural } from '../../reports/figures.ts';
import { closedEvent, REVIEW_TEXT, reviewsOf, type ReviewItem } from '../reviews/item.ts';
import { systemClock } from '../clock.ts';
import type { Args, Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { CommandError, EXIT } from '../io.ts';
import { table } from '../table.ts';
import { jsonOption, openConfiguration, openExisting, openLedger, toJson } from './open.ts';

const list: Command = {
  name: 'list',
  describe: 'Thin data and regressions that nobody has closed',
  example: ['review list --all', 'those that are closed as well'],
  build: (yargs) => jsonOption(yargs).option('all', { type: 'boolean', describe: 'those that are closed as well' }),
  async run(args, io) {
    const all = await itemsOf(await openConfiguration(args, io));
    const shown = args.flag('all') ? all : all.filter(({ closed }) => closed === null);
    if (args.flag('json')) io.print(toJson({ items: shown.map(itemJson) }));
    else io.print(shown.length === 0 ? 'nothing is to be reviewed' : reviewTable(shown));
    return EXIT.ok;
  },
};

const close: Command = {
  name: 'close [items..]',
  describe: 'Say that items were looked at, and what came of it',
  example: [
    'review close --objective kpi-fill-ratio --until 2026-11-24 --by Ada --note "few orders, as agreed"',
    'many',
  ],
  build: (yargs) =>
    jsonOption(yargs)
      .positional('items', { type: 'string', array: true, describe: 'ids, as "review list" names them' })
      .option('objective', { type: 'string', describe: 'all open items of this objective' })
      .option('until', {
        type: 'string',
        describe: 'with --objective or alone: items up to this day, such as 2026-11-24',
      })
      .option('by', { type: 'string', describe: 'who says so; recorded' })
      .option('note', { type: 'string', describe: 'what came of it; recorded' }),
  async run(args, io) {
    const [by, note] = [said(args, 'by', 'NAME'), said(args, 'note', 'TEXT')];
    const configuration = await openConfiguration(args, io);
    const open = (await itemsOf(configuration)).filter(({ closed }) => closed === null);
    const meant = meantBy(args, open);
    const nowMs = Math.round(systemClock.wallMs());
    {
      await using store = await openLedger(configuration);
      await store.recordEvents(meant.map((item) => closedEvent(item, by, note, nowMs)));
    }
    if (args.flag('json')) io.print(toJson({ closed: meant.map(({ id }) => id) }));
    else for (const { id } of meant) io.print(`${id}: closed by ${by}`);
    return EXIT.ok;
  },
};

export const review: Command = {
  name: 'review',
  describe: 'What a person is to look at: thin data, and regressions of more than 2 %',
  example: ['review list', 'what nobody has closed'],
  below: [list, close],
};

async function itemsOf(configuration: Configuration): Promise<readonly ReviewItem[]> {
  await using store = await openExisting(configuration);
  return reviewsOf(await store.events({ kind: 'review-item' }));
}

/** @throws CommandError unless every id is one of an open item, and something is meant at all */
function meantBy(args: Args, open: readonly ReviewItem[]): readonly ReviewItem[] {
  const ids = args.texts('items');
  const [objective, until] = [args.text('objective'), args.text('until')];
  if (until !== undefined && !/^\d{4}-\d\d-\d\d$/.test(until)) {
    throw new CommandError(
      `review close: --until: expected a day such as "2026-11-24", got ${JSON.stringify(until)}`,
      EXIT.usage,
    );
  }
  if (ids.length > 0) {
    if (objective !== undefined || until !== undefined) {
      throw new CommandError('review close: expected ids, or --objective and --until, got both', EXIT.usage);
    }
    return ids.map((id) => itemOf(id, open));
  }
  if (objective === undefined && until === undefined) {
    throw new CommandError('review close: expected ids, --objective or --until, got none', EXIT.usage);
  }
  const found = open.filter(
    (item) => (objective === undefined || item.objective === objective) && (until === undefined || item.day <= until),
  );
  if (found.length > 0) return found;
  const known = [...new Set(open.map((item) => item.objective))];
  const which = known.length === 0 ? 'none is open' : `open ones are of ${known.join(', ')}`;
  throw new CommandError(
    `review close: expected open items (${which})${didYouMean(objective ?? '', known)}, got none`,
    EXIT.usage,
  );
}

function itemOf(id: string, open: readonly ReviewItem[]): ReviewItem {
  const found = open.find((item) => item.id === id);
  if (found !== undefined) return found;
  const ids = open.map((item) => item.id);
  throw new CommandError(
    `review close: expected the id of an open item${didYouMean(id, ids)}, got ${JSON.stringify(id)}; "pulsedrill review list" shows them`,
    EXIT.usage,
  );
}

function said(args: Args, option: string, what: string): string {
  const text = args.text(option)?.trim() ?? '';
  if (text !== '') return text;
  throw new CommandError(
    `review close: expected --${option} ${what}, so that it can be recorded, got nothing`,
    EXIT.usage,
  );
}

/** Times as people read them. */
export function itemJson({
  openedMs,
  overMs,
  closed,
  windows,
  ...rest
}: ReviewItem): Readonly<Record<string, unknown>> {
  const at = (ms: number): string => new Date(ms).toISOString();
  return {
    ...rest,
    opened: at(openedMs),
    over: overMs === null ? null : at(overMs),
    windows:
      windows === null ? null : { ...windows, stretches: windows.stretches.map(([from, to]) => [at(from), at(to)]) },
    closed: closed === null ? null : { at: at(closed.atMs), by: closed.by, note: closed.note },
  };
}

function reviewTable(items: readonly ReviewItem[]): string {
  return table(
    ['item', 'day', 'what', 'service', 'why', 'state'].map((head) => ({ head })),
    items.map((item) => [item.id, item.day, REVIEW_TEXT[item.type], item.service ?? '', whyText(item), stateOf(item)]),
  );
}

function whyText({ why, instead, windows }: ReviewItem): string {
  const counted =
    windows === null
      ? []
      : [
          `${count(windows.flagged)} of ${count(windows.judged)} windows, in ${plural(windows.allStretches, 'stretch', 'stretches')}`,
        ];
  const decided = instead.map((each) => `${each.why} (${each.what.join('; ')})`);
  return [why, ...counted, ...decided].filter((part) => part !== '').join('; ');
}

function stateOf({ closed, overMs }: ReviewItem): string {
  if (closed !== null) return `closed by ${closed.by}: ${closed.note}`;
  return overMs === null ? 'open' : `open; over since ${new Date(overMs).toISOString().slice(0, 16)}Z`;
}
