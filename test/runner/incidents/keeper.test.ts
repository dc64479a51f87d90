import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { incidentEvent, type IncidentBody } from '../../../slo/incidents/event.ts';
import type { Incident } from '../../../slo/incidents/incident.ts';
import { openStore, type LedgerStore } from '../../../store/open.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { anAlert, NOW } from '../alerts/notices.ts';
import { living, type Life } from './life.ts';

const SECOND = 1000;
const MINUTE = 60_000;

let folder: string;
let store: LedgerStore;
let clock: ManualClock;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'incidents-'));
  store = await openStore({ path: join(folder, 'ledger.db'), objectives: [] });
  clock = new ManualClock(0, NOW);
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** As a command in another shell does. */
async function command(id: string, body: IncidentBody): Promise<void> {
  const event = incidentEvent({ id, service: 'client-api' }, clock.wallMs(), body, `test/${Math.random()}`);
  await store.recordEvents([event]);
}
const acknowledge = (id: string, by = 'ana') =>
  command(id, { type: 'acknowledged', by, via: 'command', happenedMs: clock.wallMs() });

/** `acknowledge missed`. */
const records = ({ deadlines }: Incident): readonly string[] =>
  [...deadlines.values()].map(({ key, state }) => `${key} ${state}`);
const stored = async (type: string): Promise<number> =>
  (await store.events({ kind: 'incident' })).filter(({ body }) => body['type'] === type).length;
/** What was said to others than on-call at once. */
const to = (life: Life, who: string) => life.said().filter((each) => each.split(' ')[1] === who);

const sev1 = anAlert({ key: 'sla-api/breach', id: 'sla-api/breach@1', rule: 'breach', severity: 'SEV-1' });

describe('an incident', () => {
  it('opens with the alert that pages, is told to whom the ladder names, and its page is recorded', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(sev1);
    await life.pass(10 * SECOND);
    expect(life.incident()).toMatchObject({
      id: 'inc-20261124-1',
      channel: '#inc-20261124',
      severity: 'SEV-1',
      isBreach: true,
      service: 'client-api',
      openedBy: 'pulsedrill',
    });
    expect(records(life.incident())).toEqual(['page met', 'domain-owner met', 'leadership met']);
    expect(life.said().toSorted()).toEqual([
      'escalation customer-success inc-20261124-1/tell/customer-success',
      'escalation domain-owner inc-20261124-1/tell/domain-owner',
      'escalation incident-commander inc-20261124-1/tell/incident-commander',
      'escalation leadership inc-20261124-1/tell/leadership',
    ]);
    // On-call is told by the alert itself, as before.
    expect(life.got.filter(({ to }) => to === 'on-call').map(({ dedupeKey }) => dedupeKey)).toEqual([sev1.id]);
  });

  it('is one for all alerts of a service, another for another service, and none for what is for review or silenced', async () => {
    const isSilenced = ({ rule }: { rule: string }) => rule === 'excluded-share';
    await using life = await living({ store, clock, isSilenced });
    life.alerts.push(
      anAlert({ key: 'a' }),
      anAlert({ key: 'b' }),
      anAlert({ key: 'c', as: 'review' }),
      anAlert({ key: 'd', service: 'market-data' }),
      anAlert({ key: 'e', service: 'silent', rule: 'excluded-share' }),
      anAlert({ key: 'f', severity: 'SEV-3', as: 'ticket' }),
      anAlert({ key: 'g', service: null }),
    );
    await life.pass(10 * SECOND);
    expect(
      life.keeper.incidents().map(({ id, service, alerts }) => [id, service, [...alerts.keys()].join(' ')]),
    ).toEqual([
      ['inc-20261124-1', 'client-api', 'a@1 b@1'],
      ['inc-20261124-2', 'market-data', 'd@1'],
      ['ticket-20261124-1', 'client-api', 'f@1'],
      ['inc-20261124-3', null, 'g@1'],
    ]);
  });

  it('misses each deadline once, says so to whom it concerns, and escalates step by step', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(sev1);
    await life.pass(31 * MINUTE);
    expect(records(life.incident())).toEqual([
      'page met',
      'domain-owner met',
      'leadership met',
      'acknowledge missed',
      'commander missed',
      'status-page/1 missed',
    ]);
    expect(to(life, 'engineering-manager')).toEqual([
      'escalation engineering-manager inc-20261124-1/missed/acknowledge',
      'escalation engineering-manager inc-20261124-1/missed/commander',
      'escalation engineering-manager inc-20261124-1/escalate/1',
    ]);
    expect(to(life, 'vp-engineering')).toEqual(['escalation vp-engineering inc-20261124-1/escalate/2/vp-engineering']);
    expect(to(life, 'product-lead')).toEqual(['escalation product-lead inc-20261124-1/escalate/2/product-lead']);
    expect(to(life, 'customer-success')).toEqual([
      'escalation customer-success inc-20261124-1/tell/customer-success',
      'escalation customer-success inc-20261124-1/missed/status-page/1',
    ]);
    expect(await stored('deadline')).toBe(6);
  });

  it('takes what is said in another shell within seconds; who has acknowledged stops the pages', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert());
    await life.pass(10 * SECOND);
    await acknowledge('inc-20261124-1');
    await life.pass(4 * SECOND);
    expect(
      life
        .said()
        .filter((each) => each.startsWith('acknowledged'))
        .toSorted(),
    ).toEqual(['acknowledged domain-owner inc-20261124-1/tell/domain-owner', 'acknowledged on-call slo-api/burn/1h@1']);
    await life.pass(10 * MINUTE);
    expect(records(life.incident())).toContain('acknowledge met');
    expect(to(life, 'engineering-manager')).toEqual([]);
    // An alert that joins what is in hand is told, and acknowledged.
    life.alerts.push(anAlert({ key: 'sla-api/burn/1h' }));
    await life.pass(10 * SECOND);
    expect(life.said().at(-1)).toBe('acknowledged on-call sla-api/burn/1h@1');
  });

  it('gets worse with its alerts: its clocks begin again, and on-call is paged under a key that rings again', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert());
    await life.pass(MINUTE);
    await acknowledge('inc-20261124-1');
    await life.pass(MINUTE);
    life.alerts.push(sev1);
    await life.pass(10 * SECOND);
    expect(life.incident()).toMatchObject({ severity: 'SEV-1', isBreach: true });
    expect(to(life, 'on-call')).toContain('firing on-call inc-20261124-1/2/page');
    expect(records(life.incident())).toContain('2/page met');
    await life.pass(6 * MINUTE);
    expect(records(life.incident())).toEqual(expect.arrayContaining(['acknowledge met', '2/acknowledge missed']));
    await acknowledge('inc-20261124-1', 'bo');
    await life.pass(4 * SECOND);
    expect(to(life, 'on-call')).toContain('acknowledged on-call inc-20261124-1/2/page');
    await command('inc-20261124-1', { type: 'resolved', by: 'bo', reason: 'rolled back' });
    await life.pass(4 * SECOND);
    const withdrawn = life.got.filter(({ type, incident }) => type === 'resolved' && incident !== null);
    const severities = new Map(withdrawn.map(({ dedupeKey, severity }) => [dedupeKey.slice(15), severity]));
    expect(severities.get('tell/domain-owner')).toBe('SEV-2');
    expect(severities.get('2/page')).toBe('SEV-1');
  });

  it('ends with its alerts, when they have been over for five minutes; what was said is withdrawn, the report is due', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert());
    await life.pass(10 * SECOND);
    life.alerts.pop();
    await life.pass(2 * MINUTE);
    expect(life.incident().resolved).toBeNull();
    // It comes back: the same trouble.
    life.alerts.push(anAlert({ id: 'slo-api/burn/1h@2' }));
    await life.pass(MINUTE);
    life.alerts.pop();
    await life.pass(5 * MINUTE + 10 * SECOND);
    expect(life.incident().resolved).toMatchObject({ by: 'pulsedrill', reason: 'all its alerts are over' });
    expect(
      life
        .said()
        .filter((each) => each.startsWith('resolved'))
        .toSorted(),
    ).toEqual([
      'resolved customer-success inc-20261124-1/tell/customer-success',
      'resolved domain-owner inc-20261124-1/tell/domain-owner',
      'resolved engineering-manager inc-20261124-1/missed/acknowledge',
    ]);
    expect(life.due()).toContain('report');
    await clock.oversleep(48 * 60 * MINUTE);
    await life.pass(10 * SECOND);
    expect(records(life.incident())).toContain('report missed');
    await command('inc-20261124-1', { type: 'reported', by: 'ana', link: 'https://wiki.example/1' });
    await life.pass(4 * SECOND);
    expect(life.said().slice(-2).toSorted()).toEqual([
      'resolved domain-owner inc-20261124-1/tell/report',
      'resolved engineering-manager inc-20261124-1/missed/report',
    ]);
  });

  it('resolved by somebody resolves its alerts; bad news after that is another incident', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert());
    await life.pass(10 * SECOND);
    await command('inc-20261124-1', { type: 'resolved', by: 'ana', reason: 'rolled back' });
    await life.pass(4 * SECOND);
    expect(life.alerts).toEqual([]);
    life.alerts.push(anAlert({ id: 'slo-api/burn/1h@2' }));
    await life.pass(4 * SECOND);
    expect(life.keeper.incidents().map(({ id, channel }) => [id, channel])).toEqual([
      ['inc-20261124-1', '#inc-20261124'],
      ['inc-20261124-2', '#inc-20261124-2'],
    ]);
  });

  it('opened by hand pages on-call by itself, and ends by hand only', async () => {
    await using life = await living({ store, clock });
    const body = { severity: 'SEV-2', title: 'ACME cannot log in', by: 'cyd', alert: null } as const;
    await command('inc-20261124-1', { type: 'opened', channel: '#inc-20261124', isBreach: false, link: null, ...body });
    await life.pass(4 * SECOND);
    expect(to(life, 'on-call')).toEqual(['firing on-call inc-20261124-1/page']);
    expect(records(life.incident())).toContain('page met');
    life.alerts.push(anAlert());
    await life.pass(4 * SECOND);
    life.alerts.pop();
    await life.pass(10 * MINUTE);
    expect(life.incident()).toMatchObject({
      resolved: null,
      alerts: new Map([['slo-api/burn/1h@1', expect.anything()]]),
    });
  });

  it('leaves a ticket whose alert pages now to an incident', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert({ key: 'clock/fra1', severity: 'SEV-3', as: 'ticket', service: null }));
    await life.pass(4 * SECOND);
    life.alerts[0] = anAlert({ key: 'clock/fra1', service: null });
    await life.pass(6 * MINUTE);
    expect(life.keeper.incidents().map(({ id, resolved }) => [id, resolved?.by])).toEqual([
      ['ticket-20261124-1', 'pulsedrill'],
      ['inc-20261124-1', undefined],
    ]);
  });
});

describe('an incident whose own alert gets worse', () => {
  it('is raised, and is still the same', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert());
    await life.pass(10 * SECOND);
    life.alerts[0] = anAlert({ severity: 'SEV-1' });
    await life.pass(10 * SECOND);
    expect(life.incident()).toMatchObject({ id: 'inc-20261124-1', severity: 'SEV-1', rounds: [{}, {}] });
    expect(life.incident().alerts.size).toBe(1);
    expect(records(life.incident())).toContain('2/page met');
    expect(to(life, 'leadership')).toEqual(['escalation leadership inc-20261124-1/2/tell/leadership']);
  });
});

describe('the clocks of an incident', () => {
  it('run on while no process is there: what was missed is recorded as of its time, with when it was noticed, once', async () => {
    {
      await using life = await living({ store, clock });
      life.alerts.push(sev1);
      await life.pass(10 * SECOND);
    }
    const before = await store.events({ kind: 'incident' });
    await clock.oversleep(100 * MINUTE);
    const last = 'escalation customer-success inc-20261124-1/missed/status-page/3';
    for (const restart of ['first', 'second']) {
      await using life = await living({ store, clock, alerts: [sev1] });
      await life.pass(10 * SECOND);
      const found = [...life.incident().deadlines.values()].filter(({ state }) => state === 'missed');
      expect(found.map(({ key, dueMs }) => [key, (dueMs - NOW) / MINUTE])).toEqual([
        ['acknowledge', expect.closeTo(5, 0)],
        ['commander', 5],
        ['status-page/1', 30],
        ['status-page/2', 60],
        ['status-page/3', 90],
      ]);
      for (const { foundMs } of found) expect(foundMs - NOW).toBeGreaterThan(100 * MINUTE);
      // The second finds all of it said.
      expect(to(life, 'customer-success')).toEqual(restart === 'first' ? [last] : []);
      expect(life.incident().told.get(last.replace('customer-success inc-20261124-1/', ''))?.says).toMatch(
        /due 2026-11-24T13:30Z and 2 before it, noticed 10 min later$/,
      );
    }
    expect((await store.events({ kind: 'incident' })).length).toBeGreaterThan(before.length);
  });

  it('count an acknowledgement that came in time while no process was there', async () => {
    {
      await using life = await living({ store, clock });
      life.alerts.push(sev1);
      await life.pass(10 * SECOND);
    }
    await clock.oversleep(2 * MINUTE);
    await acknowledge('inc-20261124-1');
    await clock.oversleep(100 * MINUTE);
    await using life = await living({ store, clock, alerts: [sev1] });
    await life.pass(10 * SECOND);
    expect(records(life.incident())).toEqual(expect.arrayContaining(['acknowledge met', 'commander missed']));
  });

  it('go on when the wall clock is set back: nothing is due later, met again, missed twice or said twice', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(sev1);
    await life.pass(6 * MINUTE);
    const [said, missed] = [life.said(), records(life.incident())];
    expect(missed).toContain('acknowledge missed');
    clock.setWall(-3 * 60 * MINUTE);
    await life.pass(10 * SECOND);
    expect([life.said(), records(life.incident())]).toEqual([said, missed]);
    await acknowledge('inc-20261124-1');
    await life.pass(10 * MINUTE);
    expect(records(life.incident())).toContain('acknowledge missed');
    expect(life.incident().acknowledged).toHaveLength(1);
    expect(to(life, 'engineering-manager')).toContain('escalation engineering-manager inc-20261124-1/escalate/1');
    // The next process sees the same.
    await using next = await living({ store, clock, alerts: [sev1] });
    await next.pass(4 * SECOND);
    expect(records(next.incident()).toSorted()).toEqual(records(life.incident()).toSorted());
    expect(next.said()).toEqual([]);
  });

  it('run while the ledger refuses, and what it would not take is offered again', async () => {
    let refuses = false;
    await using life = await living({ store, clock, refuses: () => refuses });
    await life.pass(4 * SECOND);
    refuses = true;
    life.alerts.push(sev1);
    await life.pass(7 * MINUTE);
    expect(to(life, 'engineering-manager')).toContain(
      'escalation engineering-manager inc-20261124-1/missed/acknowledge',
    );
    expect(life.warnings.filter((each) => each.startsWith('incidents:'))).toEqual([
      'incidents: not kept yet: disk full',
    ]);
    expect(await stored('opened')).toBe(0);
    refuses = false;
    await life.pass(10 * SECOND);
    expect(await stored('opened')).toBe(1);
    expect(await stored('deadline')).toBe(life.incident().deadlines.size);
  });

  it('miss the page when nobody takes it, and keep who would have had to hear', async () => {
    await using life = await living({ store, clock, notifiers: [] });
    life.alerts.push(sev1);
    await life.pass(2 * MINUTE);
    expect(records(life.incident())).toEqual(['page missed', 'domain-owner missed']);
    const unheard = [...life.incident().told.values()].filter(({ through }) => through.length === 0);
    expect(unheard.map(({ to }) => to)).toContain('engineering-manager');
    expect(unheard).toHaveLength(life.incident().told.size);
  });

  it('of a ticket are those of the office: weekends and daylight saving stand between it and the next business hour', async () => {
    // Friday, half past four in Berlin, before the night in which the clocks are set forward.
    clock = new ManualClock(0, Date.parse('2026-03-27T15:30:00Z'));
    const document = { timezone: 'Europe/Berlin' };
    await using life = await living({ store, clock, document });
    life.alerts.push(anAlert({ severity: 'SEV-3', as: 'ticket' }));
    await life.pass(4 * SECOND);
    await clock.oversleep(Date.parse('2026-03-30T07:29:00Z') - clock.wallMs());
    await life.pass(4 * SECOND);
    expect(records(life.incident())).toEqual([]);
    await life.pass(MINUTE + 4 * SECOND);
    const dueMs = expect.closeTo(Date.parse('2026-03-30T07:30:00Z'), -4);
    expect([...life.incident().deadlines.values()]).toMatchObject([{ key: 'acknowledge', state: 'missed', dueMs }]);
    expect(to(life, 'domain-owner')).toEqual(['escalation domain-owner ticket-20260327-1/missed/acknowledge']);
    // A week later, the clock on the wall an hour further: seven days are seven days.
    await clock.oversleep(4 * 24 * 60 * MINUTE + 9 * 60 * MINUTE);
    await life.pass(4 * SECOND);
    expect(records(life.incident())).toEqual(['acknowledge missed', 'weekly-status/1 missed']);
  });

  it('begin on a leap day like on any other, which is the office’s and not Greenwich’s', async () => {
    clock = new ManualClock(0, Date.parse('2028-02-28T23:40:00Z'));
    await using life = await living({ store, clock, document: { timezone: 'Europe/Berlin' } });
    life.alerts.push(anAlert());
    await life.pass(61 * MINUTE);
    expect(life.incident()).toMatchObject({ id: 'inc-20280229-1', channel: '#inc-20280229' });
    expect(records(life.incident())).toContain('status-page/1 missed');
    expect(to(life, 'engineering-manager')).toContain('escalation engineering-manager inc-20280229-1/escalate/1');
  });
});
