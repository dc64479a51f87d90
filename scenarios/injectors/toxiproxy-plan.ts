import type { Direction, Fault } from '../fault.ts';
import type { StreamFault } from '../faults/stream.ts';
import type { Answer } from '../injector.ts';
import { inexpressible } from './answers.ts';
import type { ToxicDefinition } from './toxiproxy-client.ts';

/** What a fault is, in the terms of the interface: toxics to add, or the proxy switched off. */
export interface Plan {
  readonly toxics: readonly ToxicDefinition[];
  readonly disable: boolean;
}

type Part = Pick<ToxicDefinition, 'type' | 'stream' | 'attributes'>;

const ways = (direction: Direction) => (direction === 'both' ? (['upstream', 'downstream'] as const) : [direction]);
const parts = (type: string, direction: Direction, attributes: Readonly<Record<string, number>>): readonly Part[] =>
  ways(direction).map((stream) => ({ type, stream, attributes: { ...attributes } }));

const EXPRESSES = ['latency', 'blackhole', 'refuse', 'reset', 'throttle', 'slowClose', 'cutAfter', 'slice'] as const;

const isExpressible = (fault: Fault): fault is StreamFault => EXPRESSES.some((type) => type === fault.type);

function partsOf(fault: Exclude<StreamFault, { type: 'refuse' }>): readonly Part[] {
  switch (fault.type) {
    case 'latency': {
      const { ms: latency, jitterMs: jitter } = fault;
      if (!fault.roundTrip) return parts('latency', 'downstream', { latency, jitter });
      const [half, halfJitter] = [Math.floor(latency / 2), Math.floor(jitter / 2)];
      return [
        ...parts('latency', 'upstream', { latency: half, jitter: halfJitter }),
        ...parts('latency', 'downstream', { latency: latency - half, jitter: jitter - halfJitter }),
      ];
    }
    case 'blackhole':
      return parts('timeout', 'both', { timeout: 0 });
    case 'reset':
      return parts('reset_peer', 'both', { timeout: fault.afterMs });
    case 'throttle':
      return parts('bandwidth', fault.direction, { rate: fault.rateKBps });
    case 'slowClose':
      return parts('slow_close', fault.direction, { delay: fault.ms });
    case 'cutAfter':
      return parts('limit_data', fault.direction, { bytes: fault.bytes });
    case 'slice':
  }
  const { bytes: average_size, variationBytes: size_variation, gapUs: delay } = fault;
  return parts('slicer', fault.direction, { average_size, size_variation, delay });
}

/**
 * What would bring a whole server down, or mean nothing, although the server accepts it: fractions and negative numbers
 * (panic), slices of size 0 (endless recursion) or varying by their own size (out of bounds).
 */
function nonsense({ type, attributes }: Part): string | null {
  for (const [name, value] of Object.entries(attributes)) {
    if (!Number.isSafeInteger(value) || value < 0)
      return `${type} ${name}: expected a whole number of 0 or more, got ${value}`;
  }
  if (type !== 'slicer') return null;
  const { average_size: size = 0, size_variation: variation = 0 } = attributes;
  if (size < 1) return `slicer average_size: expected 1 or more, got ${size}`;
  return variation < size ? null : `slicer size_variation: expected less than average_size (${size}), got ${variation}`;
}

/** `name`: the n-th toxic's. */
export function compile(fault: Fault, name: (n: number) => string): Answer<Plan> {
  if (!isExpressible(fault)) return inexpressible('toxiproxy', fault, EXPRESSES);
  if (fault.type === 'refuse') return { ok: true, value: { toxics: [], disable: true } };
  const compiled = partsOf(fault);
  const problem = compiled.map(nonsense).find((text) => text !== null);
  if (problem !== undefined) return { ok: false, problem: { code: 'cannot-express', message: problem } };
  const toxics = compiled.map((part, n) => ({ name: name(n), toxicity: 1, ...part }));
  return { ok: true, value: { toxics, disable: false } };
}
