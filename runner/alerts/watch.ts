/** Who reports what to the board: the objectives after each evaluation, the prober itself every ten seconds. */
import type { ClockStanding } from '../../probes/clock/standing.ts';
import type { Clock } from '../../probes/probe.ts';
import type { Result } from '../../store/result.ts';
import type { Follower } from '../judging.ts';
import type { Overload } from '../overload.ts';
import type { AlertBoard, Condition } from './alert.ts';
import {
  clockConditions,
  disabledConditions,
  ledgerConditions,
  objectiveConditions,
  overloadConditions,
} from './conditions.ts';

export interface AlertWatchOptions {
  readonly board: AlertBoard;
  readonly location: string;
  readonly clock: Clock;
  /** How this machine's clock stands. */
  readonly standing: () => ClockStanding;
  readonly overload: () => Overload | null;
  /** Why results do not reach the ledger; null: they do. */
  readonly trouble: () => string | null;
  readonly warn: (line: string) => void;
}

export interface AlertWatch {
  readonly follow: Follower;
  /** A probe sends nothing more until the next start. */
  disabled(result: Result): void;
  run(signal: AbortSignal): Promise<void>;
}

const LOOK_MS = 10_000;

export function watchAlerts(options: AlertWatchOptions): AlertWatch {
  const { board, location, clock } = options;
  const disabled = new Map<string, Result>();
  let troubled = false;

  /** Alerting must end neither the evaluation nor the process. */
  async function report(source: string, conditions: () => readonly Condition[]): Promise<void> {
    try {
      await board.report(source, conditions());
      troubled = false;
    } catch (error) {
      if (!troubled) options.warn(`alerts: ${error instanceof Error ? error.message : String(error)}`);
      troubled = true;
    }
  }

  const reportDisabled = () => report('probes', () => disabledConditions([...disabled.values()]));

  async function look(): Promise<void> {
    await report('clock', () => clockConditions(options.standing(), location));
    await report('overload', () => overloadConditions(options.overload(), location));
    await report('ledger', () => ledgerConditions(options.trouble(), location));
    await reportDisabled();
  }

  return {
    follow: (statuses) => report('objectives', () => objectiveConditions(statuses, board.standing())),
    disabled(result) {
      disabled.set(result.probe, result);
      void reportDisabled();
    },
    async run(signal) {
      while (!signal.aborted) {
        await look();
        await clock.sleep(LOOK_MS, signal).catch(() => undefined);
      }
    },
  };
}
