/** A fault in the terms of stress-ng, within what the configuration lets it take. */
import type { Fault } from '../../fault.ts';
import type { Answer } from '../../injector.ts';
import { answer, failure, inexpressible } from '../answers.ts';
import type { StressTarget } from './spec.ts';

const EXPRESSES = ['cpuLoad', 'memoryPressure', 'ioPressure'] as const satisfies readonly Fault['type'][];

export interface Machine {
  readonly processors: number;
  readonly availableMB: number;
  /** Where the I/O workers' files would go. */
  readonly freeDiskMB: number;
}

export interface Plan {
  readonly args: readonly string[];
  readonly workers: number;
}

/** @param folder of its own, for files */
export function planOf(fault: Fault, target: StressTarget, machine: Machine, folder: string): Answer<Plan> {
  switch (fault.type) {
    case 'cpuLoad': {
      const workers = fault.workers ?? machine.processors;
      const asked = workers * fault.percent;
      const permitted = machine.processors * target.maxCpu;
      if (workers > machine.processors) {
        return refused(target, fault, `${workers} workers on ${machine.processors} processors would share them`);
      }
      if (asked > permitted) {
        const share = `${workers} at ${fault.percent} % of ${machine.processors} processors`;
        return refused(target, fault, `${share} are more than ${target.maxCpu} % of the machine (maxCpu)`);
      }
      return answer({ workers, args: ['--cpu', String(workers), '--cpu-load', String(fault.percent)] });
    }
    case 'memoryPressure': {
      if (fault.percent > target.maxMemory) {
        return refused(
          target,
          fault,
          `${fault.percent} % of what is available are more than ${target.maxMemory} % (maxMemory)`,
        );
      }
      const megabytes = Math.floor((machine.availableMB * fault.percent) / 100);
      if (megabytes < 1) return refused(target, fault, `${fault.percent} % of ${machine.availableMB} MB is nothing`);
      // Taken once and held: the pressure is of memory, not of a processor.
      const held = ['--vm-keep', '--vm-hang', '0', '--vm-populate'];
      return answer({ workers: 1, args: ['--vm', '1', '--vm-bytes', `${megabytes}m`, ...held] });
    }
    case 'ioPressure': {
      const megabytes = fault.workers * fault.megabytes;
      if (megabytes > target.maxDiskMB) {
        return refused(target, fault, `${megabytes} MB of files are more than ${target.maxDiskMB} MB (maxDiskMB)`);
      }
      if (megabytes > machine.freeDiskMB / 2) {
        return refused(
          target,
          fault,
          `${megabytes} MB of files are more than half of what is free in ${target.folder}`,
        );
      }
      const files = ['--hdd-bytes', `${fault.megabytes}m`, '--temp-path', folder];
      return answer({ workers: fault.workers, args: ['--hdd', String(fault.workers), ...files] });
    }
    default:
      return inexpressible('stress', fault, EXPRESSES);
  }
}

function refused({ name }: StressTarget, { type }: Fault, why: string): Answer<never> {
  return failure('cannot-express', `${type} on ${name}: ${why}`);
}
