/** A probe whose account was not proven paper sends nothing more until somebody has looked. */
import type { Result } from '../store/result.ts';

export function disabledText({ probe, detail }: Pick<Result, 'probe' | 'detail'>): string {
  return `${probe}: disabled until the next start, its account is not proven paper: ${detail ?? 'no reason given'}`;
}
