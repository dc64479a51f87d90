import type { Alert, Notice } from '../../../runner/alerts/alert.ts';

export const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);

export function anAlert(more: Partial<Alert> = {}): Alert {
  const key = more.key ?? 'slo-api/burn/1h';
  const [objective = key] = key.split('/');
  return {
    key,
    id: `${key}@1`,
    rule: 'burn',
    severity: 'SEV-2',
    as: 'page',
    service: 'client-api',
    objective,
    says: `${key} burns`,
    lastBadAtMs: null,
    openedMs: NOW,
    endedMs: null,
    resolved: null,
    ...more,
  };
}

export function aNotice(more: Partial<Notice> = {}): Notice {
  return {
    type: 'firing',
    dedupeKey: 'slo-api/burn/1h@1',
    severity: 'SEV-2',
    as: 'page',
    service: 'client-api',
    objective: 'slo-api',
    summary: 'burning at 14.4× or more',
    details: { key: 'slo-api/burn/1h', rule: 'burn', opened: '2026-11-24T12:00:00.000Z' },
    atMs: NOW,
    to: 'on-call',
    incident: null,
    ...more,
  };
}
