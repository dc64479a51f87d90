import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { playDemo } from '../demo/demo.ts';
import { CommandError, EXIT } from '../io.ts';

export const demo: Command = {
  name: 'demo',
  describe: 'The whole idea in under three minutes, against a practice venue',
  example: ['demo', 'needs no configuration and no server; results lie in out/demo'],
  build: (yargs) =>
    yargs
      .option('out', {
        type: 'string',
        default: 'out/demo',
        describe: 'folder for the reports and the ledger; what an earlier demo left there is removed',
      })
      .option('seed', { type: 'number', default: 1, describe: 'of everything that is drawn' }),
  run(args, io) {
    const out = args.text('out') ?? 'out/demo';
    const folder = resolve(io.folder, out);
    const other = othersIn(folder);
    if (other !== null) {
      throw new CommandError(
        `--out: expected an empty folder or an earlier demo's, since it is emptied first, got ${out}, which holds ${other}`,
        EXIT.usage,
      );
    }
    return playDemo({ io, folder, seed: args.number('seed') ?? 1 });
  },
};

/** Everything that a demo writes. */
const OURS = /^(?:gamedays|pulsedrill\.db(?:-wal|-shm|-last)?|(?:sla|gameday)[\w.-]*\.(?:md|svg))$/;

/** The name of something in the folder that no demo wrote; null when there is nothing of the kind. */
function othersIn(folder: string): string | null {
  try {
    return readdirSync(folder).find((name) => !OURS.test(name)) ?? null;
  } catch {
    // Not there yet, or no folder: making it says so.
    return null;
  }
}
