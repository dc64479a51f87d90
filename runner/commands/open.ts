/** What most commands begin with: the configuration and the ledger. Each refusal is one clear message. */
import { existsSync } from 'node:fs';
import type { Argv } from 'yargs';
import { openStore, type LedgerStore } from '../../store/open.ts';
import { systemClock } from '../clock.ts';
import type { Args } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Loaded } from '../config/load.ts';
import { CommandError, EXIT, type Io } from '../io.ts';

/** @throws CommandError with every problem, one a line */
export async function openConfiguration(args: Args, io: Io): Promise<Configuration> {
  return (await loadFor(args, io)).configuration;
}

/** @throws CommandError with every problem, one a line */
export async function loadFor(args: Args, io: Io): Promise<Extract<Loaded, { ok: true }>> {
  // Loaded where one is read: who has kept what it comes to needs no schemas.
  const { loadConfiguration } = await import('../config/load.ts');
  const loaded = await loadConfiguration({ file: args.text('config'), folder: io.folder, environment: io.env });
  if (loaded.ok) {
    io.keepSecret?.(loaded.configuration.redact);
    return loaded;
  }
  throw new CommandError(loaded.lines.join('\n'), EXIT.usage);
}

/**
 * @param nowMs from when on a limit holds that is not on record yet
 * @param isPinned of what is only read: one state of it, whoever writes meanwhile. @throws LedgerError
 */
export function openLedger(
  configuration: Pick<Configuration, 'base' | 'objectives' | 'ledgerPath'>,
  readOnly = false,
  nowMs = systemClock.wallMs(),
  isPinned = false,
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
    snapshot: isPinned,
  });
}

/** To look at only. @throws CommandError when there is no ledger yet */
export function openExisting(
  configuration: Parameters<typeof openLedger>[0],
  nowMs?: number,
  isPinned = false,
): Promise<LedgerStore> {
  if (existsSync(configuration.ledgerPath)) return openLedger(configuration, true, nowMs, isPinned);
  throw new CommandError(
    `${configuration.ledgerPath}: expected a ledger, got no such file; "pulsedrill run" makes and fills one, "pulsedrill once" makes one too, though its runs are not counted`,
    EXIT.prober,
  );
}

export function jsonOption(yargs: Argv): Argv {
  return yargs.option('json', { type: 'boolean', describe: 'one JSON document on standard output' });
}

/** JSON with BigInt as decimal text: a weight has more digits than a number holds. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), 2);
}
