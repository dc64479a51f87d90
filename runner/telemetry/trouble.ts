/** What is wrong with what telemetry says for one objective: since when, told once, and known again after a restart. */
import type { LedgerEvent } from '../../store/store.ts';
import type { BoundQuery } from '../config/configuration.ts';

export interface Trouble {
  readonly reason: string;
  readonly sinceMs: number;
}

/** How trouble is kept: an event of kind `source` about the objective. */
export interface TroubleBody {
  readonly state: 'began' | 'ended';
  readonly source: string;
  readonly reason: string;
  readonly sinceMs: number;
}

/** What the newest event about an objective says, if it is trouble that lasts. */
export function lastingTrouble(events: readonly LedgerEvent[], objective: string): Trouble | null {
  const body = events.findLast(({ subject }) => subject === objective)?.body;
  const { state, reason, sinceMs } = body ?? {};
  if (state !== 'began' || typeof reason !== 'string' || typeof sinceMs !== 'number') return null;
  return { reason, sinceMs };
}

export interface TroubleWatch {
  readonly current: () => Trouble | null;
  /** From the ledger: it lasts until an answer says otherwise. */
  recall(trouble: Trouble | null): void;
  /** What the newest look found; null: all is well. */
  look(reason: string | null, nowMs: number): Promise<void>;
}

export interface TroubleWatchOptions {
  readonly source: string;
  readonly bound: Pick<BoundQuery, 'objective' | 'service'>;
  /** Trouble that is over sooner is nobody's business, ms: a scrape that came late. */
  readonly patienceMs: number;
  readonly record: (event: LedgerEvent) => Promise<void>;
}

export function watchTrouble({ source, bound, patienceMs, record }: TroubleWatchOptions): TroubleWatch {
  let current: Trouble | null = null;
  /** The reason that the ledger has; null: it knows of none. */
  let told: string | null = null;

  async function tell(state: TroubleBody['state'], { reason, sinceMs }: Trouble, atMs: number): Promise<void> {
    const { objective, service } = bound;
    const body = { state, source, reason, sinceMs };
    await record({ id: `source/${objective}/${atMs}`, atMs, kind: 'source', service, subject: objective, body });
    told = state === 'began' ? reason : null;
  }

  return {
    current: () => current,
    recall(trouble) {
      current = trouble;
      told = trouble?.reason ?? null;
    },
    async look(reason, nowMs) {
      if (reason === null) {
        const over = current;
        current = null;
        if (told !== null && over !== null) await tell('ended', over, nowMs);
        return;
      }
      current = { reason, sinceMs: current?.sinceMs ?? nowMs };
      if (told !== reason && nowMs - current.sinceMs >= patienceMs) await tell('began', current, nowMs);
    },
  };
}
