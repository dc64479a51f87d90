/** What becomes of a probe whose account is not proven paper, as its user sees it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger } from '../../store/ledger.ts';
import { answerJson, fakeVenue, type Script } from '../probes/paper-order/venue.ts';
import { cli, startCli } from '../support/cli.ts';
import { eventually } from '../support/servers.ts';
import { command } from './commands/support.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-paper-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A venue, and a configuration of one probe that trades there. */
async function trading(script: Script, part: object = {}) {
  const venue = await fakeVenue(script);
  const probe = {
    id: 'buy',
    kind: 'paper-order',
    service: 's',
    venue: 'primary',
    submit: { url: `${venue.url}/orders` },
    order: { symbol: 'BTCUSD', quantity: 0.001, reference_price: 50_000 },
    paper: { url: `${venue.url}/account`, json: { path: '$.mode', equals: 'paper' }, hosts: ['127.0.0.1'] },
    limits: { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute: 600 },
    every: '500ms',
    timeout: '500ms',
    ackDeadline: '100ms',
    fillDeadline: '200ms',
    ...part,
  };
  const document = { listen: false, loopTolerance: '10s', probes: [probe], objectives: [] };
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), JSON.stringify(document));
  return venue;
}

const live: Script['account'] = (response) => answerJson(response, 200, { mode: 'live' });
const WHY = 'expected $.mode to be "paper", got "live"; nothing was sent';

describe('an account that is not proven paper', () => {
  it('ends once with 4, and nothing was sent', async () => {
    await using venue = await trading({ account: live });
    const ended = await cli(['once', 'buy'], { folder });
    expect(ended).toMatchObject({ code: 4 });
    expect(ended.stdout).toContain(WHY);
    expect(venue.log).toEqual(['GET /account']);
  });

  it('disables the probe in run, which alerts, lowers its coverage and goes on', async () => {
    await using venue = await trading({ account: live });
    await using running = startCli(['run'], { folder });
    const text = `buy: disabled until the next start, its account is not proven paper: ${WHY}`;
    await eventually(() => (running.stderr().includes('"kind":"alert"') ? true : undefined), 'it has alerted');
    expect(running.stderr()).toContain(JSON.stringify(text).slice(1, -1));
    const results = () => {
      using ledger = new Ledger({ path: join(folder, 'pulsedrill.db'), readOnly: true });
      return [...ledger.results({ fromMs: 0, toMs: 8e15 })];
    };
    await eventually(() => (results().length >= 3 ? true : undefined), 'runs were skipped');
    running.process.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0 });
    const [first, second] = results();
    expect(first).toMatchObject({ outcome: 'fault', reason: 'not-paper', detail: WHY });
    expect(second).toMatchObject({
      outcome: 'skipped',
      reason: 'not-paper',
      detail: 'the probe is disabled: its account was not proven paper',
    });
    expect(venue.log).toEqual(['GET /account']);
    using ledger = new Ledger({ path: join(folder, 'pulsedrill.db'), readOnly: true });
    expect(ledger.events({ kind: 'alert' })).toMatchObject([
      {
        service: 's',
        subject: 'probe-disabled/buy',
        body: { type: 'opened', rule: 'probe-disabled', severity: 'SEV-2', as: 'page', says: text },
      },
    ]);
  });

  it('that cannot be reached is asked again at the next run', async () => {
    let asked = 0;
    await using venue = await trading({
      account: (response) => {
        asked += 1;
        answerJson(response, asked === 1 ? 503 : 200, { mode: 'paper' });
      },
    });
    await using running = startCli(['run'], { folder });
    await eventually(() => (venue.sent() > 0 ? true : undefined), 'an order has left');
    running.process.kill('SIGTERM');
    await running.ended;
    using ledger = new Ledger({ path: join(folder, 'pulsedrill.db'), readOnly: true });
    const [first] = ledger.results({ fromMs: 0, toMs: 8e15 });
    expect(first).toMatchObject({ outcome: 'bad', reason: 'proof-unreachable' });
  });
});

describe('an order beyond its limits', () => {
  it('ends once with 4, and is not sent', async () => {
    const limits = { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute: 1 };
    await using venue = await trading({}, { limits, every: '60s' });
    const ended = await cli(['once', 'buy', 'buy'], { folder });
    expect(ended.stdout).toContain(
      'expected at most 1 orders a minute, 1 have left and 1 would follow; nothing was sent',
    );
    expect(ended).toMatchObject({ code: 4 });
    expect(venue.sent()).toBe(1);
  });
});

describe('sweep', () => {
  const intended = (clientOrderId: string, probe = 'buy', atMs = 1) => {
    using ledger = new Ledger({ path: join(folder, 'pulsedrill.db') });
    ledger.intendOrder({ clientOrderId, probe, venue: 'primary', runId: `${probe}/1/a`, atMs });
  };
  const order = (client_order_id: string, status: string) => ({
    order_id: `of-${client_order_id}`,
    client_order_id,
    side: 'buy',
    quantity: 0.001,
    status,
    filled_quantity: status === 'filled' ? 0.001 : 0,
    ack_timestamp: 1,
    reject_reason: null,
  });

  it('finds what a dead run left, cancels what is open, and says so', async () => {
    await using venue = await trading({}, { flatten: true });
    for (const id of ['a', 'b', 'c']) intended(id);
    for (const known of [order('a', 'acknowledged'), order('b', 'filled')]) venue.orders.set(known.order_id, known);
    const swept = await command(folder, 'sweep');
    expect(swept).toEqual({
      code: 0,
      complained: '',
      printed: [
        'a: cancelled',
        'b: filled, 0.001 of 0.001 executed; a position of 0.001 BTCUSD may remain',
        'c: never arrived at the venue',
      ].join('\n'),
    });
    expect([venue.orders.get('of-a')?.status, venue.sent()]).toEqual(['cancelled', 0]);
    using ledger = new Ledger({ path: join(folder, 'pulsedrill.db'), readOnly: true });
    expect(ledger.openOrders()).toEqual([]);
    expect(ledger.events({ kind: 'order-swept' }).map(({ subject, body }) => [subject, body['how']])).toContainEqual([
      'a',
      'cancelled',
    ]);
    expect(await command(folder, 'sweep')).toMatchObject({ code: 0, printed: 'no paper order is open' });
  });

  it('ends with 1 when an order cannot be proven closed, and tells why', async () => {
    await using venue = await trading({ cancel: () => {} });
    intended('a');
    intended('b', 'gone');
    venue.orders.set('of-a', order('a', 'acknowledged'));
    const swept = await command(folder, 'sweep', '--wait', '1ms');
    expect(swept).toMatchObject({ code: 1, printed: '' });
    expect(swept.complained.split('\n').toSorted()).toEqual([
      'a: its status is acknowledged; not proven closed, sweep again',
      'b: its probe gone is not in the configuration; not proven closed, sweep again',
    ]);
    const json = JSON.parse((await command(folder, 'sweep', '--wait', '1ms', '--json')).printed);
    expect(json).toMatchObject({ closed: [], left: [{ clientOrderId: 'a', probe: 'buy' }, { clientOrderId: 'b' }] });
  });

  it('leaves the orders of a run that lives alone', async () => {
    await using venue = await trading({});
    await using running = startCli(['run'], { folder });
    await eventually(() => (venue.sent() > 0 ? true : undefined), 'it trades');
    const swept = await command(folder, 'sweep');
    expect(swept.code).toBe(4);
    expect(swept.complained).toMatch(/^sweep: "pulsedrill run" keeps this ledger \(.*\) and sweeps by itself/);
    running.process.kill('SIGTERM');
    await running.ended;
  });

  it('wants a duration', async () => {
    await using venue = await trading({});
    const asked = await command(folder, 'sweep', '--wait', 'long');
    expect(venue.log).toEqual([]);
    expect(asked).toEqual({
      code: 2,
      printed: '',
      complained: 'sweep: --wait: expected a duration such as "20s", got "long"',
    });
  });
});
