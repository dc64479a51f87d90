/** A runner for the commands that run something: a file of its own, as those that only read shall not load what runs probes. */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { holderOf } from '../../store/lease.ts';
import type { LedgerStore } from '../../store/open.ts';
import { createSpill, type Spill } from '../../store/spill.ts';
import { systemClock } from '../clock.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Io } from '../io.ts';
import { createRunner, type Runner, type RunnerOptions } from '../runner.ts';

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
