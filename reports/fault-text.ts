import type { Fault } from '../scenarios/fault.ts';
import { count, plural } from './figures.ts';

/** A fault in words: "latency 3,000 ms ± 500 ms, split over both directions". */
export function faultText(fault: Fault): string {
  switch (fault.type) {
    case 'latency': {
      const jitter = fault.jitterMs === 0 ? '' : ` ± ${count(fault.jitterMs)} ms`;
      return `latency ${count(fault.ms)} ms${jitter}, ${fault.roundTrip ? 'split over both directions' : 'on what the server sends'}`;
    }
    case 'blackhole':
      return 'blackhole: bytes vanish, connections stay open';
    case 'refuse':
      return 'refuse: new connections refused, open ones closed';
    case 'reset':
      return `reset: connections are reset ${count(fault.afterMs)} ms after their first bytes`;
    case 'throttle':
      return `throttle: ${count(fault.rateKBps)} kB/s, ${fault.direction}`;
    case 'slowClose':
      return `slow close: ${count(fault.ms)} ms late, ${fault.direction}`;
    case 'cutAfter':
      return `cut after ${plural(fault.bytes, 'byte')}, ${fault.direction}`;
    default:
      return `slice: pieces of ${count(fault.bytes)} ± ${plural(fault.variationBytes, 'byte')}, ${count(fault.gapUs)} µs apart, ${fault.direction}`;
  }
}
