import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadlinesOf, type Deadline } from '../../../slo/incidents/deadlines.ts';
import type { IncidentEvent } from '../../../slo/incidents/event.ts';
import {
  acknowledged,
  incidentOf,
  MINUTE,
  OPENED,
  opening,
  paged,
  posted,
  resolved,
  said,
  TIMING,
  worse,
} from './support.ts';

/** `acknowledge 5 met 3`: due after 5 minutes, met after 3. */
function clocks(events: readonly IncidentEvent[], nowMinutes: number): readonly string[] {
  return deadlinesOf(incidentOf(events), TIMING, OPENED + nowMinutes * MINUTE).map(({ key, dueMs, metMs }) => {
    const met = metMs === null ? '' : ` met ${(metMs - OPENED) / MINUTE}`;
    return `${key} ${(dueMs - OPENED) / MINUTE}${met}`;
  });
}

describe('the clocks of an incident', () => {
  it('are those of the playbook for a SEV-1', () => {
    expect(clocks([opening('SEV-1')], 0)).toEqual([
      'page 1',
      'domain-owner 1',
      'commander 5',
      'acknowledge 6',
      'leadership 15',
      'status-page/1 30',
    ]);
  });

  it('are those of the playbook for a SEV-2', () => {
    expect(clocks([opening('SEV-2')], 0)).toEqual(['domain-owner 1', 'page 15', 'acknowledge 20', 'status-page/1 60']);
  });

  it('are an hour of business and a week for a ticket', () => {
    expect(clocks([opening('SEV-3')], 0)).toEqual(['acknowledge 60', 'weekly-status/1 10080']);
  });

  it('count the acknowledgement from the page on', () => {
    expect(clocks([opening('SEV-2'), paged(2)], 3)).toContain('acknowledge 7');
    expect(clocks([opening('SEV-2'), paged(2), acknowledged(6)], 6)).toEqual(
      expect.arrayContaining(['page 15 met 2', 'acknowledge 7 met 6']),
    );
  });

  it('take an acknowledgement for proof that the page arrived', () => {
    expect(clocks([opening('SEV-1'), acknowledged(3)], 3)).toEqual(
      expect.arrayContaining(['page 1 met 3', 'acknowledge 6 met 3']),
    );
  });

  it('ask for the next update an interval after the last one, and an interval after one that was missed', () => {
    const updates = clocks([opening('SEV-1'), posted(10), posted(30), posted(75)], 110).filter((each) =>
      each.startsWith('status-page'),
    );
    expect(updates).toEqual([
      'status-page/1 30 met 10',
      'status-page/2 40 met 30',
      'status-page/3 60',
      'status-page/4 90 met 75',
      'status-page/5 105',
      'status-page/6 135',
    ]);
  });

  it('end with the incident; the report is due two days later, after a breach a review within a week', () => {
    expect(clocks([opening('SEV-2'), paged(0), acknowledged(1), resolved(12)], 500)).toEqual([
      'domain-owner 1',
      'acknowledge 5 met 1',
      'page 15 met 0',
      `report ${12 + 48 * 60}`,
    ]);
    expect(clocks([opening('SEV-2'), worse(1), resolved(12)], 500)).toEqual(
      expect.arrayContaining([`report ${12 + 48 * 60}`, `review ${12 + 7 * 24 * 60}`]),
    );
    expect(clocks([opening('SEV-3'), resolved(12)], 500)).toEqual([]);
  });

  it('begin again when it gets worse, and none that was running is set back', () => {
    const events = [opening('SEV-2'), paged(1), acknowledged(2), posted(20), worse(70)];
    expect(clocks(events, 70)).toEqual([
      'domain-owner 1',
      'acknowledge 6 met 2',
      'page 15 met 1',
      'status-page/1 60 met 20',
      '2/page 71',
      '2/commander 75',
      '2/acknowledge 76',
      // Due anyway: of the milder severity's clock, which is sooner than half an hour from now.
      '2/status-page/1 80',
      '2/leadership 85',
    ]);
    // The page of a milder severity was still to come: it is due now, and was never missed.
    expect(clocks([opening('SEV-2'), worse(3)], 3)).toEqual(
      expect.arrayContaining(['2/page 4', '2/acknowledge 9', '2/status-page/1 33']),
    );
    expect(clocks([opening('SEV-2'), worse(3)], 3)).not.toContain('page 15');
  });

  it('know nothing of daylight saving or leap days: minutes are minutes', () => {
    for (const at of [Date.UTC(2026, 2, 29, 0, 50), Date.UTC(2026, 9, 25, 0, 50), Date.UTC(2028, 1, 28, 23, 50)]) {
      const event = { ...opening('SEV-1'), atMs: at };
      const found = deadlinesOf(incidentOf([event]), TIMING, at + 61 * MINUTE);
      expect(
        found.filter(({ key }) => key.startsWith('status-page')).map(({ dueMs }) => (dueMs - at) / MINUTE),
      ).toEqual([30, 60, 90]);
    }
  });

  it('never change what was due before, whatever happens later', () => {
    const later = fc.oneof(
      fc.constant(posted),
      fc.constant(paged),
      fc.constant((minutes: number) => acknowledged(minutes)),
      fc.constant((minutes: number) => worse(minutes)),
      fc.constant((minutes: number) => said(minutes, { type: 'commander', name: 'bo', by: 'ana' })),
    );
    const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), later), { maxLength: 12 });
    fc.assert(
      fc.property(history, fc.integer({ min: 0, max: 300 }), (drawn, now) => {
        const events = drawn.map(([minutes, make]) => ({ minutes, event: make(minutes) }));
        const ordered = events.toSorted((a, b) => a.minutes - b.minutes);
        const known = [opening('SEV-2'), ...ordered.filter(({ minutes }) => minutes <= now).map(({ event }) => event)];
        const all = [opening('SEV-2'), ...ordered.map(({ event }) => event)];
        const at = OPENED + now * MINUTE;
        const before = deadlinesOf(incidentOf(known), TIMING, at);
        const after = deadlinesOf(incidentOf(all), TIMING, OPENED + 400 * MINUTE);
        const answer = ({ key, dueMs, metMs }: Deadline) => ({ key, dueMs, isMet: metMs !== null && metMs <= dueMs });
        // A deadline that was decided has the same key, due time and answer in every later look.
        const decided = before.filter(({ dueMs, metMs }) => dueMs < at || metMs !== null).map(answer);
        expect(after.map(answer)).toEqual(expect.arrayContaining(decided));
      }),
      { numRuns: 500 },
    );
  });
});
