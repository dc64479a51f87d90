/** What most commands begin with: the configuration, the ledger, a runner. Each refusal is one clear message. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Argv } from 'yargs';
import { openStore, type LedgerStore } from '../../store/open.ts';
import { systemClock } from '../clock.ts';
import type { Args } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { loadConfiguration } from '../config/load.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { createRunner, type Runner, type RunnerOptions } from '../runner.ts';
import { holderOf } from '../../store/lease.ts';
import { createSpill, type Spill } from '../../store/spill.ts';

/** @throws CommandError with every problem, one a line */
export async function openConfiguration(args: Args, io: Io): Promise<Configuration> {
  const loaded = await loadConfiguration({ file: args.text('config'), folder: io.folder, environment: io.env });
  if (loaded.ok) return loaded.configuration;
  throw new CommandError(loaded.lines.join('\n'), EXIT.usage);
}

/** @param nowMs from when on a limit holds that is not on record yet. @throws LedgerError */
export function openLedger(
  configuration: Configuration,
  readOnly = false,
  nowMs = systemClock.wallMs(),
): Promise<LedgerStore> {
  return openStore({
    path: configuration.ledgerPath,
    objectives: configuration.objectives,
    stepMs: configuration.base.minuteMs,
    nowMs,
    clock: systemClock,
    readOnly,
    // Who only reads measures nothing that could be stalled.
    inline: readOnly,
  });
}

/** To look at only. @throws CommandError when there is no ledger yet */
export function openExisting(configuration: Configuration, nowMs?: number): Promise<LedgerStore> {
  if (existsSync(configuration.ledgerPath)) return openLedger(configuration, true, nowMs);
  throw new CommandError(
    `${configuration.ledgerPath}: expected a ledger, got no such file; "pulsedrill run" makes and fills one, "pulsedrill once" makes one too, though its runs are not counted`,
    EXIT.prober,
  );
}

/** A runner over a store that is open already. `isHolder`: this process keeps the schedule on it. */
export function openRunner(
  configuration: Configuration,
  store: LedgerStore,
  io: Io,
  more: Partial<
    Pick<
      RunnerOptions,
      'tell' | 'hear' | 'stored' | 'warn' | 'stop' | 'abandon' | 'calendar' | 'reviews' | 'sources' | 'reader'
    >
  > & {
    isHolder?: boolean;
  } = {},
): Runner {
  const { isHolder = false, ...rest } = more;
  const instance = randomBytes(4).toString('hex');
  return createRunner({
    configuration,
    store,
    spill: openSpill(configuration, store, instance),
    clock: systemClock,
    stop: io.stop,
    abandon: io.stop,
    path: io.env['PATH'] ?? '',
    instance,
    beside: isHolder ? null : holderOf(configuration.ledgerPath),
    tell: () => undefined,
    warn: (line) => io.complain(configuration.redact(line)),
    ...rest,
  });
}

/** In a folder that everybody shares, a folder of this user's alone. */
function openSpill({ spillFolder }: Configuration, { identity }: LedgerStore, instance: string): Spill {
  if (spillFolder !== null) return createSpill({ folder: spillFolder, identity, instance, uid: null });
  const uid = process.getuid?.() ?? null;
  const folder = join(tmpdir(), uid === null ? 'pulsedrill-spill' : `pulsedrill-spill-${uid}`);
  return createSpill({ folder, identity, instance, uid });
}

export function jsonOption(yargs: Argv): Argv {
  return yargs.option('json', { type: 'boolean', describe: 'one JSON document on standard output' });
}

/** JSON with BigInt as decimal text: a weight has more digits than a number holds. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), 2);
}
