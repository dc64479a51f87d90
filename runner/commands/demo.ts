import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { playDemo } from '../demo/demo.ts';

export const demo: Command = {
  name: 'demo',
  describe: 'The whole idea in under three minutes, against a practice venue',
  example: ['demo', 'needs no configuration and no server; results lie in out/demo'],
  build: (yargs) =>
    yargs
      .option('out', { type: 'string', default: 'out/demo', describe: 'folder for the reports and the ledger' })
      .option('seed', { type: 'number', default: 1, describe: 'of everything that is drawn' }),
  run: (args, io) =>
    playDemo({ io, folder: resolve(io.folder, args.text('out') ?? 'out/demo'), seed: args.number('seed') ?? 1 }),
};
