/** Alerting of a `run`: the board, who reports to it, and who is told. */
import type { ClockStanding } from '../../probes/clock/standing.ts';
import type { Clock } from '../../probes/probe.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import type { Overload } from '../overload.ts';
import type { AlertBoard, AlertListener } from './alert.ts';
import { createAlertBoard } from './board.ts';
import { watchAlerts, type AlertWatch } from './watch.ts';

export interface AlertingOptions {
  readonly location: string;
  readonly store: Pick<StoreReader, 'events'>;
  readonly clock: Clock;
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly standing: () => ClockStanding;
  readonly overload: () => Overload | null;
  readonly trouble: () => string | null;
  readonly listeners?: readonly AlertListener[];
  readonly warn: (line: string) => void;
}

export interface Alerting extends AlertWatch {
  readonly board: AlertBoard;
}

export function createAlerting(options: AlertingOptions): Alerting {
  const { store, clock, record, warn, listeners = [] } = options;
  const board = createAlertBoard({ store, wallMs: () => clock.wallMs(), record, listeners, warn });
  return { board, ...watchAlerts({ ...options, board }) };
}
