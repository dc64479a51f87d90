/** What evaluations and reports are made from: the ledger of this machine, or the InfluxDB that several are shipped to. */
import type { Argv } from 'yargs';
import type { Objective } from '../../slo/objective.ts';
import type { Patience } from '../../store/influx/query.ts';
import type { InfluxReader } from '../../store/influx/reader.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Args } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import type { KnownQuery } from '../known.ts';
import { openExisting } from './open.ts';

export type Reader = StoreReader & AsyncDisposable;
/** What says whence to read, and what for. */
type ReadBy = Pick<Configuration, 'base' | 'objectives' | 'ledgerPath' | 'influx' | 'readsInflux'>;
type Reading = Pick<Io, 'stop' | 'complain'>;

const PLACES = ['ledger', 'influx'] as const;

export function readOption(yargs: Argv): Argv {
  return yargs.option('read', {
    choices: PLACES,
    describe: 'what to read instead of store.read: this machine’s ledger, or the shared InfluxDB',
  });
}

/** Somebody sits before a command: told soon that it waits, and not kept waiting for long. */
function patienceOf(tell: (line: string) => void): Patience {
  return { silenceMs: 30_000, tellAfterMs: 3_000, tell };
}

/** The shared InfluxDB, where the configuration says that it is read; null: it is not. */
export async function openShared(
  configuration: ReadBy,
  signal: AbortSignal,
  patience?: Patience,
): Promise<InfluxReader | null> {
  const { influx, readsInflux, base, objectives } = configuration;
  if (influx === null || readsInflux === null) return null;
  // Loaded where it is asked for: most read the ledger.
  const { openInfluxReader } = await import('../../store/influx/reader.ts');
  return openInfluxReader({
    connection: influx,
    stepMs: base.minuteMs,
    objectives,
    locations: readsInflux.locations,
    signal,
    ...(patience === undefined ? {} : { patience }),
  });
}

/** To look at only. @throws CommandError when there is nothing to read yet */
export async function openReader(
  configuration: ReadBy,
  args: Args,
  { nowMs, io }: { readonly nowMs: number; readonly io: Reading },
): Promise<Reader> {
  const readsInflux = readsShared(configuration, args);
  const shared = await openShared({ ...configuration, readsInflux }, io.stop, patienceOf(io.complain));
  return shared ?? (await openExisting(configuration, nowMs));
}

/** What a report is made from. */
export interface Reported extends AsyncDisposable {
  readonly reader: StoreReader;
  readonly objectives: readonly Objective[];
  /** Nothing that was recorded later is shown; null: nobody can say of several ledgers what was known when. */
  readonly asOfMs: number | null;
}

/** @throws CommandError where it cannot be told any more, or there is nothing to read */
export async function openReported(
  configuration: Configuration,
  args: Args,
  { io, ...query }: KnownQuery & { readonly io: Reading },
): Promise<Reported> {
  const readsInflux = readsShared(configuration, args);
  const shared = await openShared({ ...configuration, readsInflux }, io.stop, patienceOf(io.complain));
  if (shared === null) {
    const known = await (await import('../known.ts')).openKnown(configuration, query);
    if (known.tooYoung !== null) io.complain(known.tooYoung);
    return known;
  }
  if (query.asOfMs === null) {
    const { objectives } = configuration;
    return { reader: shared, objectives, asOfMs: null, [Symbol.asyncDispose]: () => shared[Symbol.asyncDispose]() };
  }
  await shared[Symbol.asyncDispose]();
  throw new CommandError(
    'report sla: expected --as-of of a ledger, whose chain says what was known when, got a shared InfluxDB; --read ledger reads the ledger',
    EXIT.usage,
  );
}

/** Whose to read of the shared InfluxDB; null: the ledger is read. @throws CommandError */
function readsShared({ readsInflux, influx }: ReadBy, args: Args): Configuration['readsInflux'] {
  const asked = args.text('read');
  if (asked === 'ledger') return null;
  if (asked === 'influx' && influx === null) {
    throw new CommandError('--read influx: expected store.influx in the configuration, got none', EXIT.usage);
  }
  return readsInflux ?? (asked === 'influx' ? { locations: null } : null);
}
