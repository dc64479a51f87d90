import { reprieve } from '../deadline.ts';
import type { ProbeEnvironment } from '../kind.ts';
import { bad, fault, type Verdict } from '../network.ts';
import { NO_PHASES, type Observation, type OrderIntent, type Probe, type RunContext, type Swept } from '../probe.ts';
import { Channel } from './channel.ts';
import { Cue } from './cue.ts';
import { flatness } from './flat.ts';
import { Guard } from './guard.ts';
import { compareDecimals, RateCap } from './limits.ts';
import { observed } from './observed.ts';
import { backOf, intentOf, orderOf, type Order } from './order.ts';
import type { PaperOrderSpec } from './spec.ts';
import { resolveDoubts, sweepOne } from './sweep.ts';
import { repeatProblem, trade, type Means, type Trade } from './trade.ts';
import { Venue } from './venue.ts';

/** What lives from run to run of one probe. */
interface Memory {
  readonly rate: RateCap;
  /** Orders whose end earlier runs of this process could not prove. */
  readonly doubtful: OrderIntent[];
}

/** What a run that is stopped, or whose time is up, may still take to put its position back, ms; its fill's deadline if shorter. */
const WAY_BACK_MS = 3000;

/**
 * One order a run: limits → subscriptions → proof that the account is paper → intent in the ledger → signal → submit →
 * ack → fill or cancel → nothing left.
 */
export function openPaperOrder(spec: PaperOrderSpec, _environment: ProbeEnvironment): Probe {
  const memory: Memory = { rate: new RateCap(spec.limits.maxPerMinute), doubtful: [] };
  return {
    async run(ctx) {
      const transcript: string[] | null = ctx.verbose ? [] : null;
      await using venue = new Venue(spec, ctx.clock, transcript);
      const observation = await runOnce(spec, venue, memory, ctx);
      return transcript === null ? observation : { ...observation, transcript };
    },
    async sweep(left, ctx) {
      await using venue = new Venue(spec, ctx.clock, null);
      const swept: Swept[] = [];
      for (const intent of left) swept.push(await sweepOne(spec, venue, intent, ctx));
      return swept;
    },
  };
}

async function runOnce(spec: PaperOrderSpec, venue: Venue, memory: Memory, ctx: RunContext): Promise<Observation> {
  // Half of what the order itself does not need; the other half is for cleaning up.
  const spareMs = Math.max(0, ctx.timeoutMs - spec.fillDeadline - (spec.signal?.within ?? 0));
  const guard = new Guard(spec, memory.rate, venue, ctx, spareMs / 2);
  const objection = guard.objection(spec.flatten ? 2 : 1);
  if (objection !== null) return nothingSent(objection);
  if (memory.doubtful.length > 0) await resolveDoubts(spec, venue, memory.doubtful, spareMs / 4, ctx);

  const within = { signal: ctx.signal, ms: spareMs / 2 };
  const [listening, signalled] = await Promise.all([
    spec.channel === undefined ? null : Channel.open(spec.channel, spec, ctx.clock, within),
    spec.signal === undefined ? null : Cue.open(spec.signal, spec, ctx.clock, within),
  ]);
  await using channel = listening?.ok === true ? listening.channel : null;
  await using cue = signalled?.ok === true ? signalled.cue : null;
  for (const opened of [listening, signalled]) {
    if (opened?.ok === false) return nothingSent(opened.verdict);
  }

  const startMs = ctx.clock.monotonicMs();
  const unproven = await guard.prove();
  if (unproven !== null) return nothingSent(unproven);
  const proofMs = ctx.clock.monotonicMs() - startMs;
  if (ctx.signal.aborted) return nothingSent(fault('aborted', 'the run was stopped before its order left'));

  const first = orderOf(spec, ctx);
  const traded = await trade(spec, first, { venue, guard, channel, cue }, ctx);
  if (!traded.closed) memory.doubtful.push(intentOf(first, spec, ctx));
  // A position outlives the process: whoever stops the run must not find it later.
  using back = reprieve(ctx.clock, Math.min(WAY_BACK_MS, spec.fillDeadline), ctx.signal);
  const means = { venue, guard, channel, cue: null };
  const left = await leave(spec, means, memory, first, traded, { ...ctx, signal: back.signal });
  const repeats = channel === null ? null : await repeatsOf(spec, channel, first, traded, ctx);
  const repeated = repeats === null ? null : repeatProblem(repeats);
  const over = compareDecimals(traded.executed, first.quantity) > 0;
  const tooMuch = over ? `${traded.executed} executed of ${first.quantity}` : null;
  const doubled = [repeated, tooMuch].filter((text) => text !== null).join(', ');
  return observed(spec, traded, ctx, {
    verdict: gravest(traded.verdict, left.problem, doubled === '' ? null : bad('duplicate', doubled)),
    values: {
      proofMs,
      doubtful: memory.doubtful.length,
      ...(channel === null ? {} : { channelBreaks: channel.isUp ? 0 : 1 }),
      ...(repeats === null ? {} : { duplicateAcks: repeats.acks, duplicateFills: repeats.fills }),
      ...(spec.positions === undefined ? {} : { position: left.position }),
    },
  });
}

function nothingSent({ outcome, reason, detail }: Verdict): Observation {
  return { outcome, reason, detail, phases: NO_PHASES, readings: [], values: {} };
}

/** What is left behind outranks how the order went; what says nothing about the venue outranks both. */
function gravest(traded: Verdict, left: Verdict | null, doubled: Verdict | null): Verdict {
  if (traded.outcome === 'fault' || traded.outcome === 'excluded' || traded.reason === 'left-open') return traded;
  if (left === null) return traded.outcome === 'good' ? (doubled ?? traded) : traded;
  const before = traded.reason === null ? '' : ` (before that: ${traded.reason})`;
  return { ...left, detail: `${left.detail}${before}` };
}

interface Left {
  readonly problem: Verdict | null;
  /** Null: nobody asked, or the venue does not say. */
  readonly position: number | null;
}

/** The way back, and what the venue then says of the position. */
async function leave(
  spec: PaperOrderSpec,
  means: Means,
  memory: Memory,
  first: Order,
  traded: Trade,
  ctx: RunContext,
): Promise<Left> {
  const stuck = spec.flatten && traded.executed !== '0' ? await flatten(spec, means, memory, first, traded, ctx) : null;
  if (spec.positions === undefined || stuck?.reason === 'aborted') return { problem: stuck, position: null };
  const flat = await flatness(spec, spec.positions, means.venue, ctx);
  if (flat.isFlat) return { problem: stuck, position: 0 };
  if (ctx.signal.aborted && flat.position === null) return { problem: stuck, position: null };
  const { position, why } = flat;
  return { problem: bad('not-flat', stuck === null ? why : `${why}; ${stuck.detail}`), position };
}

/** The opposite order, so that the position ends where it began. Null: it worked. */
async function flatten(
  spec: PaperOrderSpec,
  means: Means,
  memory: Memory,
  first: Order,
  traded: Trade,
  ctx: RunContext,
): Promise<Verdict | null> {
  const back = backOf(first, traded.executed, ctx);
  if (means.channel?.isUp === false) means.guard.doubt();
  const undone = await trade({ ...spec, expectFill: true }, back, means, ctx);
  if (!undone.closed) memory.doubtful.push(intentOf(back, spec, ctx));
  const { outcome, reason, detail } = undone.verdict;
  if (outcome === 'good') return null;
  if (reason === 'aborted') return undone.verdict;
  return bad(
    'not-flat',
    `a position of ${back.quantity} ${back.symbol} was not flattened: ${detail ?? 'no reason given'}`,
  );
}

/** What is told twice may come a little later. */
async function repeatsOf(
  spec: PaperOrderSpec,
  channel: Channel,
  { clientOrderId }: Order,
  traded: Trade,
  ctx: RunContext,
) {
  const lingerMs = spec.channel?.linger ?? 0;
  if (traded.isSubmitted && channel.isUp) await ctx.clock.sleep(lingerMs, ctx.signal).catch(() => {});
  return channel.repeats(clientOrderId);
}
