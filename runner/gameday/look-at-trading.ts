/** Asks the ledger and the venue what became of orders, positions and sequences. Changes nothing at either. */
import type { JSONValue } from 'json-p3';
import { request } from 'undici';
import type { Clock } from '../../probes/probe.ts';
import type { Result } from '../../store/result.ts';
import type { Store } from '../../store/store.ts';
import type { Configuration, PlannedProbe } from '../config/configuration.ts';
import { bounded } from './bounded.ts';
import {
  CONTINUOUS,
  FLAT,
  judgeOrders,
  judgePositions,
  judgeSequence,
  leastHeld,
  NO_DUPLICATES,
  NO_LOST,
  NONE_OPEN,
  readOrders,
  readPositions,
  unchecked,
  type Held,
  type Holding,
  type Invariant,
  type InvariantQuestion,
} from './invariants.ts';

export interface TradingOptions {
  readonly configuration: Pick<Configuration, 'probes' | 'gamedays'>;
  readonly store: Pick<Store, 'ordersSince' | 'results'>;
  readonly clock: Clock;
}

/** Orders that are under way at the end are given this long to end, and their positions to be closed. */
const PATIENCE_MS = 8_000;
const AGAIN_MS = 250;
/** What is held is looked at for this long before it is taken for what stays. */
const LEAST_MS = 2_500;
const ASK_MS = 3_000;
const MOST_BYTES = 32_000_000;

export async function lookAtTrading(
  options: TradingOptions,
  question: InvariantQuestion,
  signal: AbortSignal,
): Promise<readonly Invariant[]> {
  const { probes } = options.configuration;
  const traders = probes.filter(({ kind }) => kind === 'paper-order');
  const untilMs = options.clock.monotonicMs() + (question.patienceMs ?? PATIENCE_MS);
  const ordersLook = () => lookAtOrders(traders, options, question, signal);
  const flatLook = async () => [await lookAtPositions(traders, options, question.before, signal)];
  const [orders, flat, sequence] = await Promise.all([
    untilKept(ordersLook, untilMs, options.clock, signal),
    untilKept(flatLook, untilMs, options.clock, signal),
    lookAtSequence(probes, options, question),
  ]);
  return [...orders, ...flat, sequence];
}

/** What is not so yet may be so in a moment: only what stays is broken. */
async function untilKept(
  look: () => Promise<readonly Invariant[]>,
  untilMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Invariant[]> {
  for (;;) {
    const found = await look();
    const isKept = found.every(({ ok }) => ok !== false);
    if (isKept || signal.aborted || clock.monotonicMs() >= untilMs) return found;
    await clock.sleep(AGAIN_MS, signal).catch(() => undefined);
  }
}

const ABOUT_ORDERS = [NO_DUPLICATES, NO_LOST, NONE_OPEN] as const;
const NO_TRADERS = 'no paper-order probe is configured';

async function lookAtOrders(
  traders: readonly PlannedProbe[],
  { configuration, store, clock }: TradingOptions,
  { fromMs, toMs }: InvariantQuestion,
  signal: AbortSignal,
): Promise<readonly Invariant[]> {
  const not = (why: string): readonly Invariant[] => ABOUT_ORDERS.map((name) => unchecked(name, why));
  const { trading } = configuration.gamedays;
  if (traders.length === 0) return not(NO_TRADERS);
  if (trading?.orders === undefined) return not('gamedays.trading.orders is not configured');
  const own = (await store.ordersSince(fromMs)).filter(({ atMs }) => atMs <= toMs);
  if (own.length === 0) return not('no order was sent while it ran');
  const asked = await ask(trading.orders.url, trading.headers, clock, signal);
  if (!asked.ok) return not(`the venue's list of orders could not be had: ${asked.why}`);
  const listed = readOrders(asked.json, trading.orders);
  if (listed === null) return not(`the venue's answer has no orders at ${trading.orders.path}`);
  return judgeOrders(own, listed, await acknowledgedRuns(traders, store, fromMs, clock.wallMs()));
}

async function acknowledgedRuns(
  traders: readonly PlannedProbe[],
  store: TradingOptions['store'],
  fromMs: number,
  toMs: number,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const { id, timeoutMs } of traders) {
    // A run writes its intent down after it was due.
    for await (const { runId, readings } of store.results({ fromMs: fromMs - timeoutMs, toMs, probe: id })) {
      const isAcked = readings.some(
        (reading) => reading.type === 'duration' && reading.indicator === 'ack' && reading.ms !== null,
      );
      if (isAcked) found.add(runId);
    }
  }
  return found;
}

async function lookAtPositions(
  traders: readonly PlannedProbe[],
  options: Pick<TradingOptions, 'configuration' | 'clock'>,
  before: Held | undefined,
  signal: AbortSignal,
): Promise<Invariant> {
  const why = whyNoPositions(traders, options);
  if (why !== null) return unchecked(FLAT, why);
  const holding = await askPositions(traders, options, signal);
  return holding.ok ? judgePositions(holding, symbolsOf(traders), before) : unchecked(FLAT, holding.why);
}

/**
 * What is held before anything is broken: the least of a few looks, since a run of ours may have something open for a
 * moment. Null: nobody would look at positions afterwards either.
 */
export async function lookAtHolding(
  options: Pick<TradingOptions, 'configuration' | 'clock'>,
  signal: AbortSignal,
): Promise<Holding | null> {
  const { configuration, clock } = options;
  const traders = configuration.probes.filter(({ kind }) => kind === 'paper-order');
  if (whyNoPositions(traders, options) !== null) return null;
  const untilMs = clock.monotonicMs() + LEAST_MS;
  let least = await askPositions(traders, options, signal);
  while (least.ok && Object.keys(least.held).length > 0 && clock.monotonicMs() < untilMs && !signal.aborted) {
    await clock.sleep(AGAIN_MS, signal).catch(() => undefined);
    const again = await askPositions(traders, options, signal);
    if (again.ok) least = { ok: true, held: leastHeld(least.held, again.held) };
  }
  return least;
}

function whyNoPositions(
  traders: readonly PlannedProbe[],
  { configuration }: Pick<TradingOptions, 'configuration'>,
): string | null {
  if (traders.length === 0) return NO_TRADERS;
  const keepers = traders.filter(({ spec }) => spec.kind === 'paper-order' && !spec.flatten && mayFill(spec));
  if (keepers.length > 0) return `${keepers.map(({ id }) => id).join(', ')} keeps what it buys (flatten: false)`;
  return configuration.gamedays.trading?.positions === undefined
    ? 'gamedays.trading.positions is not configured'
    : null;
}

async function askPositions(
  traders: readonly PlannedProbe[],
  { configuration, clock }: Pick<TradingOptions, 'configuration' | 'clock'>,
  signal: AbortSignal,
): Promise<Holding> {
  const { trading } = configuration.gamedays;
  if (trading?.positions === undefined) return { ok: false, why: 'gamedays.trading.positions is not configured' };
  const asked = await ask(trading.positions.url, trading.headers, clock, signal);
  if (!asked.ok) return { ok: false, why: `the venue's positions could not be had: ${asked.why}` };
  return readPositions(asked.json, trading.positions, symbolsOf(traders));
}

function symbolsOf(traders: readonly PlannedProbe[]): ReadonlySet<string> {
  return new Set(traders.flatMap(({ spec }) => (spec.kind === 'paper-order' ? [spec.order.symbol] : [])));
}

type PaperOrder = Extract<PlannedProbe['spec'], { kind: 'paper-order' }>;

function mayFill({ expectFill, order }: PaperOrder): boolean {
  return expectFill ?? order.order_type === 'market';
}

async function lookAtSequence(
  probes: readonly PlannedProbe[],
  { store, clock }: TradingOptions,
  { soundMs }: InvariantQuestion,
): Promise<Invariant> {
  const feeds = probes.filter(({ kind }) => kind === 'market-data');
  if (feeds.length === 0) return unchecked(CONTINUOUS, 'no market-data probe is configured');
  const results: Result[] = [];
  for (const { id } of feeds) {
    for await (const result of store.results({ fromMs: soundMs, toMs: clock.wallMs(), probe: id })) {
      if (result.startedMs >= soundMs) results.push(result);
    }
  }
  return judgeSequence(results);
}

type Asked = { readonly ok: true; readonly json: JSONValue } | { readonly ok: false; readonly why: string };

async function ask(
  url: string,
  headers: Readonly<Record<string, string>>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Asked> {
  const answer = await bounded(
    async (inner): Promise<Asked> => {
      const response = await request(url, { headers: { ...headers, accept: 'application/json' }, signal: inner });
      const length = Number(response.headers['content-length'] ?? 0);
      if (length > MOST_BYTES) {
        response.body.destroy();
        return { ok: false, why: `${length} bytes are more than ${MOST_BYTES}` };
      }
      const text = await response.body.text();
      if (response.statusCode !== 200) return { ok: false, why: `status ${response.statusCode}` };
      const json: JSONValue = JSON.parse(text);
      return { ok: true, json };
    },
    clock,
    ASK_MS,
    signal,
  );
  return answer.ok ? answer.value : { ok: false, why: answer.why };
}
