/** A fault as a resource of Chaos Mesh (chaos-mesh.org/v1alpha1). */
import type { Fault } from '../../fault.ts';
import type { Answer } from '../../injector.ts';
import { answer, failure, inexpressible } from '../answers.ts';
import type { KubernetesTarget } from './spec.ts';

export const GROUP = 'chaos-mesh.org';
export const VERSION = 'v1alpha1';

const EXPRESSES = [
  'kill',
  'podFailure',
  'packetDelay',
  'packetLoss',
  'packetDuplicate',
  'packetCorrupt',
  'packetReorder',
  'packetRate',
  'partition',
  'cpuLoad',
  'clockOffset',
] as const satisfies readonly Fault['type'][];

type Kind = 'PodChaos' | 'NetworkChaos' | 'StressChaos' | 'TimeChaos';

export interface Manifest {
  readonly apiVersion: `${typeof GROUP}/${typeof VERSION}`;
  readonly kind: Kind;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** As it stands in an address. */
export const pluralOf = (kind: Kind) => kind.toLowerCase();

export function manifestOf(fault: Fault, target: KubernetesTarget, name: string): Answer<Manifest> {
  const parts = partsOf(fault, target);
  if (!parts.ok) return parts;
  const { kind, spec, isOnce = false } = parts.value;
  return answer({
    apiVersion: `${GROUP}/${VERSION}`,
    kind,
    metadata: { name, namespace: target.namespace, labels: { 'app.kubernetes.io/managed-by': 'pulsedrill' } },
    spec: {
      ...spec,
      ...modeOf(target),
      selector: { namespaces: [target.namespace], labelSelectors: target.labels },
      ...(isOnce ? {} : { duration: `${target.longestMs}ms` }),
    },
  });
}

interface Parts {
  readonly kind: Kind;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Nothing of it lasts. */
  readonly isOnce?: boolean;
}

const network = (action: string, rest: object): Answer<Parts> =>
  answer({ kind: 'NetworkChaos', spec: { action, ...rest } });

function partsOf(fault: Fault, { name }: KubernetesTarget): Answer<Parts> {
  switch (fault.type) {
    case 'kill':
      return answer({ kind: 'PodChaos', spec: { action: 'pod-kill', gracePeriod: 0 }, isOnce: true });
    case 'podFailure':
      return answer({ kind: 'PodChaos', spec: { action: 'pod-failure' } });
    case 'packetDelay':
      return network('delay', { delay: { latency: `${fault.ms}ms`, jitter: `${fault.jitterMs}ms` } });
    case 'packetLoss':
      return network('loss', { loss: { loss: String(fault.percent) } });
    case 'packetDuplicate':
      return network('duplicate', { duplicate: { duplicate: String(fault.percent) } });
    case 'packetCorrupt':
      return network('corrupt', { corrupt: { corrupt: String(fault.percent) } });
    case 'packetReorder':
      return network('delay', {
        delay: { latency: `${fault.ms}ms`, reorder: { reorder: String(fault.percent), gap: 1 } },
      });
    case 'packetRate':
      return network('bandwidth', { bandwidth: bucket(fault.kilobits) });
    case 'partition':
      return network('partition', { direction: 'both' });
    case 'cpuLoad':
      if (fault.workers === null) {
        const why = 'one worker a processor is not known of a pod before it is chosen: say how many workers';
        return failure('cannot-express', `cpuLoad on ${name}: ${why}`);
      }
      return answer({
        kind: 'StressChaos',
        spec: { stressors: { cpu: { workers: fault.workers, load: fault.percent } } },
      });
    case 'clockOffset':
      return answer({ kind: 'TimeChaos', spec: { timeOffset: `${fault.ms}ms` } });
    default:
      return inexpressible('kubernetes', fault, EXPRESSES);
  }
}

/** As `netem` has it: two packets of the usual size, or what the rate comes to in 10 ms, may leave at once. */
function bucket(kilobits: number) {
  return { rate: `${kilobits}kbit`, limit: 1_000_000, buffer: Math.max(3000, Math.ceil((kilobits * 1000) / 8 / 100)) };
}

function modeOf({ pods }: KubernetesTarget) {
  return pods === 'one' || pods === 'all' ? { mode: pods } : { mode: 'fixed-percent', value: pods.slice(0, -1) };
}
