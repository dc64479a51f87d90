import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Condition } from '../../runner/alerts/alert.ts';
import { createConsequences, type Consequences } from '../../runner/consequences.ts';
import { obligationsOf } from '../../runner/obligations.ts';
import { SERVICE_RULES } from '../../slo/service-rules.ts';
import type { Status } from '../../slo/status.ts';
import { timeBase } from '../../slo/time-base.ts';
import { openStore, type LedgerStore } from '../../store/open.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { eventually } from '../support/servers.ts';
import { DAY, judged, MINUTE, NOW, objective, runs } from '../slo/fixtures.ts';
import { startHook, type Hook } from './alerts/hook.ts';

const SECRET = 'shared between the two';
const STEP = Math.floor(NOW / MINUTE) * MINUTE;

/** Acknowledgements of one venue; half of the budget is spent at 0.25 % bad. */
function acks(good: number, bad: number): Status {
  const of = objective({ id: 'kpi-order-ack', service: 'order-execution', target: '0.995', split: 'venue' });
  return judged([runs(STEP, good, bad, { split: 'venue-a' })], { objective: of });
}

const SPENT = acks(9900, 100);
const FINE = acks(9990, 10);
const THIN = acks(90, 10);

let folder = '';
let store: LedgerStore;
let hook: Hook;
let clock: ManualClock;
const living: Consequences[] = [];
let reported: Map<string, readonly Condition[]>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-consequences-'));
  store = await openStore({ path: join(folder, 'ledger.db'), objectives: [], stepMs: MINUTE });
  hook = await startHook();
  clock = new ManualClock(0, NOW);
  reported = new Map();
});
afterEach(async () => {
  for (const each of living.splice(0)) await each[Symbol.asyncDispose]();
  await hook[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** As a process would begin on this ledger. */
function begin(): Consequences {
  const webhook = { url: `${hook.url}/rules`, secret: SECRET, timeoutMs: 5000 };
  const made = createConsequences({
    store,
    configuration: {
      redact: (text) => text,
      rules: { rules: SERVICE_RULES, webhooks: new Map([['broker-divert', webhook]]) },
      environment: 'production',
      location: 'fra1',
      base: timeBase(1),
    },
    clock,
    stop: new AbortController().signal,
    record: (event) => store.recordEvents([event]),
    board: {
      report: (source, conditions) => {
        reported.set(source, conditions);
        return Promise.resolve();
      },
    },
    warn: (line) => {
      throw new Error(line);
    },
  });
  living.push(made);
  return made;
}

const heard = (count: number) =>
  eventually(() => (hook.received.length >= count ? hook.received : undefined), `${count} requests`);
const notes = async (state: string) =>
  eventually(async () => {
    const events = await store.events({ kind: 'service-rule' });
    const found = events.filter(({ body }) => body['state'] === state);
    return found.length > 0 ? found : undefined;
  }, state);

describe('a service rule with a webhook', () => {
  it('tells it, signed, what began and what is over, in order', async () => {
    const { follow } = begin();
    await follow([SPENT], NOW);
    await follow([SPENT], NOW + MINUTE);
    await follow([FINE], NOW + 2 * MINUTE);
    const received = await heard(2);
    expect(received.map(({ json }) => json)).toMatchObject([
      {
        type: 'service-rule',
        environment: 'production',
        location: 'fra1',
        service: 'order-execution',
        objective: 'kpi-order-ack',
        split: 'venue-a',
        rule: 'broker-divert',
        state: 'triggered',
        actions: ['divert new releases from the broker concerned', 'escalate to its account manager'],
        figures: { on: 'consumed', threshold: '0.50', consumed: 2, bad: 100, valid: 10_000 },
      },
      { rule: 'broker-divert', state: 'ended', figures: { bad: 10, valid: 10_000 } },
    ]);
    for (const { headers, text, path } of received) {
      const [id, at] = [headers['webhook-id'], headers['webhook-timestamp']];
      const mac = createHmac('sha256', SECRET)
        .update(`${String(id)}.${String(at)}.${text}`)
        .digest('base64');
      expect([path, headers['webhook-signature']]).toEqual(['/rules', `v1,${mac}`]);
    }
    expect(received[0]?.headers['webhook-id']).toBe(`rule/broker-divert/kpi-order-ack/venue-a/${NOW}`);
  });

  it('is not told of what too few events triggered: that is for a person to review', async () => {
    await begin().follow([THIN], NOW);
    const items = await store.events({ kind: 'review-item' });
    expect(items.map(({ id }) => id)).toEqual([
      'ri-20241004-kpi-order-ack',
      'ri-20241004-kpi-order-ack/instead/red',
      'ri-20241004-kpi-order-ack/instead/page',
      'ri-20241004-kpi-order-ack/instead/broker-divert/kpi-order-ack/venue-a',
    ]);
    expect((await store.events({ kind: 'service-rule' })).map(({ body }) => body['as'] ?? body['gate'])).toEqual([
      'needs-signoff',
      'review',
    ]);
    expect(await store.events({ kind: 'obligation' })).toEqual([]);
    expect(hook.received).toEqual([]);
  });

  it('is tried again while it cannot be reached, which is an alert from the third time on', async () => {
    hook.answer = { status: 503, body: 'closed' };
    const { follow } = begin();
    await follow([SPENT], NOW);
    for (let attempts = 1; attempts < 3; attempts += 1) {
      await heard(attempts);
      await eventually(() => (clock.sleepers > 0 ? true : undefined), 'it waits');
      await clock.advance(1000 * 2 ** (attempts - 1));
    }
    await heard(3);
    await eventually(() => (clock.sleepers > 0 ? true : undefined), 'it waits');
    await follow([SPENT], NOW + MINUTE);
    expect(reported.get('rule-webhooks')).toMatchObject([
      {
        key: 'rule-webhook/broker-divert/kpi-order-ack/venue-a',
        severity: 'SEV-3',
        says: 'the webhook of the rule broker-divert/kpi-order-ack/venue-a fails, 3 times by now: 503 closed',
      },
    ]);
    hook.answer = { status: 204 };
    await clock.advance(4000);
    expect((await notes('delivered'))[0]?.body).toMatchObject({ attempts: 4 });
    expect(new Set(hook.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await follow([SPENT], NOW + 2 * MINUTE);
    expect(reported.get('rule-webhooks')).toEqual([]);
  });

  it('is given up at once where it refuses, and that is told for a day', async () => {
    hook.answer = { status: 400, body: 'no such rule' };
    const { follow } = begin();
    await follow([SPENT], NOW);
    expect((await notes('undelivered'))[0]?.body).toMatchObject({ reason: '400 no such rule', attempts: 1 });
    await follow([SPENT], NOW + MINUTE);
    expect(reported.get('rule-webhooks')?.[0]?.says).toContain('was given up: 400 no such rule');
    await follow([SPENT], NOW + DAY + MINUTE);
    expect(reported.get('rule-webhooks')).toEqual([]);
  });

  it('is told by the next process what the last one could not tell, and not again what it could', async () => {
    hook.answer = { status: 503 };
    const first = begin();
    await first.follow([SPENT], NOW);
    await heard(1);
    await eventually(() => (clock.sleepers > 0 ? true : undefined), 'it waits');
    await first[Symbol.asyncDispose]();
    hook.answer = { status: 204 };
    await begin().follow([SPENT], NOW + MINUTE);
    await heard(2);
    await notes('delivered');
    const third = begin();
    await third.follow([FINE], NOW + 2 * MINUTE);
    const received = await heard(3);
    expect(received.map(({ json }) => json)).toMatchObject(
      ['triggered', 'triggered', 'ended'].map((state) => ({ state })),
    );
  });
});

describe('a service that turns Red on enough events', () => {
  it('is noted, owes a game-day and a review in 14 days, and is told of when they are overdue', async () => {
    const { follow } = begin();
    await follow([SPENT], NOW);
    const obligations = async (atMs: number) => obligationsOf(await store.events({ kind: 'obligation' }), atMs);
    expect((await obligations(NOW)).map(({ duty, state, dueMs }) => [duty, state, dueMs])).toEqual([
      ['game-day', 'open', NOW + 14 * DAY],
      ['postmortem', 'open', NOW + 14 * DAY],
    ]);
    await begin().follow([SPENT], NOW + MINUTE);
    expect(await obligations(NOW)).toHaveLength(2);
    await follow([SPENT], NOW + 14 * DAY + MINUTE);
    expect(reported.get('obligations')?.map(({ rule, as }) => [rule, as])).toEqual([
      ['obligation-overdue', 'ticket'],
      ['obligation-overdue', 'ticket'],
    ]);
    const policy = (await store.events({ kind: 'service-rule' })).filter(
      ({ body }) => body['rule'] === 'error-budget-policy',
    );
    expect(policy.map(({ body }) => [body['to'], body['gate'], body['actions']])).toEqual([
      ['red', 'frozen', ['schedule a postmortem review with engineering and product leadership']],
    ]);
  });

  it('is noted as Yellow with its run books, and as Green again with regression tests for what was seen', async () => {
    const { follow } = begin();
    const yellow = judged([runs(STEP, 99_950, 50)]);
    const green = judged([runs(STEP, 100_000, 0)]);
    for (const [index, status] of [yellow, green].entries()) await follow([status], NOW + index * MINUTE);
    const events = await store.events({ kind: 'service-rule' });
    expect(events.map(({ body }) => [body['to'], body['gate'], body['actions']])).toEqual([
      ['yellow', 'needs-signoff', ['update the alert run books']],
      ['green', 'open', ['document regression tests for observed risks']],
    ]);
  });
});
