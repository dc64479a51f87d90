import { endMarked, marked, sleeper, startOrphan, stateOf } from '../../support/processes.ts';
import { killProof } from '../proof.ts';

const mark = `pulsedrill-killed-${process.pid}-victim`;

killProof('process', null, async () => ({
  injector: { kind: 'process', targets: [{ name: 'venue', command: mark, restart: sleeper(mark) }] },
  target: 'venue',
  faults: [{ type: 'freeze' }, { type: 'kill' }, { type: 'crashLoop', every: '100ms' }, { type: 'terminate' }],
  left() {
    const running = marked(mark);
    if (running.length !== 1) return [`${running.length} run`];
    return running.flatMap((pid) => (stateOf(pid) === 'T' ? [`${pid} is stopped`] : []));
  },
  refresh() {
    if (marked(mark).length === 1) return;
    endMarked(mark);
    startOrphan(sleeper(mark));
  },
  async [Symbol.asyncDispose]() {
    endMarked(mark);
  },
}));
