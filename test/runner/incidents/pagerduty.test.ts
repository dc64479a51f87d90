import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPagerdutyReceiver, isSigned } from '../../../runner/incidents/pagerduty.ts';
import { openStore, type LedgerStore } from '../../../store/open.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { anAlert, NOW } from '../alerts/notices.ts';
import { living, type Life } from './life.ts';

const SECRET = 'a-secret-of-pagerduty';
const sign = (body: Buffer | string, secret = SECRET): string =>
  `v1=${createHmac('sha256', secret).update(body).digest('hex')}`;

/** As PagerDuty's documentation has it. */
function webhook(type: string, more: Readonly<Record<string, unknown>> = {}, id = `01-${type}`) {
  const { data = {}, ...rest } = more;
  return {
    event: {
      id,
      event_type: type,
      resource_type: 'incident',
      occurred_at: new Date(NOW + 30_000).toISOString(),
      agent: { id: 'PLH1HKV', summary: 'Tenex Engineer', type: 'user_reference' },
      client: { name: 'PagerDuty' },
      ...rest,
      data: {
        id: 'PGR0VU2',
        type: 'incident',
        html_url: 'https://acme.pagerduty.com/incidents/PGR0VU2',
        number: 2,
        status: 'acknowledged',
        incident_key: 'slo-api/burn/1h@1',
        title: 'SEV-2 slo-api/burn/1h burns',
        assignees: [{ id: 'PTUXL6G', summary: 'Zoë', type: 'user_reference' }],
        ...(typeof data === 'object' ? data : {}),
      },
    },
  };
}

describe('the signature of PagerDuty', () => {
  it('is over the body as it came, with any secret of ours, in any of its places', () => {
    const body = Buffer.from('{"event":"Zoë"}');
    expect(isSigned([SECRET], sign(body), body)).toBe(true);
    expect(isSigned([SECRET], `v1=${'0'.repeat(64)},${sign(body)}`, body)).toBe(true);
    expect(isSigned(['the-next-secret-of-it', SECRET], ` ${sign(body)} `, body)).toBe(true);
    const others = [
      undefined,
      '',
      'v1=',
      `v1=${'0'.repeat(64)}`,
      sign(body).replace('v1', 'v2'),
      sign(body, 'another-secret'),
      sign(`${body.toString()} `),
      sign(body).slice(0, -2),
    ];
    for (const header of others) expect(isSigned([SECRET], header, body)).toBe(false);
  });
});

describe('what PagerDuty says', () => {
  let folder: string;
  let store: LedgerStore;
  let clock: ManualClock;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pagerduty-'));
    store = await openStore({ path: join(folder, 'ledger.db'), objectives: [] });
    clock = new ManualClock(0, NOW);
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function hear(life: Life, said: unknown): Promise<unknown> {
    const body = Buffer.from(JSON.stringify(said));
    const answering = createPagerdutyReceiver([SECRET], life.keeper)(sign(body), body);
    await life.pass(2000);
    return answering;
  }
  const TAKEN = { status: 202, says: 'taken' };
  const lines = (life: Life) =>
    life.incident().log.flatMap(({ body }) => ('by' in body && body.by === 'Tenex Engineer' ? [body] : []));

  it('acknowledges, once however often it is delivered, as of when it happened, by whoever did so there', async () => {
    await using life = await living({ store, clock, notifiers: ['pagerduty', 'chat'] });
    life.alerts.push(anAlert());
    await life.pass(60_000);
    expect(await hear(life, webhook('incident.acknowledged'))).toEqual(TAKEN);
    expect(await hear(life, webhook('incident.acknowledged'))).toEqual(TAKEN);
    expect(life.incident().acknowledged).toEqual([{ atMs: NOW + 30_000, by: 'Tenex Engineer', via: 'pagerduty' }]);
    expect([...life.incident().links]).toEqual([['pagerduty PGR0VU2', 'https://acme.pagerduty.com/incidents/PGR0VU2']]);
    expect(life.incident().deadlines.get('acknowledge')?.state).toBe('met');
    // The others hear of it; PagerDuty knows.
    expect(life.said().filter((each) => each === 'acknowledged on-call slo-api/burn/1h@1')).toHaveLength(1);
    expect(
      (await store.events({ kind: 'incident' })).filter(({ body }) => body['type'] === 'acknowledged'),
    ).toHaveLength(1);
  });

  it('is known by its title where PagerDuty has alerts below its incident, and no key', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert());
    await life.pass(4000);
    expect(await hear(life, webhook('incident.acknowledged', { data: { incident_key: null } }))).toEqual(TAKEN);
    expect(life.incident().acknowledged).toHaveLength(1);
  });

  it('resolves the alerts that it is about, and the incident when nothing else of it stands', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert(), anAlert({ key: 'slo-orders/burn/1h' }));
    await life.pass(4000);
    expect(await hear(life, webhook('incident.resolved'))).toEqual(TAKEN);
    expect(life.alerts.map(({ key }) => key)).toEqual(['slo-orders/burn/1h']);
    expect(life.incident().resolved).toBeNull();
    const other = { data: { id: 'PX', incident_key: 'slo-orders/burn/1h@1' } };
    expect(await hear(life, webhook('incident.resolved', other, '02'))).toEqual(TAKEN);
    expect(life.incident().resolved).toMatchObject({ by: 'Tenex Engineer', reason: 'resolved in PagerDuty' });
    expect(life.alerts).toEqual([]);
  });

  it('notes who else it was given to, and what was written there', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert());
    await life.pass(4000);
    await hear(life, webhook('incident.reassigned'));
    const data = { id: 'P2LA89X', type: 'incident_note', content: 'is it DNS?', incident: { id: 'PGR0VU2' } };
    await hear(life, webhook('incident.annotated', { data }));
    expect(lines(life).map((body) => ('text' in body ? body.text : body.type))).toEqual([
      'reassigned to Zoë (PagerDuty)',
      'is it DNS? (PagerDuty)',
    ]);
  });

  it('is nobody’s word when an integration did it: ours says there what it was told here', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert());
    await life.pass(4000);
    const agent = { id: 'P1', summary: 'pulsedrill', type: 'events_api_v2_inbound_integration_reference' };
    for (const type of ['incident.acknowledged', 'incident.resolved']) await hear(life, webhook(type, { agent }));
    await hear(life, webhook('incident.acknowledged', { agent: null }, '03'));
    expect(life.incident()).toMatchObject({ acknowledged: [], resolved: null });
    expect(life.alerts).toHaveLength(1);
  });

  it('is taken, and nothing made of it, when it is not about us; refused when it is not signed or does not read', async () => {
    await using life = await living({ store, clock });
    await life.pass(2000);
    const foreign = webhook('incident.acknowledged', { data: { incident_key: 'x', title: 'y' } });
    expect(await hear(life, foreign)).toEqual({ status: 202, says: 'not about an incident of ours' });
    expect(await hear(life, { event: null })).toEqual({ status: 400, says: 'expected an event of PagerDuty, V3' });
    const receive = createPagerdutyReceiver([SECRET], life.keeper);
    expect(await receive(undefined, Buffer.from('{}'))).toEqual({
      status: 403,
      says: 'x-pagerduty-signature does not fit',
    });
  });

  it('is asked for again while the ledger refuses', async () => {
    let refuses = false;
    await using life = await living({ store, clock, refuses: () => refuses });
    life.alerts.push(anAlert());
    await life.pass(4000);
    refuses = true;
    expect(await hear(life, webhook('incident.acknowledged'))).toEqual({
      status: 503,
      says: 'not kept yet; send it again',
    });
    refuses = false;
    await life.pass(4000);
    expect(await hear(life, webhook('incident.acknowledged'))).toEqual(TAKEN);
    expect(life.incident().acknowledged).toHaveLength(1);
  });
});
