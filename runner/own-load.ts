/** The watch over what this process can carry; what it finds is kept and told. */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../probes/probe.ts';
import { span } from '../reports/figures.ts';
import type { LedgerEvent } from '../store/store.ts';
import { createOverloadWatch, strainText, type OverloadWatch } from './overload.ts';

export interface OwnLoadOptions {
  readonly location: string;
  readonly clock: Clock;
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly warn: (line: string) => void;
  /** As `OverloadOptions.busy`; default: of this thread. */
  readonly busy?: () => number;
}

export function watchOwnLoad({ location, clock, record, warn, busy = loopBusy() }: OwnLoadOptions): OverloadWatch {
  function keep(what: 'began' | 'ended', body: LedgerEvent['body']): void {
    const atMs = Math.round(clock.wallMs());
    const id = `overload/${location}/${what}/${atMs}`;
    record({ id, atMs, kind: 'overload', service: null, subject: what, body }).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      warn(`${String(body['text'])} (could not be recorded: ${why})`);
    });
  }

  return createOverloadWatch({
    clock,
    busy,
    onBegin: ({ strain, text }) => keep('began', { ...strain, text }),
    onEnd({ sinceMs, strain }, forMs, isStopped) {
      const how = isStopped ? 'the process ends overloaded, since' : 'overload over after';
      const text = `${how} ${span(forMs)}: ${strainText(strain)}`;
      keep('ended', { sinceMs: Math.round(sinceMs), forMs: Math.round(forMs), isStopped, ...strain, text });
    },
  });
}

function loopBusy(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
