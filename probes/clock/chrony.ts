/** What chrony says of this machine's clock: `chronyc -c tracking`, one line of comma-separated values. */
import { execFile } from 'node:child_process';

export const LEAP_STATES = ['normal', 'insert second', 'delete second', 'not synchronised'] as const;
export type LeapState = (typeof LEAP_STATES)[number];

/** One reading of the clock. Milliseconds. */
export interface ClockReading {
  /** Local clock − true time: positive when the local clock is fast. */
  readonly offsetMs: number;
  /** Largest error that the offset itself may have: root dispersion + root delay ⁄ 2 (RFC 5905, the root distance). */
  readonly boundMs: number;
  /** Hops from a reference clock; 0 while not synchronised. */
  readonly stratum: number;
  readonly leap: LeapState;
  /** Name or address of the source that is followed; empty when there is none. */
  readonly source: string;
}

/** Why there is no reading, and how to get one. */
export interface Unreadable {
  readonly unreadable: string;
}

const FIELDS = 14;
const LEAPS: Readonly<Record<string, LeapState>> = {
  Normal: 'normal',
  'Insert second': 'insert second',
  'Delete second': 'delete second',
  'Not synchronised': 'not synchronised',
};

/**
 * Reads one line of `chronyc -c tracking` (chrony 2.x to 4.x): reference id, source, stratum, reference time, system time,
 * last offset, RMS offset, frequency, residual frequency, skew, root delay, root dispersion, update interval, leap status;
 * times in seconds. System time is chrony's correction: positive while the local clock is slow.
 */
export function parseTracking(text: string): ClockReading | Unreadable {
  const fields = text.trim().split(',');
  const leap = LEAPS[fields[13] ?? ''];
  const [stratum, correction, delay, dispersion] = [2, 4, 10, 11].map((index) => numberOf(fields[index]));
  if (
    fields.length !== FIELDS ||
    leap === undefined ||
    stratum === undefined ||
    correction === undefined ||
    delay === undefined ||
    dispersion === undefined
  ) {
    return {
      unreadable: `expected the ${FIELDS} values of "chronyc -c tracking", got "${text.trim().slice(0, 80)}"`,
    };
  }
  return {
    // Adding 0 turns −0 into 0.
    offsetMs: -correction * 1000 + 0,
    boundMs: (dispersion + delay / 2) * 1000,
    stratum,
    leap,
    source: fields[1] ?? '',
  };
}

function numberOf(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

export interface ReadOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Where programs are looked for. */
  readonly path: string;
  readonly signal: AbortSignal;
}

const LONGEST_MS = 5000;

/** Asks chrony. Never rejects: a machine without it, a daemon that is not there and a silent one are answers. */
export function readTracking({ command, path, signal }: ReadOptions): Promise<ClockReading | Unreadable> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    try {
      execFile(
        program,
        args,
        { env: { PATH: path, LC_ALL: 'C' }, signal, timeout: LONGEST_MS, maxBuffer: 65_536 },
        (error, stdout) => {
          resolve(error === null ? parseTracking(stdout) : { unreadable: whyNot(error, program, stdout) });
        },
      );
    } catch (error) {
      // Some of what keeps a process from being started (no memory, an impossible name) is thrown at once.
      resolve({
        unreadable: `${program} could not be started: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  });
}

function whyNot(error: Error & { code?: unknown; killed?: boolean }, program: string, stdout: string): string {
  if (error.code === 'ENOENT') {
    return `${program} is not on this machine: install chrony (apt-get install chrony), or name another command`;
  }
  if (error.killed === true) return `${program} did not answer within ${LONGEST_MS} ms`;
  if (error.name === 'AbortError') return `${program} was asked, and did not answer in time`;
  const said = stdout.trim().split('\n')[0] ?? '';
  return `${program} failed: ${said === '' ? error.message.split('\n')[0] : said}; is chronyd running?`;
}
