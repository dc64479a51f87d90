import { bad, excluded, fault, isTimeout, type Verdict } from '../network.ts';
import { NO_PHASES, type Phases, type RunContext } from '../probe.ts';
import type { Channel, Repeats } from './channel.ts';
import type { Cue, Heard } from './cue.ts';
import type { Guard, Permit } from './guard.ts';
import { Life } from './life.ts';
import { intentOf, type Order } from './order.ts';
import { ending, type Settled } from './settle.ts';
import type { PaperOrderSpec } from './spec.ts';
import { orderState } from './state.ts';
import type { Asked } from './asked.ts';
import type { Venue } from './venue.ts';

/** What an order goes through. */
export interface Means {
  readonly venue: Venue;
  readonly guard: Guard;
  /** Null: the venue is asked. */
  readonly channel: Channel | null;
  /** Null: the order leaves at once. */
  readonly cue: Cue | null;
}

/** The life of one order, from its intent to its end. */
export interface Trade {
  readonly verdict: Verdict;
  readonly phases: Phases;
  /** It was handed to the venue; otherwise nothing here says anything about one. */
  readonly isSubmitted: boolean;
  /** Status of the submission's answer. */
  readonly status: number | null;
  /** From submit, monotonic; null: never. */
  readonly ackMs: number | null;
  readonly fillMs: number | null;
  readonly cancelMs: number | null;
  /** The signal that it answered. */
  readonly heard: Heard | null;
  /** Monotonic ms from which on what is measured was measured: the signal, or the submission; null: nothing was. */
  readonly measuredSinceMs: number | null;
  /** From the signal to the submission. */
  readonly reactionMs: number | null;
  /** Decimal text. */
  readonly executed: string;
  readonly rejectReason: string | null;
  readonly polls: number;
  /** Its end is proven by the venue, or it never left. */
  readonly closed: boolean;
}

/** Answers after which it is not certain that the venue did nothing. */
const UNCERTAIN: ReadonlySet<number> = new Set([408, 409, 425]);

/**
 *     intent ── [signal] ── permit ── submit ── ack ── fill
 *     (ledger)     │       (guard)      └─ ack ──┘      │     both deadlines count from submit
 *                  │                    └─ order-fill ──┤
 *                  └─ signal-ack, signal-fill ──────────┘
 *
 * The intent comes before the signal, so that no disk is waited for between the signal and the order. Whatever happens,
 * what may be open at the end is cancelled and its end verified.
 */
export async function trade(spec: PaperOrderSpec, order: Order, means: Means, ctx: RunContext): Promise<Trade> {
  const { venue, guard, channel, cue } = means;
  const { clientOrderId } = order;
  const life = new Life(spec, order, venue, channel, ctx);
  await ctx.orders.intend(intentOf(order, spec, ctx));
  const cued = cue === null ? null : await answered(cue, guard, spec, ctx);
  const ruling =
    cued !== null && 'outcome' in cued ? { ok: false as const, verdict: cued } : await guard.permit(order, ctx.signal);
  if (!ruling.ok) {
    await ctx.orders.close(clientOrderId, `never sent: ${ruling.verdict.detail}`);
    return tell(life, ruling.verdict, null, null, true);
  }
  const heard = cued !== null && 'atMs' in cued ? cued : null;
  return await carryOut(life, ruling.permit, heard, channel, ctx);
}

/** A connection that was lost while the signal was waited for has to be proven again; the next signal is answered then. */
const MOST_PROOFS = 3;

async function answered(cue: Cue, guard: Guard, spec: PaperOrderSpec, ctx: RunContext): Promise<Heard | Verdict> {
  const byMs = ctx.clock.monotonicMs() + (spec.signal?.within ?? 0);
  for (let proofs = 0; ; proofs++) {
    const heard = await cue.next(byMs - ctx.clock.monotonicMs(), ctx.signal);
    if (ctx.signal.aborted) return fault('aborted', 'the run was stopped before its order left');
    if ('outcome' in heard || guard.stands || proofs === MOST_PROOFS) return heard;
    const problem = await guard.prove();
    if (problem !== null) return problem;
  }
}

async function carryOut(
  life: Life,
  permit: Permit,
  heard: Heard | null,
  channel: Channel | null,
  ctx: RunContext,
): Promise<Trade> {
  const { clientOrderId } = life.order;
  const asked = await life.submit(permit);
  const refused = refusal(asked);
  if (refused !== null) {
    await ctx.orders.close(clientOrderId, `never placed: ${refused.detail}`);
    return tell(life, refused, asked, heard, true);
  }
  const broken = breakage(asked, life, ctx);
  if (broken === null) await life.watch();
  const verdict = broken ?? life.verdict();
  const settled = await life.close();
  if (settled.kind === 'closed') await ctx.orders.close(clientOrderId, ending(settled.state, life.order));
  const told = broken === null && channel !== null ? untold(verdict, settled, life) : verdict;
  return tell(life, leftOpen(told, settled, life, ctx), asked, heard, settled.kind === 'closed');
}

/** The venue, or the way to it, says for certain that there is no order. */
function refusal({ answer, json }: Asked): Verdict | null {
  if (answer.failure !== null) return answer.sent ? null : answer.failure;
  const status = answer.status ?? 0;
  if (status < 400 || status >= 500 || UNCERTAIN.has(status)) return null;
  const code = errorCode(json);
  const detail = `the order was refused with status ${status}${code === null ? '' : ` (${code})`}`;
  return excluded(
    code !== null && /risk|margin|balance|exposure|insufficient/i.test(code) ? 'risk-rejected' : 'http-4xx',
    detail,
  );
}

function errorCode(json: Asked['json']): string | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const code = json['error'] ?? json['code'] ?? json['reason'];
  return typeof code === 'string' ? code : null;
}

/** Why the submission got no usable answer, although the order may exist; null when it got one, or the channel knows it. */
function breakage({ answer, json }: Asked, life: Life, ctx: RunContext): Verdict | null {
  if (answer.failure !== null) {
    const { failure } = answer;
    // Without an answer within the deadline there was no acknowledgement within it: that is what is asked here.
    return failure.reason === 'timeout' && !ctx.signal.aborted && life.ackMs === null
      ? bad('never-acked', `the submission was not answered: ${failure.detail}`)
      : failure;
  }
  const status = answer.status ?? 0;
  if (status >= 500) return bad('http-5xx', `expected an order, got status ${status}`);
  if (status >= 300) return bad(status >= 400 ? 'http-4xx' : 'http-3xx', `expected an order, got status ${status}`);
  if (orderState(json) === null)
    return bad('protocol', 'expected an order with order_id and status, got something else');
  return null;
}

/** The channel was silent about what the venue, once asked, knows. */
function untold(verdict: Verdict, settled: Settled, { order }: Life): Verdict {
  if (settled.kind !== 'closed' || (verdict.reason !== 'never-acked' && verdict.reason !== 'not-filled'))
    return verdict;
  const { state } = settled;
  const isKnown = verdict.reason === 'never-acked' ? state.answered : state.standing === 'filled';
  if (!isKnown) return verdict;
  return bad(verdict.reason, `${verdict.detail}; the order channel did not tell: ${ending(state, order)}`);
}

function leftOpen(verdict: Verdict, settled: Settled, life: Life, ctx: RunContext): Verdict {
  if (ctx.signal.aborted && !isTimeout(ctx.signal.reason))
    return fault('aborted', 'the run was stopped before it ended');
  if (settled.kind === 'closed') return verdict;
  // An order of which the venue has never told us anything may be on its way; the next run asks again.
  if (settled.kind === 'absent' && life.state === null) return verdict;
  const why = settled.kind === 'absent' ? 'the venue does not know it any more' : settled.why;
  const before = verdict.reason === null ? '' : ` (before that: ${verdict.reason})`;
  return bad('left-open', `order ${life.order.clientOrderId} could not be closed: ${why}${before}`);
}

function tell(life: Life, verdict: Verdict, asked: Asked | null, heard: Heard | null, closed: boolean): Trade {
  return {
    verdict,
    phases: asked?.answer.sent === true ? asked.answer.phases : NO_PHASES,
    isSubmitted: asked !== null,
    status: asked?.answer.status ?? null,
    ackMs: life.ackMs,
    fillMs: life.fillMs,
    cancelMs: life.cancelMs,
    heard,
    measuredSinceMs: asked === null ? null : (heard?.atMs ?? life.submittedMs),
    reactionMs: heard === null ? null : life.submittedMs - heard.atMs,
    executed: life.executed,
    rejectReason: life.state?.standing === 'rejected' ? (life.state.rejectReason ?? 'no reason given') : null,
    polls: life.polls,
    closed,
  };
}

/** More than one of what there can be only one of; null when all is as it should be. */
export function repeatProblem({ acks, fills }: Repeats): string | null {
  const told = [
    ...(acks > 0 ? [`acknowledged ${acks + 1} times`] : []),
    ...(fills > 0 ? [`${fills} ${fills === 1 ? 'fill' : 'fills'} told again`] : []),
  ];
  return told.length === 0 ? null : told.join(', ');
}
