import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killProof } from '../proof.ts';

killProof('exec', null, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pulsedrill-switched-'));
  const program = join(folder, 'switch');
  // It takes its time, so that conductors die while it runs.
  const on = `sleep 0.1; touch ${folder}/on; sleep 0.1`;
  await writeFile(
    program,
    `#!/bin/sh\ncase "$1" in on) ${on};; off) rm -f ${folder}/on;; *) test ! -e ${folder}/on;; esac\n`,
  );
  await chmod(program, 0o755);
  const target = { name: 'switch', inject: [program, 'on'], undo: [program, 'off'], check: [program, 'is-off'] };
  const command = { type: 'command' };
  return {
    injector: { kind: 'exec', allow: [program], targets: [target] },
    target: 'switch',
    faults: [command, command, command, command],
    left: () => (existsSync(join(folder, 'on')) ? ['it is on'] : []),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
});
