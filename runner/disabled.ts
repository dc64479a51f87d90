/** A probe whose account was not proven paper sends nothing more until somebody has looked: the alert that says so. */
import type { Result } from '../store/result.ts';
import type { LedgerEvent } from '../store/store.ts';

export function disabledText({ probe, detail }: Result): string {
  return `${probe}: disabled until the next start, its account is not proven paper: ${detail ?? 'no reason given'}`;
}

export function disabledAlert(result: Result, atMs: number): LedgerEvent {
  const { probe, service, runId, reason, detail, venue } = result;
  return {
    id: `disabled/${probe}/${atMs}`,
    atMs,
    kind: 'alert',
    service,
    subject: probe,
    body: { what: 'probe-disabled', probe, venue, runId, reason, detail, text: disabledText(result) },
  };
}
