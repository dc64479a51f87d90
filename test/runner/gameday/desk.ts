/** A desk that says what a test tells it to. */
import type { Alert, AlertChange } from '../../../runner/alerts/alert.ts';
import type { Desk } from '../../../runner/gameday/desk.ts';
import type { AskedSource } from '../../../runner/gameday/ask-source.ts';

export function deskWhere(changes: Partial<Desk> = {}): Desk {
  return {
    status: () => Promise.resolve(null),
    hasObjective: () => true,
    sources: new Map<string, AskedSource>([
      ['platform', { kind: 'prometheus', name: 'platform', url: 'http://127.0.0.1:1', headers: {} }],
    ]),
    query: () => Promise.resolve(null),
    alerts: () => Promise.resolve([]),
    acknowledgements: () => Promise.resolve([]),
    holding: () => Promise.resolve(null),
    invariants: () => Promise.resolve([]),
    ...changes,
  };
}

export function opened(rule: string, atMs: number, changes: Partial<Alert> = {}): AlertChange {
  const alert: Alert = {
    id: `${rule}@${atMs}`,
    key: rule,
    rule,
    severity: 'SEV-2',
    as: 'page',
    service: 'shop',
    objective: 'availability',
    says: `${rule} of availability`,
    lastBadAtMs: null,
    openedMs: atMs,
    endedMs: null,
    resolved: null,
    ...changes,
  };
  return { type: 'opened', alert, atMs };
}
