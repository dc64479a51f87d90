import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incidentsOf, isAcknowledged, standingAlerts, withEvents } from '../../../slo/incidents/incident.ts';
import { nameOf } from '../../../slo/incidents/naming.ts';
import { acknowledged, incidentOf, NAMED, OPENED, opening, posted, resolved, said, worse } from './support.ts';

describe('an incident', () => {
  it('is what its events say', () => {
    const incident = incidentOf([
      opening('SEV-2'),
      acknowledged(2),
      acknowledged(3, 'bo'),
      worse(5),
      said(6, { type: 'commander', name: 'cyd', by: 'bo' }),
      said(7, { type: 'alert-over', alert: 'slo-api/burn/1h@1', how: 'over' }),
      said(8, { type: 'linked', system: 'pagerduty', key: 'PGR0VU2', link: 'https://acme.example/PGR0VU2' }),
    ]);
    expect(incident).toMatchObject({ id: NAMED.id, severity: 'SEV-1', isBreach: true, isByHand: false });
    expect(incident.acknowledged.map(({ by }) => by)).toEqual(['ana', 'bo']);
    expect(incident.commander?.name).toBe('cyd');
    expect(standingAlerts(incident).map(({ id }) => id)).toEqual(['sla-api/breach@2']);
    expect([...incident.links]).toEqual([['pagerduty PGR0VU2', 'https://acme.example/PGR0VU2']]);
    expect(incident.log).toHaveLength(7);
  });

  it('has to be acknowledged again when it is raised', () => {
    expect(isAcknowledged(incidentOf([opening('SEV-2'), acknowledged(2)]))).toBe(true);
    expect(isAcknowledged(incidentOf([opening('SEV-2'), acknowledged(2), worse(5)]))).toBe(false);
    // Heard of later than it happened: it was about the milder severity.
    const late = said(6, { type: 'acknowledged', by: 'ana', via: 'pagerduty', happenedMs: OPENED + 60_000 });
    expect(isAcknowledged(incidentOf([opening('SEV-2'), worse(5), late]))).toBe(false);
  });

  it('keeps the first answer to each deadline, and the first end', () => {
    const deadline = (state: 'met' | 'missed') =>
      said(9, {
        type: 'deadline',
        key: 'page',
        what: 'paged',
        to: 'engineering-manager',
        dueMs: OPENED,
        state,
        metMs: null,
      });
    const incident = incidentOf([opening('SEV-1'), deadline('missed'), deadline('met'), resolved(10), resolved(12)]);
    expect([...incident.deadlines.values()]).toMatchObject([{ key: 'page', state: 'missed' }]);
    expect(incident.resolved?.atMs).toBe(OPENED + 600_000);
  });

  it('loses nothing to a clock that was set back below its opening', () => {
    const incident = incidentOf([
      said(-30, { type: 'acknowledged', by: 'ana', via: 'command', happenedMs: 0 }),
      opening('SEV-1'),
    ]);
    expect(incident.acknowledged).toMatchObject([{ by: 'ana', atMs: OPENED }]);
  });

  it('does not read what it does not know, nor what is about nothing', () => {
    expect(incidentsOf([acknowledged(1)])).toEqual([]);
    const strange = { ...posted(1), body: { type: 'paused' } };
    expect(incidentOf([opening('SEV-1'), strange]).log).toHaveLength(1);
  });

  it('is the same whether its events are read at once or one after the other', () => {
    const makes = [acknowledged, posted, resolved, worse];
    const drawn = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 90 })), { maxLength: 10 });
    fc.assert(
      fc.property(drawn, (parts) => {
        const events = parts.toSorted((a, b) => a[1] - b[1]).flatMap(([kind, at]) => makes[kind]?.(at) ?? []);
        const whole = incidentOf([opening('SEV-2'), ...events]);
        const stepwise = events.reduce((known, event) => withEvents(known, [event]), incidentOf([opening('SEV-2')]));
        expect(stepwise).toEqual(whole);
      }),
    );
  });
});

describe('the name of an incident', () => {
  it('is its day; the second of a day has its number, in the channel as well', () => {
    expect(nameOf('2026-11-24', false, new Set())).toEqual({ id: 'inc-20261124-1', channel: '#inc-20261124' });
    expect(nameOf('2026-11-24', false, new Set(['inc-20261124-1']))).toEqual({
      id: 'inc-20261124-2',
      channel: '#inc-20261124-2',
    });
    expect(nameOf('2026-11-24', true, new Set(['inc-20261124-1']))).toEqual({ id: 'ticket-20261124-1', channel: null });
  });
});
