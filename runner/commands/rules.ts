/** `rules export`: recording and alerting rules for a Prometheus of the user's own. */
import { stringify } from 'yaml';
import { systemClock } from '../clock.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../io.ts';
import { prometheusRules } from '../rules-export/rules.ts';
import { jsonOption, openConfiguration, toJson } from './open.ts';

const MATCHERS = /^[a-zA-Z_]\w*(?:=|!=|=~|!~)"(?:[^"\\]|\\.)*"(?:,[a-zA-Z_]\w*(?:=|!=|=~|!~)"(?:[^"\\]|\\.)*")*$/;

const exported: Command = {
  name: 'export',
  describe: 'Prometheus recording and burn-rate alerting rules for the objectives, as YAML',
  example: ['rules export --match \'job="pulsedrill"\' > pulsedrill.rules.yaml', 'then promtool check rules'],
  build: (yargs) =>
    jsonOption(yargs).option('match', {
      type: 'string',
      describe: 'label matchers for the series of pulsedrill’s own /metrics, such as job="pulsedrill"',
    }),
  async run(args, io) {
    const matchers = args.text('match')?.trim() ?? '';
    if (matchers !== '' && !MATCHERS.test(matchers)) {
      throw new CommandError(
        `rules export: --match: expected label matchers such as job="pulsedrill", got ${JSON.stringify(matchers)}`,
        EXIT.usage,
      );
    }
    const configuration = await openConfiguration(args, io);
    if (configuration.base.scale !== 1) {
      throw new CommandError(
        `rules export: expected a configuration in real time, got timeScale ${configuration.base.scale}: Prometheus knows no practice time`,
        EXIT.usage,
      );
    }
    const { groups, left } = prometheusRules(configuration, matchers, systemClock.wallMs());
    if (args.flag('json')) io.print(toJson({ groups, left }));
    else io.print(stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd());
    for (const { objective, because } of left) io.complain(`left out: ${objective}: ${because}`);
    return EXIT.ok;
  },
};

export const rules: Command = {
  name: 'rules',
  describe: 'Rules for other tools: export, for Prometheus',
  example: ['rules export', 'on standard output'],
  below: [exported],
};
