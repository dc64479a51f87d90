/**
 * The faults that can be named in a scenario: as they stand in a file (durations are strings with a unit) and as the code
 * speaks of them (milliseconds). Each says what it does; an injector compiles it to its own terms, and refuses what it
 * cannot express.
 */
import { z } from 'zod';
import { machineFaults, type MachineFault } from './faults/machine.ts';
import { packetFaults, type PacketFault } from './faults/packets.ts';
import { streamFaults, type StreamFault } from './faults/stream.ts';

export type { Direction } from './faults/stream.ts';

export type Fault = StreamFault | PacketFault | MachineFault;

/** Every name of a fault, in the order in which they are told. */
export const FAULT_TYPES = [
  'latency',
  'blackhole',
  'refuse',
  'reset',
  'throttle',
  'slowClose',
  'cutAfter',
  'slice',
  'packetDelay',
  'packetLoss',
  'packetDuplicate',
  'packetCorrupt',
  'packetReorder',
  'packetRate',
  'partition',
  'freeze',
  'terminate',
  'kill',
  'crashLoop',
  'cpuLoad',
  'memoryPressure',
  'ioPressure',
  'call',
  'command',
  'podFailure',
  'clockOffset',
] as const satisfies readonly Fault['type'][];

/** A fault as a scenario file writes it, e.g. `{ type: latency, delay: 3s, jitter: 500ms, roundTrip: true }`. */
export const faultSchema = z.discriminatedUnion('type', [...streamFaults, ...packetFaults, ...machineFaults], {
  error: `a fault: ${FAULT_TYPES.slice(0, -1).join(', ')} or ${FAULT_TYPES.at(-1)}`,
}) satisfies z.ZodType<Fault>;
