/** A fault in the terms of `tc`. */
import type { Fault } from '../../fault.ts';
import type { Answer } from '../../injector.ts';
import { answer, inexpressible } from '../answers.ts';

const EXPRESSES = [
  'packetDelay',
  'packetLoss',
  'packetDuplicate',
  'packetCorrupt',
  'packetReorder',
  'packetRate',
  'partition',
] as const satisfies readonly Fault['type'][];

/** `root`: what is sent passes a queue. `cut`: nothing passes, neither way. */
export type Plan =
  | { readonly type: 'root'; readonly queue: 'netem' | 'tbf'; readonly args: readonly string[] }
  | { readonly type: 'cut' };

/** netem drops what exceeds its queue: 1,000 packets by default, a few milliseconds of a fast line, would be a loss that nobody asked for. */
const LIMIT = ['limit', '100000'] as const;

/** @param mtu of the interface, bytes */
export function planOf(fault: Fault, mtu: number): Answer<Plan> {
  switch (fault.type) {
    case 'packetDelay':
      return netem('delay', `${fault.ms}ms`, ...(fault.jitterMs === 0 ? [] : [`${fault.jitterMs}ms`]));
    case 'packetLoss':
      return netem('loss', `${fault.percent}%`);
    case 'packetDuplicate':
      return netem('duplicate', `${fault.percent}%`);
    case 'packetCorrupt':
      return netem('corrupt', `${fault.percent}%`);
    case 'packetReorder':
      return netem('delay', `${fault.ms}ms`, 'reorder', `${fault.percent}%`);
    case 'packetRate':
      return answer({ type: 'root', queue: 'tbf', args: bucket(fault.kilobits, mtu) });
    case 'partition':
      return answer({ type: 'cut' });
    default:
      return inexpressible('netem', fault, EXPRESSES);
  }
}

function netem(...args: readonly string[]): Answer<Plan> {
  return answer({ type: 'root', queue: 'netem', args: [...LIMIT, ...args] });
}

const WAITS_BYTES = 1_000_000;

/** A token bucket: two packets of the largest size, or what the rate comes to in 10 ms, may leave at once. */
function bucket(kilobits: number, mtu: number): readonly string[] {
  const burst = Math.max(2 * mtu, Math.ceil((kilobits * 1000) / 8 / 100));
  return ['rate', `${kilobits}kbit`, 'burst', String(burst), 'limit', String(WAITS_BYTES)];
}
