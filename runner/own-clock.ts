/** The watch over this machine's clock, as the configuration asks for it; what it finds is kept and told. */
import { readTracking } from '../probes/clock/chrony.ts';
import { limitsOf } from '../probes/clock/spec.ts';
import type { Clock } from '../probes/probe.ts';
import type { LedgerEvent } from '../store/store.ts';
import { createClockWatch, type ClockWatch } from './clock-watch.ts';
import type { Configuration } from './config/configuration.ts';

export interface OwnClockOptions {
  readonly configuration: Pick<Configuration, 'clock' | 'location'>;
  readonly clock: Clock;
  /** Value of PATH. */
  readonly path: string;
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly warn: (line: string) => void;
}

export function watchOwnClock({ configuration, clock, path, record, warn }: OwnClockOptions): ClockWatch {
  const { command, every, jump } = configuration.clock;

  function keep(what: string, body: LedgerEvent['body']): void {
    const atMs = Math.round(clock.wallMs());
    // By the monotonic clock as well: a wall clock that jumps back names the same moment twice.
    const id = `clock/${configuration.location}/${what}/${atMs}/${Math.round(clock.monotonicMs())}`;
    record({ id, atMs, kind: 'clock', service: null, subject: what, body }).catch((error: unknown) => {
      warn(`clock: ${what} could not be recorded: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  return createClockWatch({
    clock,
    limits: limitsOf(configuration.clock),
    jumpMs: jump,
    everyMs: every,
    read: (signal) => readTracking({ command, path, signal }),
    onChange({ state, reading, text }, from) {
      keep('state', { from, to: state, offsetMs: reading?.offsetMs ?? null, boundMs: reading?.boundMs ?? null, text });
    },
    onJump: (byMs) => keep('jump', { byMs: Math.round(byMs * 1000) / 1000 }),
  });
}
