/**
 * What a game-day's journal keeps beside what happened, so that its report can be drawn from it alone: what the probes of
 * the component measured, what was spent of the budgets, and the run before.
 */
import { gatherSeries } from '../../reports/gameday/series.ts';
import type { Clock } from '../../probes/probe.ts';
import type { JournalBody } from '../../scenarios/journal.ts';
import type { Result } from '../../store/result.ts';
import { bounded } from './bounded.ts';
import type { Journal } from './journal.ts';

export interface ChronicleSource {
  /** Length of a tally step, ms. */
  readonly stepMs: number;
  /** Probe → indicators that it is to measure. */
  readonly wanted: ReadonlyMap<string, readonly string[]>;
  /** How the budgets stand now; asked while the exercise goes on, and once more when it is over. */
  budget(isFinal: boolean): Promise<JournalBody | null>;
  /** The run before of the same scenario. */
  before(): Promise<JournalBody | null>;
}

export interface ChronicleOptions {
  readonly source: ChronicleSource;
  readonly component: string;
  readonly journal: Journal;
  readonly clock: Clock;
}

export interface Chronicle {
  /** Of any probe; those of the component are kept. */
  hear(result: Result): void;
  /** Until the signal aborts, and then the end of it. Never rejects. */
  keep(signal: AbortSignal): Promise<void>;
}

/** What a kill may cost of the measurements. */
const FLUSH_MS = 5_000;
/** Of a series, between two flushes: more than a chart can show. */
const MOST_POINTS = 60;
const BUDGET_MS = 60_000;
/** A ledger that hangs holds no exercise up. */
const ASK_MS = 10_000;

export function createChronicle({ source, component, journal, clock }: ChronicleOptions): Chronicle {
  const gathering = gatherSeries(source);

  async function write(body: JournalBody | null): Promise<void> {
    // A journal that cannot be written has stopped the game-day already.
    if (body !== null) await journal.append(body).catch(() => undefined);
  }

  async function flush(): Promise<void> {
    const series = gathering.take(MOST_POINTS);
    await write(series.length === 0 ? null : { type: 'measured', series });
  }

  async function ask(question: () => Promise<JournalBody | null>): Promise<void> {
    const answer = await bounded(question, clock, ASK_MS, new AbortController().signal);
    await write(answer.ok ? answer.value : null);
  }

  return {
    hear(result) {
      if (result.service === component && result.cadence !== 'once') gathering.add(result);
    },
    async keep(signal) {
      let askedMs = clock.monotonicMs();
      while (!signal.aborted) {
        await clock.sleep(FLUSH_MS, signal).catch(() => undefined);
        await flush();
        if (signal.aborted || clock.monotonicMs() - askedMs < BUDGET_MS) continue;
        askedMs = clock.monotonicMs();
        await ask(() => source.budget(false));
      }
      await flush();
      await ask(() => source.before());
      await ask(() => source.budget(true));
    },
  };
}
