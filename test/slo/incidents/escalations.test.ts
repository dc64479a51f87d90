import { describe, expect, it } from 'vitest';
import { escalationsOf } from '../../../slo/incidents/escalations.ts';
import type { IncidentEvent } from '../../../slo/incidents/event.ts';
import { acknowledged, incidentOf, MINUTE, OPENED, opening, resolved, said, TIMING, worse } from './support.ts';

const all = (events: readonly IncidentEvent[]) => escalationsOf(incidentOf(events), TIMING);
/** `15 engineering-manager: unresolved after 15 min`. */
const told = (events: readonly IncidentEvent[]): readonly string[] =>
  all(events).map(({ dueMs, to, why }) => `${(dueMs - OPENED) / MINUTE} ${to}: ${why}`);

const missed = (found: number, key: string, due: number) =>
  said(
    found,
    {
      type: 'deadline',
      key,
      what: key,
      to: 'customer-success',
      dueMs: OPENED + due * MINUTE,
      state: 'missed',
      metMs: null,
    },
    key,
  );

describe('who hears of an incident', () => {
  it('is the domain owner at once and the managers later, of a SEV-2', () => {
    expect(told([opening('SEV-2')])).toEqual([
      '0 domain-owner: a SEV-2 has begun',
      '0 customer-success: a SEV-2 has begun: the status page is due',
      '60 engineering-manager: unresolved after 60 min',
      '120 vp-engineering: unresolved after 120 min',
      '120 product-lead: unresolved after 120 min',
    ]);
  });

  it('is leadership as well, and somebody to command, of a SEV-1', () => {
    expect(told([opening('SEV-1')])).toEqual([
      '0 domain-owner: a SEV-1 has begun',
      '0 customer-success: a SEV-1 has begun: the status page is due',
      '0 leadership: a SEV-1 has begun',
      '0 incident-commander: a SEV-1 has begun: who commands?',
      '15 engineering-manager: unresolved after 15 min',
      '30 vp-engineering: unresolved after 30 min',
      '30 product-lead: unresolved after 30 min',
    ]);
  });

  it('is nobody of a ticket', () => {
    expect(told([opening('SEV-3')])).toEqual([]);
  });

  it('is on-call by the incident itself where no alert pages: opened by hand, raised by hand, or acknowledged before', () => {
    const pages = (events: readonly IncidentEvent[]) =>
      all(events).flatMap(({ key, to, notice }) => (to === 'on-call' ? [`${notice} ${key}`] : []));
    const raised = said(9, { type: 'raised', severity: 'SEV-1', by: 'ana', reason: 'all of them', isBreach: false });
    expect(pages([opening('SEV-2')])).toEqual([]);
    expect(pages([opening('SEV-2', null)])).toEqual(['firing page']);
    expect(pages([opening('SEV-2'), worse(9)])).toEqual([]);
    expect(pages([opening('SEV-2'), acknowledged(3), worse(9)])).toEqual(['firing 2/page']);
    expect(pages([opening('SEV-2'), raised])).toEqual(['firing 2/page']);
  });

  it('hears sooner when it gets worse, and never later than it would have', () => {
    const managers = (events: readonly IncidentEvent[]) => told(events).filter((each) => /manager|vp/.test(each));
    expect(managers([opening('SEV-2'), worse(10)])).toEqual([
      '25 engineering-manager: unresolved after 25 min',
      '40 vp-engineering: unresolved after 40 min',
    ]);
    expect(managers([opening('SEV-2'), worse(55)])).toEqual([
      '60 engineering-manager: unresolved after 60 min',
      '85 vp-engineering: unresolved after 85 min',
    ]);
    expect(managers([opening('SEV-2'), worse(70)])).toEqual([
      '85 engineering-manager: unresolved after 85 min',
      '100 vp-engineering: unresolved after 100 min',
    ]);
  });

  it('hears of each deadline that was missed; of several that were found at once, of the last', () => {
    const events = [opening('SEV-1'), missed(30, 'status-page/1', 30), missed(200, 'status-page/2', 60)];
    expect(told([...events, missed(200, 'status-page/3', 90)]).filter((each) => each.includes('missed'))).toEqual([
      '30 customer-success: missed: status-page/1, due 2026-11-24T12:30Z',
      '200 customer-success: missed: status-page/3, due 2026-11-24T13:30Z and 1 before it, noticed 110 min later',
    ]);
  });

  it('wakes nobody for what is over: then the report is due, and after a breach the review', () => {
    expect(
      all([opening('SEV-1'), missed(6, 'acknowledge', 6), resolved(20)]).map(({ key, as }) => `${key} ${as}`),
    ).toEqual(['missed/acknowledge ticket', 'tell/report ticket']);
    expect(told([opening('SEV-2'), worse(1), resolved(20)])).toEqual([
      '20 domain-owner: post-incident report due by 2026-11-26T12:20Z',
      '20 product-lead: an SLA was breached: incident review due by 2026-12-01T12:20Z',
      '20 customer-success: an SLA was breached: incident review due by 2026-12-01T12:20Z',
    ]);
  });
});
