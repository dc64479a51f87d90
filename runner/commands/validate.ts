import { existsSync } from 'node:fs';
import { governs } from '../../slo/objective.ts';
import { LedgerError } from '../../store/ledger-error.ts';
import { openStore } from '../../store/open.ts';
import { targetRecords } from '../../store/target-records.ts';
import type { Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { EXIT, type Io } from '../io.ts';
import { loadPlans, loadScenarios } from '../found-scenarios.ts';
import { retroactiveTexts } from '../target-text.ts';
import { jsonOption, openConfiguration, toJson } from './open.ts';

export const validate: Command = {
  name: 'validate',
  describe: 'Check the configuration and the scenarios; print every problem',
  example: ['validate --config pulsedrill.config.yaml', 'exit 0 when nothing is wrong, 2 otherwise'],
  build: jsonOption,
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const { scenarios, lines } = await loadScenarios(configuration, io.env);
    const scheduled = await loadPlans(configuration, io.env);
    const wrong = [...lines, ...scheduled.lines, ...(await proposalLines(configuration))];
    if (wrong.length > 0) {
      for (const line of wrong) io.complain(line);
      return EXIT.usage;
    }
    const warnings = [...configuration.warnings, ...(await recordWarnings(configuration, io))];
    const objectives = configuration.objectives.filter(governs);
    const known = objectives.filter((objective) => objective.unknownBecause === null);
    if (args.flag('json')) {
      io.print(
        toJson({
          ok: true,
          source: configuration.source,
          probes: configuration.probes.length,
          objectives: known.length,
          unknown: objectives.length - known.length,
          scenarios: scenarios.map((scenario) => scenario.id),
          scheduled: scheduled.plans.map(({ id }) => id),
          warnings,
        }),
      );
      return EXIT.ok;
    }
    io.print(
      `${configuration.source}: probes: ${configuration.probes.length}; objectives with something to judge them by: ${known.length}` +
        ` (Unknown: ${objectives.length - known.length}); scenarios: ${scenarios.length}${scheduled.plans.length === 0 ? '' : `; scheduled game-days: ${scheduled.plans.length}`}; no problem found`,
    );
    for (const warning of warnings) io.print(`warning: ${warning}`);
    return EXIT.ok;
  },
};

/** What is wrong with the proposals of a review, which nobody would hear of before it is due. */
async function proposalLines({ reports, folder, objectives, base }: Configuration): Promise<readonly string[]> {
  if (reports.proposals === undefined) return [];
  const { proposalsFromFile } = await import('../replay-changes.ts');
  const read = await proposalsFromFile(reports.proposals, folder, { objectives, scale: base.scale });
  return read.ok ? [] : read.lines;
}

/** What the ledger has to say against the configuration. That it cannot be read is for whoever needs it to say. */
async function recordWarnings(configuration: Configuration, io: Io): Promise<readonly string[]> {
  const { base, objectives, ledgerPath } = configuration;
  if (!existsSync(ledgerPath)) return [];
  try {
    await using store = await openStore({ path: ledgerPath, readOnly: true, inline: true });
    const records = targetRecords(await store.events({ kind: 'target' }));
    return retroactiveTexts(objectives, records, { stepMs: base.minuteMs, nowMs: io.clock.wallMs() });
  } catch (error) {
    if (error instanceof LedgerError) return [];
    throw error;
  }
}
