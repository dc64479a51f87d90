/** How far this machine's clock can be trusted. */
import type { ClockReading, Unreadable } from './chrony.ts';

/** Milliseconds of |offset|. */
export interface ClockLimits {
  /** From here on: a warning. */
  readonly warningMs: number;
  /** From here on: a SEV-2. */
  readonly severeMs: number;
  /** Beyond it: figures that need the wall clock are the prober's fault, not the service's. */
  readonly quarantineMs: number;
}

export const CLOCK_LIMITS: ClockLimits = { warningMs: 25, severeMs: 40, quarantineMs: 50 };

/** `unverified`: no clock source can be read, or it does not know itself; figures count, and say so. */
export type ClockState = 'good' | 'warning' | 'severe' | 'quarantine' | 'unverified';

export interface ClockStanding {
  readonly state: ClockState;
  /** Null when there is no reading. */
  readonly reading: ClockReading | null;
  /** One line for people. */
  readonly text: string;
}

/** What an age that was taken by this clock may be off by, ms; null where nothing vouches for the clock. */
export function boundOf({ state, reading }: ClockStanding): number | null {
  return state === 'unverified' || reading === null ? null : reading.boundMs;
}

export function standingOf(read: ClockReading | Unreadable, limits: ClockLimits = CLOCK_LIMITS): ClockStanding {
  if ('unreadable' in read) return { state: 'unverified', reading: null, text: read.unreadable };
  const state = stateOf(read, limits);
  return { state, reading: read, text: `${readingText(read)}${remarkOn(read, state, limits)}` };
}

function stateOf(reading: ClockReading, limits: ClockLimits): ClockState {
  // A source that is itself unsure by more than the limit proves nothing in either direction.
  if (!isSynchronised(reading) || reading.boundMs > limits.quarantineMs) return 'unverified';
  const off = Math.abs(reading.offsetMs);
  if (off > limits.quarantineMs) return 'quarantine';
  if (off >= limits.severeMs) return 'severe';
  return off >= limits.warningMs ? 'warning' : 'good';
}

function isSynchronised(reading: ClockReading): boolean {
  return reading.leap !== 'not synchronised' && reading.stratum > 0;
}

function readingText({ offsetMs, boundMs, stratum, leap, source }: ClockReading): string {
  const direction = offsetMs < 0 ? 'slow' : 'fast';
  return `${Math.abs(offsetMs).toFixed(3)} ms ${direction}, ± ${boundMs.toFixed(3)} ms, stratum ${stratum}${source === '' ? '' : ` by ${source}`}, leap ${leap}`;
}

function remarkOn(reading: ClockReading, state: ClockState, limits: ClockLimits): string {
  if (state === 'good') return '';
  if (state === 'warning') return `; at ${limits.warningMs} ms or more`;
  if (state === 'severe') return `; at ${limits.severeMs} ms or more`;
  if (state === 'quarantine') return `; beyond ${limits.quarantineMs} ms: ages cannot be measured here`;
  if (!isSynchronised(reading)) return '; chrony follows no source';
  return `; the bound is beyond ${limits.quarantineMs} ms, so the offset proves nothing`;
}
