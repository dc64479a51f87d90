import type { Fault } from '../scenarios/fault.ts';
import type { MachineFault } from '../scenarios/faults/machine.ts';
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
    case 'slice':
      return `slice: pieces of ${count(fault.bytes)} ± ${plural(fault.variationBytes, 'byte')}, ${count(fault.gapUs)} µs apart, ${fault.direction}`;
    case 'packetDelay':
      return `packets leave ${count(fault.ms)} ms${fault.jitterMs === 0 ? '' : ` ± ${count(fault.jitterMs)} ms`} late`;
    case 'packetLoss':
      return `${fault.percent} % of the packets are lost`;
    case 'packetDuplicate':
      return `${fault.percent} % of the packets are sent twice`;
    case 'packetCorrupt':
      return `${fault.percent} % of the packets have a bit turned over`;
    case 'packetReorder':
      return `${fault.percent} % of the packets overtake the others, which leave ${count(fault.ms)} ms late`;
    case 'packetRate':
      return `at most ${count(fault.kilobits)} kbit/s leave`;
    case 'partition':
      return 'partition: no packet passes in either direction';
    default:
      return machineText(fault);
  }
}

function machineText(fault: MachineFault): string {
  switch (fault.type) {
    case 'freeze':
      return 'freeze: the process stands still';
    case 'terminate':
      return 'terminate: the process is asked to end';
    case 'kill':
      return 'kill: ended without a chance to tidy up';
    case 'crashLoop':
      return `crash loop: killed whenever it is back, looked for every ${count(fault.everyMs)} ms`;
    case 'cpuLoad':
      return `CPU load: ${fault.workers === null ? 'one worker a processor' : plural(fault.workers, 'worker')} at ${fault.percent} %`;
    case 'memoryPressure':
      return `memory pressure: ${fault.percent} % of what is available is held`;
    case 'ioPressure':
      return `I/O pressure: ${plural(fault.workers, 'worker')}, files of ${count(fault.megabytes)} MB`;
    case 'call':
      return 'the call that the target stands for';
    case 'command':
      return 'the command that the target stands for';
    case 'podFailure':
      return 'pod failure: its containers do nothing';
    default:
      return `clock offset: ${fault.ms > 0 ? '+' : '−'}${count(Math.abs(fault.ms))} ms`;
  }
}
