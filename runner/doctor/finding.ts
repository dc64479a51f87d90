/** One thing that was looked at before it is needed. */
export interface Finding {
  /** What was looked at: `clock`, `ledger`, `target https://api.example`. */
  readonly check: string;
  /** `warn`: works, and is not as it should be. `unknown`: could not be looked at. */
  readonly verdict: 'ok' | 'warn' | 'fail' | 'unknown';
  /** One line: what was found. */
  readonly found: string;
  /** How to mend it; null when there is nothing to mend. */
  readonly mend: string | null;
}

export function ok(check: string, found: string): Finding {
  return { check, verdict: 'ok', found, mend: null };
}
