import { z } from 'zod';
import { duration, probeSchema } from '../spec.ts';
import { CLOCK_LIMITS, type ClockLimits } from './standing.ts';

/** The program that is asked for the clock, with its arguments. */
function clockCommand() {
  return z
    .array(z.string().min(1), { error: 'a command such as [chronyc, -c, tracking]' })
    .min(1, { error: 'a command such as [chronyc, -c, tracking]' })
    .default(['chronyc', '-c', 'tracking']);
}

/** Limits of |offset|; each above the one before. */
export const clockFields = {
  command: clockCommand(),
  warning: duration().default(CLOCK_LIMITS.warningMs),
  severe: duration().default(CLOCK_LIMITS.severeMs),
  quarantine: duration().default(CLOCK_LIMITS.quarantineMs),
} as const;

export const clockSpec = probeSchema('clock', clockFields);

export type ClockSpec = z.output<typeof clockSpec>;

/** The limits of a configuration, in the terms of the arithmetic. */
export function limitsOf(spec: Pick<ClockSpec, 'warning' | 'severe' | 'quarantine'>): ClockLimits {
  return { warningMs: spec.warning, severeMs: spec.severe, quarantineMs: spec.quarantine };
}
