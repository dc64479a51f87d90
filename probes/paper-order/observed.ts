import type { Verdict } from '../network.ts';
import { isWithin, thresholdKey, type Observation, type Reading, type RunContext } from '../probe.ts';
import { fillExpected, type PaperOrderSpec } from './spec.ts';
import type { Trade } from './trade.ts';

interface Rest {
  readonly verdict: Verdict;
  readonly values: Observation['values'];
}

/** One order's life as an observation. */
export function observed(spec: PaperOrderSpec, traded: Trade, ctx: RunContext, { verdict, values }: Rest): Observation {
  const { outcome, reason, detail } = verdict;
  const counts = traded.isSubmitted && (outcome === 'good' || outcome === 'bad');
  const { heard } = traded;
  return {
    outcome,
    reason,
    detail,
    phases: traded.phases,
    readings: counts ? readingsOf(spec, traded) : [],
    // What held this process up while it waited for a proof or a signal spoils no figure.
    ...(traded.measuredSinceMs === null ? {} : { measuredSinceMs: traded.measuredSinceMs }),
    values: {
      status: traded.status,
      polls: traded.polls,
      cancelMs: traded.cancelMs,
      ...(heard === null ? {} : { reactionMs: traded.reactionMs, signalAgeMs: heard.ageMs }),
      ...(counts ? acknowledged(traded, ctx) : {}),
      ...(traded.rejectReason === null ? {} : { [`rejected:${word(traded.rejectReason)}`]: 1 }),
      ...values,
    },
  };
}

function readingsOf(spec: PaperOrderSpec, traded: Trade): readonly Reading[] {
  const { ackMs, fillMs, reactionMs } = traded;
  const { symbol, quantity, price, reference_price: reference } = spec.order;
  const sinceSignal = (ms: number | null): number | null =>
    ms === null || reactionMs === null ? null : ms + reactionMs;
  const fills = fillExpected(spec);
  const worth = price ?? reference;
  return [
    { type: 'duration', indicator: 'ack', ms: ackMs },
    ...(spec.signal === undefined ? [] : [duration('signal-ack', sinceSignal(ackMs))]),
    ...(fills ? [duration('order-fill', fillMs)] : []),
    ...(fills && spec.signal !== undefined ? [duration('signal-fill', sinceSignal(fillMs))] : []),
    ...(fills || isEndedOtherwise(traded) ? [] : [duration('order-cancel', traded.cancelMs)]),
    ...(fills
      ? [
          {
            type: 'quantity' as const,
            submitted: quantity,
            executed: traded.executed,
            symbol,
            ...(worth === undefined ? {} : { price: worth }),
          },
        ]
      : []),
  ];
}

/** Filled, rejected or expired before our cancel, or never there to be cancelled. */
function isEndedOtherwise({ ackMs, cancelMs, closed }: Trade): boolean {
  return ackMs === null || (cancelMs === null && closed);
}

type Measured = 'signal-ack' | 'signal-fill' | 'order-fill' | 'order-cancel';

function duration(indicator: Measured, ms: number | null): Reading {
  return { type: 'duration', indicator, ms };
}

/** 1 or 0 for each limit that an objective sets on the acknowledgement. */
function acknowledged({ ackMs }: Trade, ctx: RunContext): Observation['values'] {
  const within = ctx.thresholds('ack').map((limit) => {
    const isKept = ackMs !== null && isWithin(ackMs, limit);
    return [`acked:${thresholdKey(limit)}`, isKept ? 1 : 0] as const;
  });
  return Object.fromEntries(within);
}

/** A venue's reason as a short word: what varies from order to order, such as numbers, would make a name each time. */
function word(reason: string): string {
  const letters = reason.toLowerCase().replaceAll(/[^a-z]+/g, '-');
  return letters.replaceAll(/^-+|-+$/g, '').slice(0, 40) || 'unnamed';
}
