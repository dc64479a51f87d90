/** How far an InfluxDB is behind a ledger. */
import type { Outbox } from '../open.ts';
import { OUTBOX_STREAMS, type OutboxStream } from '../outbox.ts';
import { destination, type InfluxConnection } from './connection.ts';

/** Rows of the ledger that wait to be shipped, at most; and since when the oldest run, event or budget does, wall-clock ms. */
export type Lag = Readonly<Record<OutboxStream | 'total', number>> & { readonly oldestMs: number | null };

export const NO_LAG: Lag = { results: 0, events: 0, budgets: 0, tallies: 0, total: 0, oldestMs: null };

/** Goes up with every change of the schema that a reader depends on: then everything is shipped again. */
const SCHEMA_VERSION = 2;

export function cursorOf(place: string, stream: OutboxStream): string {
  return `influx ${SCHEMA_VERSION} ${place} ${stream}`;
}

/** The cursors of an export, which the ledger's upkeep waits for. */
export function cursorsOf(connection: InfluxConnection): Readonly<Record<OutboxStream, string>> {
  const name = (stream: OutboxStream): string => cursorOf(destination(connection), stream);
  return { results: name('results'), events: name('events'), budgets: name('budgets'), tallies: name('tallies') };
}

/** What a place does not have yet. */
export async function lagOf(outbox: Pick<Outbox, 'waiting'>, connection: InfluxConnection): Promise<Lag> {
  const place = destination(connection);
  const lag: Record<OutboxStream | 'total', number> = { results: 0, events: 0, budgets: 0, tallies: 0, total: 0 };
  let oldestMs: number | null = null;
  for (const stream of OUTBOX_STREAMS) {
    const waiting = await outbox.waiting(stream, cursorOf(place, stream));
    lag[stream] = waiting.rows;
    lag.total += waiting.rows;
    if (waiting.oldestMs !== null) oldestMs = Math.min(oldestMs ?? waiting.oldestMs, waiting.oldestMs);
  }
  return { ...lag, oldestMs };
}
