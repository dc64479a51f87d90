import { execFileSync } from 'node:child_process';
import { layCable, whyNoNamespaces } from '../../support/netns.ts';
import { killProof } from '../proof.ts';

/** What every kernel has; the others differ by the words that `tc` is told. */
killProof('netem', whyNoNamespaces(), async () => {
  const cable = layCable();
  const queues = () =>
    execFileSync('tc', ['-n', cable.near, 'qdisc', 'show', 'dev', 'wan'], { encoding: 'utf8' }).trim();
  const before = queues();
  return {
    injector: { kind: 'netem', targets: [{ name: 'line', interface: 'wan', namespace: cable.near }] },
    target: 'line',
    faults: [{ type: 'partition' }, { type: 'packetRate', rateKbps: 100 }, { type: 'partition' }],
    left: () => (queues() === before ? [] : [queues()]),
    async [Symbol.asyncDispose]() {
      cable[Symbol.dispose]();
    },
  };
});
