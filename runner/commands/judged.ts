/** What a command needs that only judges: what was kept of the configuration, or the configuration. */
import { extname, join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import type { Args } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { checkerOf, keep, readKept, type Judged, type Keeping } from '../config/kept.ts';
import type { Io } from '../io.ts';
import { VERSION } from '../version.ts';
import { loadFor } from './open.ts';

/** What is kept is of who reads the ledger alone. */
type Read = Judged & Pick<Configuration, 'influx' | 'readsInflux'>;

/** @throws CommandError with every problem, one a line */
export async function openJudged(args: Args, io: Io): Promise<Read> {
  const keeping = args.text('read') === 'influx' ? null : keepingOf(io);
  const asked = { file: args.text('config'), folder: io.folder, environment: io.env };
  const kept = keeping === null ? null : readKept(asked, keeping);
  if (kept !== null) {
    io.keepSecret?.(kept.redact);
    return { ...kept, influx: null, readsInflux: null };
  }
  const { configuration, origin } = await loadFor(args, io);
  if (keeping !== null) keep(configuration, origin, io.env, keeping);
  return configuration;
}

/** Null in a checkout: there each saved file is another program. */
function keepingOf(io: Io): Keeping | null {
  const file = import.meta.filename;
  const folder = cacheFolder(io.env);
  if (folder === null || extname(file) !== '.js') return null;
  return { folder: join(folder, 'checked'), checker: checkerOf(VERSION, file) };
}
