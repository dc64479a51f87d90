import { resolve } from 'node:path';
import { didYouMean } from '../../probes/nearest.ts';
import { count } from '../../reports/figures.ts';
import { feedName } from '../../slo/objective.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { exportedLines } from '../exported.ts';
import { CommandError, EXIT } from '../io.ts';
import { passIntoFile, passOn } from '../line-sink.ts';
import { moment } from './moment.ts';
import { openConfiguration, openExisting } from './open.ts';

const DAY_MS = 86_400_000;

export const exportResults: Command = {
  name: 'export',
  describe: 'Stored results as NDJSON, one JSON object a line, by objective and time',
  example: ['export --objective slo-api-availability --from 7d --out week.ndjson', 'with what it made of each result'],
  build: (yargs) =>
    yargs
      .option('objective', {
        type: 'string',
        requiresArg: true,
        describe: 'only what feeds it, each result with its share; default: every result',
      })
      .option('probe', { type: 'string', requiresArg: true, describe: 'only results of this probe' })
      .option('from', {
        type: 'string',
        requiresArg: true,
        describe: "time or duration before the end; default: the objective's window, or 1d",
      })
      .option('to', { type: 'string', requiresArg: true, describe: 'time; default now' })
      .option('out', { type: 'string', requiresArg: true, describe: 'file; default: standard output' }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const { base } = configuration;
    const objective = objectiveOf(configuration, args.text('objective'));
    const nowMs = Math.round(io.clock.wallMs());
    const toMs = moment(args, 'to', nowMs, nowMs);
    const fromMs = moment(args, 'from', toMs - (objective?.windowMs ?? DAY_MS / base.scale), toMs);
    if (fromMs >= toMs) throw new CommandError('export: expected --from before --to, got the reverse', EXIT.usage);
    await using store = await openExisting(configuration, nowMs);
    const probe = args.text('probe');
    await mustBeProbe(configuration, store, { probe, fromMs, toMs });
    const lines = exportedLines(store, { objective, probe, fromMs, toMs, base });
    const out = args.text('out');
    if (out === undefined) {
      await passOn(lines, io.write, io.stop);
      return EXIT.ok;
    }
    const path = resolve(io.folder, out);
    try {
      const passed = await passIntoFile(lines, path, io.stop);
      io.complain(`${count(passed)} results`);
      io.print(path);
      return EXIT.ok;
    } catch (error) {
      throw unwritable(error, path) ?? error;
    }
  },
};

function objectiveOf(
  { objectives }: Configuration,
  id: string | undefined,
): Configuration['objectives'][number] | null {
  if (id === undefined) return null;
  const found = objectives.find((each) => each.id === id);
  if (found !== undefined) return found;
  const known = objectives.map((each) => each.id);
  throw new CommandError(
    `export: --objective: expected the id of an objective${didYouMean(id, known)}, got ${JSON.stringify(id)}`,
    EXIT.usage,
  );
}

/** One that is configured, or has results: of a probe that is configured no more they are still there. */
async function mustBeProbe(
  { probes, objectives }: Configuration,
  store: Pick<StoreReader, 'results'>,
  { probe, fromMs, toMs }: { readonly probe: string | undefined; readonly fromMs: number; readonly toMs: number },
): Promise<void> {
  const known = [...probes.map(({ id }) => id), ...objectives.flatMap(feedOf)];
  if (probe === undefined || known.includes(probe)) return;
  for await (const _ of store.results({ probe, fromMs, toMs })) return;
  throw new CommandError(
    `export: --probe: expected the id of a probe${didYouMean(probe, known)}, got ${JSON.stringify(probe)}`,
    EXIT.usage,
  );
}

/** What telemetry said is kept under a name of its own. */
function feedOf({ id, telemetry }: Configuration['objectives'][number]): readonly string[] {
  return telemetry === undefined ? [] : [feedName(id)];
}

const MENDS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left; free some, or name a file on another disk',
  EDQUOT: 'no space left of the quota; free some, or name a file on another disk',
  ENOENT: 'its folder does not exist; make it, or name another',
  EACCES: 'this user may not write there; name a file where it may',
  EPERM: 'this user may not write there; name a file where it may',
  EROFS: 'nothing can be written there; name a file on another disk',
  EISDIR: 'a folder stands there; name a file',
  EEXIST: 'the draft of another export stands beside it; remove it when that one is over',
};

/** Null: no failure of the file system. */
function unwritable(error: unknown, path: string): CommandError | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const mend = MENDS[code];
  if (mend === undefined) return null;
  return new CommandError(`${path}: cannot write the export (${code}): ${mend}`, EXIT.prober, { cause: error });
}
