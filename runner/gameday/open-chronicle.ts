/** What a process that runs the probes can tell a game-day's journal of budgets and of the run before. */
import { spentBetween } from '../../reports/exercise.ts';
import { earlierOf } from '../../reports/gameday/compare.ts';
import { objectiveRecords } from '../../reports/gameday/record.ts';
import { readStory } from '../../reports/gameday/story.ts';
import { indicatorsOf } from '../../reports/sla/collect.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { StoreReader } from '../../store/store.ts';
import { systemClock } from '../clock.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Runner } from '../runner.ts';
import type { ChronicleSource } from './chronicle.ts';
import { readJournal } from './journal.ts';
import { findRunBefore } from './run-before.ts';

export interface ChronicleRequest {
  readonly configuration: Pick<Configuration, 'base' | 'objectives' | 'gamedays'>;
  readonly runner: Pick<Runner, 'statuses' | 'evaluate'>;
  readonly store: Pick<StoreReader, 'tallies'>;
  readonly scenario: Pick<Scenario, 'component'>;
  readonly journalPath: string;
  /** Of the first injection, wall clock; null: nothing was injected yet. */
  readonly injectedMs: () => number | null;
}

export function openChronicle(request: ChronicleRequest): ChronicleSource {
  const { configuration, runner, store, scenario, journalPath } = request;
  const { base, objectives, gamedays } = configuration;
  return {
    stepMs: base.minuteMs,
    wanted: indicatorsOf(objectives),
    async budget(isFinal) {
      const nowMs = systemClock.wallMs();
      // While it goes on, as of the last evaluation; in the end, with its last run.
      if (isFinal) await runner.evaluate();
      const statuses = runner.statuses();
      const injectedMs = request.injectedMs();
      const stretch =
        injectedMs === null
          ? null
          : await spentBetween({ reader: store, statuses, base }, injectedMs, nowMs, scenario.component);
      return {
        type: 'budget',
        final: isFinal,
        spent: stretch === null ? null : { fromMs: stretch.fromMs, toMs: stretch.toMs, by: stretch.spent },
        objectives: objectiveRecords(statuses),
      };
    },
    async before() {
      const { entries } = await readJournal(journalPath);
      const found = await findRunBefore(gamedays.folder, entries);
      return { type: 'before', run: found === null ? null : earlierOf(readStory(found)) };
    },
  };
}
