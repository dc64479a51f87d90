import { describe, expect, it } from 'vitest';
import { incidentSection, reportedIncidents } from '../../reports/sla/incidents.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { acknowledged, MINUTE, OPENED, opening, resolved, said, worse } from '../slo/incidents/support.ts';

const HOUR = { fromMs: OPENED + 5 * MINUTE, toMs: OPENED + 65 * MINUTE };
const deadline = said(
  21,
  {
    type: 'deadline',
    key: 'acknowledge',
    what: 'acknowledged by on-call',
    to: 'engineering-manager',
    dueMs: OPENED + 20 * MINUTE,
    state: 'missed',
    metMs: null,
  },
  'acknowledge',
);

describe('the incidents of a report', () => {
  it('are those that paged, with the minutes of theirs that lie in its range', () => {
    const events: readonly LedgerEvent[] = [opening('SEV-2'), acknowledged(22), worse(23), deadline, resolved(35)];
    const found = reportedIncidents(events, HOUR);
    expect(found).toMatchObject([{ id: 'inc-20261124-1', withinMs: 30 * MINUTE, severity: 'SEV-1', isBreach: true }]);
    expect(incidentSection(found).split('\n')).toEqual([
      '1 incident took 30 min of the range, 1 of them (30 min) a breach of an SLA. Incidents of several services may overlap; an incident goes on until it is resolved, not only while requests fail.',
      '',
      '| Incident | About | Severity | From (UTC) | Minutes in the range | Acknowledged after | Missed | Report |',
      '| --- | --- | --- | --- | --- | --- | --- | --- |',
      '| `inc-20261124-1` burns | `client-api` | SEV-1, SLA breached | 2026-11-24 12:00:00 UTC | 30.0 | 22 min | acknowledged by on-call | – |',
    ]);
  });

  it('go on to its end while nobody has resolved them, and are none of before or after it', () => {
    expect(reportedIncidents([opening('SEV-1')], HOUR)).toMatchObject([{ withinMs: 60 * MINUTE, resolvedMs: null }]);
    expect(reportedIncidents([opening('SEV-1'), resolved(4)], HOUR)).toEqual([]);
    expect(reportedIncidents([opening('SEV-1')], { fromMs: 0, toMs: OPENED })).toEqual([]);
    expect(reportedIncidents([opening('SEV-3')], HOUR)).toEqual([]);
    expect(incidentSection([])).toBe('No incident (SEV-1 or SEV-2) is on record in the range.');
  });
});
