/** Rows of the ledger as the records they stand for. Nothing here knows SQL. */
import type { Leg, Observation, OrderIntent, Outcome } from '../probes/probe.ts';
import type { Reason } from '../probes/reasons.ts';
import type { Cadence, Result } from './result.ts';
import type { BudgetPoint, LedgerEvent, OrderRecord } from './store.ts';

export type Cell = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, Cell>>;

/** A stored row holds what was written by this program; anything else is damage (or a bug). */
export class DamagedRow extends Error {
  /** What SQLite says of pages that make no sense: whoever explains its errors explains this one. */
  readonly errcode = 11;

  constructor(what: string, cause?: unknown) {
    super(`ledger column ${what}`, { cause });
    this.name = 'DamagedRow';
  }
}

/** @throws DamagedRow */
export function text(row: Row, column: string): string {
  const cell = row[column];
  if (typeof cell !== 'string') throw new DamagedRow(`${column} is not text`);
  return cell;
}

/**
 * What this program wrote from a value of type T: a word of a closed set, or JSON. The type system checked it then. Not
 * checked again, because a later version may have written words that this one does not know and need not understand.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the type that was written
export function written<T>(row: Row, column: string, how: 'word' | 'json' = 'word'): T {
  const cell = text(row, column);
  try {
    const value: T = how === 'json' ? JSON.parse(cell) : cell;
    return value;
  } catch (error) {
    throw new DamagedRow(`${column} is not JSON`, error);
  }
}

/** JSON that this program wrote, of a column that is no row's. @throws DamagedRow */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the type that was written
export function parsed<T>(cell: string, column: string): T {
  try {
    const value: T = JSON.parse(cell);
    return value;
  } catch (error) {
    throw new DamagedRow(`${column} is not JSON`, error);
  }
}

function maybeText(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

export function number(row: Row, column: string): number {
  const cell = row[column];
  if (typeof cell === 'number') return cell;
  if (typeof cell === 'bigint') return Number(cell);
  throw new DamagedRow(`${column} is not a number`);
}

function maybeNumber(row: Row, column: string): number | null {
  return row[column] === null ? null : number(row, column);
}

export function bytes(row: Row, column: string): Uint8Array {
  const cell = row[column];
  if (!(cell instanceof Uint8Array)) throw new DamagedRow(`${column} is not bytes`);
  return cell;
}

/** An integer of any size: 64 bits as INTEGER, beyond that as digits. */
export function integer(row: Row, column: string): bigint {
  const cell = row[column];
  if (typeof cell === 'bigint') return cell;
  if (typeof cell === 'number' || typeof cell === 'string') return BigInt(cell);
  throw new DamagedRow(`${column} is not an integer`);
}

/** The same, to be stored. */
export function integerCell(value: bigint): bigint | string {
  return BigInt.asIntN(64, value) === value ? value : value.toString();
}

/** `ms` in whole nanoseconds, without passing through a double that could not hold them. */
export function nanoseconds(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000));
}

export function toResult(row: Row): Result {
  return {
    runId: text(row, 'run_id'),
    probe: text(row, 'probe'),
    kind: text(row, 'kind'),
    service: text(row, 'service'),
    location: text(row, 'location'),
    endpoint: maybeText(row, 'endpoint'),
    venue: maybeText(row, 'venue'),
    scheduledMs: number(row, 'scheduled_ms'),
    startedMs: number(row, 'started_ms'),
    latenessMs: number(row, 'lateness_ms'),
    durationMs: maybeNumber(row, 'duration_ms'),
    cadence: written<Cadence>(row, 'cadence'),
    weightMs: number(row, 'weight_ms'),
    outcome: written<Outcome>(row, 'outcome'),
    reason: row['reason'] === null ? null : written<Reason>(row, 'reason'),
    detail: maybeText(row, 'detail'),
    phases: {
      dnsMs: maybeNumber(row, 'dns_ms'),
      connectMs: maybeNumber(row, 'connect_ms'),
      tlsMs: maybeNumber(row, 'tls_ms'),
      sentMs: maybeNumber(row, 'sent_ms'),
      firstByteMs: maybeNumber(row, 'first_byte_ms'),
      transferMs: maybeNumber(row, 'transfer_ms'),
    },
    readings: written<Observation['readings']>(row, 'readings', 'json'),
    values: written<Observation['values']>(row, 'values', 'json'),
    ...(row['trail'] === null ? {} : { trail: written<readonly Leg[]>(row, 'trail', 'json') }),
    loopDelayMs: maybeNumber(row, 'loop_delay_ms'),
    gameday: maybeText(row, 'gameday'),
    // Of results from before this was kept, and where nobody told the ledger the time, it is not known.
    ...(number(row, 'recorded_ms') === 0 ? {} : { recordedMs: number(row, 'recorded_ms') }),
  };
}

/** The cells of a result, in the order of the insert statement, without series and timestamp. Readings, values and trail are JSON. */
export type ResultCells = readonly [
  scheduledMs: number,
  startedMs: number,
  latenessMs: number,
  durationMs: number | null,
  cadence: Cadence,
  weightMs: number,
  outcome: Outcome,
  reason: Reason | null,
  detail: string | null,
  dnsMs: number | null,
  connectMs: number | null,
  tlsMs: number | null,
  sentMs: number | null,
  firstByteMs: number | null,
  transferMs: number | null,
  readings: string,
  values: string,
  trail: string | null,
  loopDelayMs: number | null,
  gameday: string | null,
];

export function resultCells(result: Result): ResultCells {
  const { phases } = result;
  return [
    result.scheduledMs,
    result.startedMs,
    result.latenessMs,
    result.durationMs,
    result.cadence,
    result.weightMs,
    result.outcome,
    result.reason,
    result.detail,
    phases.dnsMs,
    phases.connectMs,
    phases.tlsMs,
    phases.sentMs,
    phases.firstByteMs,
    phases.transferMs,
    JSON.stringify(result.readings),
    JSON.stringify(result.values),
    result.trail === undefined ? null : JSON.stringify(result.trail),
    result.loopDelayMs,
    result.gameday,
  ];
}

export function toEvent(row: Row): LedgerEvent {
  return {
    id: text(row, 'id'),
    atMs: number(row, 'at_ms'),
    kind: written<LedgerEvent['kind']>(row, 'kind'),
    service: maybeText(row, 'service'),
    subject: text(row, 'subject'),
    body: written<LedgerEvent['body']>(row, 'body', 'json'),
  };
}

export function toBudget(row: Row): BudgetPoint {
  return {
    objective: text(row, 'objective'),
    service: text(row, 'service'),
    atMs: number(row, 'at_ms'),
    colour: text(row, 'colour'),
    consumedPct: maybeNumber(row, 'consumed_pct'),
    attainmentPct: maybeNumber(row, 'attainment_pct'),
    burn1h: maybeNumber(row, 'burn_1h'),
    validEvents: number(row, 'valid_events'),
    badEvents: number(row, 'bad_events'),
  };
}

export function toOrder(row: Row): OrderIntent {
  return {
    clientOrderId: text(row, 'client_order_id'),
    probe: text(row, 'probe'),
    venue: text(row, 'venue'),
    runId: text(row, 'run_id'),
    atMs: number(row, 'at_ms'),
  };
}

export function toOrderRecord(row: Row): OrderRecord {
  return { ...toOrder(row), how: maybeText(row, 'how') };
}
