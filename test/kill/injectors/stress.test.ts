import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listProcesses } from '../../../scenarios/injectors/processes.ts';
import { isMissing } from '../../support/servers.ts';
import { killProof } from '../proof.ts';

killProof('stress', isMissing('stress-ng', 'stress-ng') ? 'no stress-ng' : null, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pulsedrill-loaded-'));
  return {
    injector: { kind: 'stress', targets: [{ name: 'here', folder }] },
    target: 'here',
    faults: [
      { type: 'cpuLoad', workers: 1, load: '5%' },
      { type: 'memoryPressure', share: '0.1%' },
      { type: 'ioPressure', workers: 1, megabytes: 1 },
      { type: 'cpuLoad', workers: 1, load: '5%' },
    ],
    left: () => [
      ...listProcesses().flatMap(({ pid, argv }) => (argv.join(' ').includes(`${folder}/`) ? [`process ${pid}`] : [])),
      ...readdirSync(folder),
    ],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
});
