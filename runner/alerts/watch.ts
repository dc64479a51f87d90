/** Who reports what to the board: the objectives after each evaluation, the prober itself whenever it is looked at. */
import type { ClockStanding } from '../../probes/clock/standing.ts';
import type { Result } from '../../store/result.ts';
import type { Follower } from '../judging.ts';
import type { Overload } from '../overload.ts';
import type { AlertBoard, Condition } from './alert.ts';
import {
  clockConditions,
  createObjectiveConditions,
  disabledConditions,
  ledgerConditions,
  overloadConditions,
} from './conditions.ts';

export interface AlertWatchOptions {
  readonly board: AlertBoard;
  readonly location: string;
  /** How long an objective must be well again before its alerts are over, ms. */
  readonly settledMs: number;
  readonly standing: () => ClockStanding;
  readonly overload: () => Overload | null;
  readonly trouble: () => string | null;
  readonly sources: ReadonlyMap<string, () => readonly Condition[]>;
  readonly warn: (line: string) => void;
}

export interface AlertWatch {
  readonly follow: Follower;
  disabled(result: Result): void;
  look(): Promise<void>;
}

export function watchAlerts(options: AlertWatchOptions): AlertWatch {
  const { board, location } = options;
  const disabled = new Map<string, Result>();
  const objectiveConditions = createObjectiveConditions(options.settledMs);
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

  return {
    follow: (statuses, nowMs) => report('objectives', () => objectiveConditions(statuses, board.standing(), nowMs)),
    disabled(result) {
      disabled.set(result.probe, result);
      void reportDisabled();
    },
    async look() {
      await report('clock', () => clockConditions(options.standing(), location));
      await report('overload', () => overloadConditions(options.overload(), location));
      await report('ledger', () => ledgerConditions(options.trouble(), location));
      await reportDisabled();
      for (const [source, conditions] of options.sources) await report(source, conditions);
    },
  };
}
