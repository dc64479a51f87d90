/** Paper orders and kill -9: none stays open, none is lost from the record, and the sweep says what it found. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { startSandbox, type Sandbox } from '../../sandbox/start.ts';
import { seededRandom } from '../../scenarios/random.ts';
import { cli, startCli, type CliOptions, type Started } from '../support/cli.ts';
import { eventually } from '../support/servers.ts';
import { ROUNDS, SEED } from './seed.ts';

let sandbox: Sandbox;
let options: CliOptions = { folder: '' };
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-orders-'));
  const ackLatency = { type: 'uniform' as const, minMs: 20, maxMs: 500 };
  sandbox = await startSandbox({ ticksPerSecond: 50, knobs: { exchanges: { ackLatency, neverAckRatio: 0.2 } } });
  options = { folder, env: { TP_TOKEN: sandbox.token } };
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), JSON.stringify(document(sandbox)));
});
afterEach(async () => {
  await sandbox.stop();
  rmSync(options.folder, { recursive: true, force: true });
});

/** Each way in which an order can live: asked after, told by the channel, and answering a signal; filled and resting. */
function document({ venueUrl, wsUrl }: Sandbox): object {
  const market = { symbol: 'BTCUSD', quantity: 0.001, reference_price: 50_000 };
  const channel = { url: wsUrl };
  const probe = (id: string, part: object) => ({
    id,
    kind: 'paper-order',
    service: 'order-execution',
    venue: 'primary',
    headers: { authorization: 'Bearer ${TP_TOKEN}' },
    submit: { url: `${venueUrl}/api/v1/orders` },
    order: market,
    paper: {
      url: `${venueUrl}/api/v1/account`,
      account: { path: '$.account_id', matches: '^PAPER-' },
      hosts: [new URL(venueUrl).hostname],
    },
    limits: { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute: 600 },
    every: '1500ms',
    timeout: '1500ms',
    ackDeadline: '400ms',
    fillDeadline: '600ms',
    ...part,
  });
  return {
    environment: 'sandbox',
    listen: false,
    loopTolerance: '10s',
    probes: [
      probe('resting', { order: { symbol: 'BTCUSD', order_type: 'limit', quantity: 0.001, price: 1 } }),
      probe('asked', { flatten: true }),
      probe('told', { flatten: true, channel }),
      probe('signalled', { channel, signal: { url: wsUrl, within: '500ms' } }),
    ],
    objectives: [],
  };
}

const ordersSchema = z.object({
  orders: z.array(z.object({ client_order_id: z.string().nullish(), order_id: z.string(), status: z.string() })),
});

async function ordersAt(url: string) {
  return ordersSchema.parse(await (await fetch(url)).json()).orders;
}

/** What is truly open, by the exchange itself. */
async function openAtExchange(): Promise<readonly string[]> {
  const known = new Map((await ordersAt(`${sandbox.controls.venue}/orders`)).map((each) => [each.order_id, each]));
  const open = await ordersAt(`${sandbox.controls.primary}/orders/open`);
  return open.map(({ order_id }) => known.get(order_id)?.client_order_id ?? order_id);
}

interface Recorded {
  readonly id: string;
  readonly how: string | null;
}

function inLedger(): readonly Recorded[] {
  using db = new DatabaseSync(join(options.folder, 'pulsedrill.db'), { readOnly: true });
  const rows = db.prepare('SELECT client_order_id AS id, how FROM orders').all();
  return z.array(z.object({ id: z.string(), how: z.string().nullable() })).parse(rows);
}

function sweptInLedger(): ReadonlySet<string> {
  using db = new DatabaseSync(join(options.folder, 'pulsedrill.db'), { readOnly: true });
  const rows = db.prepare("SELECT subject FROM events WHERE kind = 'order-swept'").all();
  return new Set(
    z
      .array(z.object({ subject: z.string() }))
      .parse(rows)
      .map(({ subject }) => subject),
  );
}

const openInLedger = (): readonly string[] => inLedger().flatMap(({ id, how }) => (how === null ? [id] : []));

async function started(running: Started): Promise<void> {
  await eventually(() => (/runner-started/.test(running.stderr()) ? true : undefined), 'it has started');
}

async function runAndKill(afterMs: number): Promise<void> {
  await using running = startCli(['run'], options);
  await started(running);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  running.process.kill('SIGKILL');
  await running.ended;
}

/** An order that the venue does not know may be on its way for ten seconds. */
const SWEPT_WITHIN_MS = 40_000;

async function sweepByHand(left: readonly string[]): Promise<void> {
  const ended = await cli(['sweep', '--wait', `${SWEPT_WITHIN_MS}ms`], options);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(left.filter((id) => !ended.stdout.includes(`${id}: `))).toEqual([]);
}

/** The next start sweeps what the killed one left, beside its own orders, and ends in order. */
async function runUntilSwept(left: readonly string[]): Promise<void> {
  await using running = startCli(['run'], options);
  await started(running);
  const isSwept = (): boolean => left.every((id) => !openInLedger().includes(id));
  await eventually(() => (isSwept() ? true : undefined), 'what was left open is swept', SWEPT_WITHIN_MS);
  running.process.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0 });
}

test(
  `after ${ROUNDS} kills at random moments no order stays open and none is lost from the record (PULSEDRILL_SEED=${SEED})`,
  { timeout: 60_000 + ROUNDS * 60_000 },
  async () => {
    const random = seededRandom(SEED, 'orders');
    let swept = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await runAndKill(300 + random() * 3500);
      const left = openInLedger();

      await (round % 2 === 0 ? sweepByHand(left) : runUntilSwept(left));

      expect(openInLedger()).toEqual([]);
      expect(await openAtExchange()).toEqual([]);
      const said = sweptInLedger();
      expect(left.filter((id) => !said.has(id))).toEqual([]);
      await expectTheSameStory();
      swept += left.length;
    }
    // Otherwise nothing of this was put to the test.
    expect(swept).toBeGreaterThan(0);
  },
);

/** The record knows every order that the venue has ever had, and tells the same end. */
async function expectTheSameStory(): Promise<void> {
  const how = new Map(inLedger().map((order) => [order.id, order.how]));
  const atVenue = await ordersAt(`${sandbox.controls.venue}/orders`);
  const told = atVenue.map(({ client_order_id: id, status }) => [id, status, how.get(id ?? '')?.startsWith(status)]);
  expect(told.filter(([, , isSame]) => isSame !== true)).toEqual([]);
  const known = new Set(atVenue.map((order) => order.client_order_id));
  const unknown = [...how].filter(([id]) => !known.has(id)).map(([, end]) => end ?? '');
  expect(unknown.filter((end) => !end.startsWith('never '))).toEqual([]);
}
