import { governs } from '../../slo/objective.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../io.ts';
import { loadScenarios } from '../gamedays.ts';
import { jsonOption, openConfiguration, toJson } from './open.ts';

export const validate: Command = {
  name: 'validate',
  describe: 'Check the configuration and the scenarios; print every problem',
  example: ['validate --config pulsedrill.config.yaml', 'exit 0 when nothing is wrong, 2 otherwise'],
  build: jsonOption,
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const { scenarios, lines } = await loadScenarios(configuration, io.env);
    if (lines.length > 0) {
      for (const line of lines) io.complain(line);
      return EXIT.usage;
    }
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
          warnings: configuration.warnings,
        }),
      );
      return EXIT.ok;
    }
    io.print(
      `${configuration.source}: probes: ${configuration.probes.length}; objectives with something to judge them by: ${known.length}` +
        ` (Unknown: ${objectives.length - known.length}); scenarios: ${scenarios.length}; no problem found`,
    );
    for (const warning of configuration.warnings) io.print(`warning: ${warning}`);
    return EXIT.ok;
  },
};
