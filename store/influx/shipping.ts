/**
 * One batch after the other from the ledger to InfluxDB. While one is on its way the next of its stream is made, in slices
 * with a rest between them, so that neither the request under way nor the thread that measures waits long for a core; of each
 * stream at most one is ahead, and it leaves only when the one before it has arrived.
 */
import { setTimeout as rest } from 'node:timers/promises';
import type { Ledger } from '../ledger.ts';
import type { OutboxStream, Shipping } from '../outbox.ts';
import type { InfluxWriter } from './write.ts';

/** What is to be shipped: what comes after the follower's cursor. */
export interface Order extends Shipping {
  readonly stream: OutboxStream;
  /** The cursor's name. */
  readonly name: string;
  /** Up to where all has arrived, where that may not stand in the cursor yet; null: the cursor says. */
  readonly after: number | null;
  readonly rows: number;
}

/** What became of it. The cursor may move to `upTo` only where nothing was held. */
export interface Shipment {
  /** Null: nothing waits. */
  readonly upTo: number | null;
  /** Whether more may wait. */
  readonly more: boolean;
  readonly lines: number;
  readonly rejected: readonly Rejected[];
  /** Why nothing of it counts as shipped. */
  readonly held: { readonly why: string; readonly retryAfterMs: number | null } | null;
}

export interface Rejected {
  readonly line: string;
  readonly why: string;
}

interface Page {
  readonly after: number;
  readonly madeMs: number;
  /** Lines, a line feed between two: one flat text, because thousands of half-built ones are what garbage collection takes longest over. */
  readonly body: string;
  readonly lines: number;
  readonly upTo: number | null;
  readonly more: boolean;
}

/** Rows made at a time: about two milliseconds. */
const SLICE_ROWS = 100;
/** In between. */
const REST_MS = 1;
/** What was made longer ago says too little of when it was written. */
const STALE_MS = 10_000;

export interface Shipper {
  ship(order: Order, signal: AbortSignal): Promise<Shipment>;
}

export function createShipper(ledger: Pick<Ledger, 'pending' | 'position'>, writer: InfluxWriter): Shipper {
  const ahead = new Map<OutboxStream, Promise<Page | null>>();

  async function make(order: Order, after: number, signal: AbortSignal): Promise<Page> {
    const parts: string[] = [];
    let lines = 0;
    const { stream, rows, nowMs } = order;
    let [upTo, more, left]: [number | null, boolean, number] = [null, true, rows];
    while (more && left > 0 && !signal.aborted) {
      const size = Math.min(SLICE_ROWS, left);
      const page = ledger.pending(stream, order, size, upTo ?? after);
      if (page.lines.length > 0) parts.push(page.lines.join('\n'));
      lines += page.lines.length;
      upTo = page.upTo ?? upTo;
      ({ more } = page);
      left -= size;
      if (more && left > 0) await rest(REST_MS);
    }
    return { after, madeMs: nowMs, body: parts.join('\n'), lines, upTo, more };
  }

  /** @returns the one that was made ahead, if it is the one that is asked for */
  async function pageFor(order: Order, after: number, signal: AbortSignal): Promise<Page> {
    const made = (await ahead.get(order.stream)) ?? null;
    ahead.delete(order.stream);
    const isFresh = made !== null && Math.abs(order.nowMs - made.madeMs) <= STALE_MS;
    return isFresh && made.after === after ? made : make(order, after, signal);
  }

  /** Sends the lines; where InfluxDB objects to some, halves them until the offending ones are found. @throws Held */
  async function isolate(body: string, signal: AbortSignal): Promise<readonly Rejected[]> {
    const outcome = await writer.write(body, signal);
    if (outcome.type === 'accepted') return [];
    if (outcome.type === 'held') throw new Held(outcome.message, outcome.retryAfterMs);
    const lines = body.split('\n');
    if (lines.length === 1) return [{ line: body, why: outcome.message }];
    const half = Math.ceil(lines.length / 2);
    const first = await isolate(lines.slice(0, half).join('\n'), signal);
    return [...first, ...(await isolate(lines.slice(half).join('\n'), signal))];
  }

  return {
    async ship(order, signal) {
      const page = await pageFor(order, order.after ?? ledger.position(order.name), signal);
      const { upTo, more, lines, body } = page;
      const shipment = { upTo, more, lines, rejected: [], held: null };
      if (upTo === null || signal.aborted || lines === 0) return shipment;
      const sent = isolate(body, signal);
      // What goes wrong while the next one is made is met again when its turn comes.
      if (more)
        ahead.set(
          order.stream,
          make(order, upTo, signal).catch(() => null),
        );
      try {
        const rejected = await sent;
        const isRecognised = rejected.every(({ why }) => LINE_TROUBLE.test(why));
        if (rejected.length < lines || isRecognised) return { ...shipment, rejected };
        // Not one line of many was taken, for a reason that does not speak of lines: that is the request's fault, and
        // passing over the lines would lose them.
        return { ...shipment, held: { why: rejected[0]?.why ?? 'refused', retryAfterMs: null } };
      } catch (error) {
        if (!(error instanceof Held)) throw error;
        return { ...shipment, held: { why: error.message, retryAfterMs: error.retryAfterMs } };
      }
    },
  };
}

/** Messages of InfluxDB 1.x, 2.x and 3.x that speak of lines: fields of another type, points too old, what cannot be parsed. */
const LINE_TROUBLE = /partial write|parse|conflict|retention|out of range|too large|line protocol|limit exceeded/i;

class Held extends Error {
  readonly retryAfterMs: number | null;

  constructor(why: string, retryAfterMs: number | null) {
    super(why);
    this.retryAfterMs = retryAfterMs;
  }
}
