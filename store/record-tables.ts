/** The smaller tables: events, budget points, orders, cursors. Writers are called inside a transaction. */
import type { OrderIntent } from '../probes/probe.ts';
import { nanoseconds, number, toBudget, toEvent, toOrder, toOrderRecord } from './rows.ts';
import type { Cell } from './rows.ts';
import { freeNs } from './sql.ts';
import type { Sql } from './sql.ts';
import type { BudgetPoint, BudgetQuery, EventQuery, LedgerEvent, OrderRecord } from './store.ts';

/** Once by id. */
export function insertEvent(sql: Sql, event: LedgerEvent, recordedMs: number): void {
  if (sql.first('SELECT 1 FROM events WHERE id = ?', event.id) !== undefined) return;
  const { id, atMs, kind, service, subject } = event;
  const same = "kind = ? AND ifnull(service, '') = ?";
  const tsNs = freeNs(sql, 'events', nanoseconds(atMs), same, kind, service ?? '');
  sql.run(
    'INSERT INTO events (id, at_ms, ts_ns, kind, service, subject, body, recorded_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    id,
    atMs,
    tsNs,
    kind,
    service,
    subject,
    JSON.stringify(event.body),
    recordedMs,
  );
}

/** Ascending by time, then by arrival. */
export function selectEvents(sql: Sql, query: EventQuery): readonly LedgerEvent[] {
  const where = ['at_ms >= ?', 'at_ms < ?'];
  const cells: Cell[] = [query.fromMs ?? -Infinity, query.toMs ?? Infinity];
  for (const [column, value] of [
    ['kind', query.kind],
    ['service', query.service],
  ] as const) {
    if (value === undefined) continue;
    where.push(`${column} = ?`);
    cells.push(value);
  }
  if (query.recordedBefore !== undefined) {
    where.push('recorded_ms < ?');
    cells.push(query.recordedBefore);
  }
  return sql.all(`SELECT * FROM events WHERE ${where.join(' AND ')} ORDER BY at_ms, seq`, ...cells).map(toEvent);
}

/** Recorded time of what was stored last. */
export function newestRecord(sql: Sql): number {
  const newest = ['results', 'events'].map((table) => {
    const row = sql.first(`SELECT recorded_ms FROM ${table} ORDER BY seq DESC LIMIT 1`);
    return row === undefined ? 0 : number(row, 'recorded_ms');
  });
  return Math.max(...newest);
}

/** One point an objective and moment; the first one stays. */
export function insertBudget(sql: Sql, point: BudgetPoint): void {
  sql.run(
    `INSERT INTO budgets (objective, at_ms, service, colour, consumed_pct, attainment_pct, burn_1h, valid_events,
       bad_events) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    point.objective,
    point.atMs,
    point.service,
    point.colour,
    point.consumedPct,
    point.attainmentPct,
    point.burn1h,
    point.validEvents,
    point.badEvents,
  );
}

export function selectBudgets(sql: Sql, { objective, fromMs, toMs }: BudgetQuery): readonly BudgetPoint[] {
  return sql
    .all(
      'SELECT * FROM budgets WHERE objective = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms',
      objective,
      fromMs,
      toMs,
    )
    .map(toBudget);
}

export function insertOrder(sql: Sql, order: OrderIntent): void {
  sql.run(
    `INSERT INTO orders (client_order_id, probe, venue, run_id, at_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    order.clientOrderId,
    order.probe,
    order.venue,
    order.runId,
    order.atMs,
  );
}

/** The first close stands; closing what was never intended does nothing. */
export function closeOrder(sql: Sql, clientOrderId: string, how: string, atMs: number): void {
  sql.run(
    'UPDATE orders SET closed_ms = ?, how = ? WHERE client_order_id = ? AND closed_ms IS NULL',
    atMs,
    how,
    clientOrderId,
  );
}

export function selectOpenOrders(sql: Sql): readonly OrderIntent[] {
  return sql.all('SELECT * FROM orders WHERE closed_ms IS NULL ORDER BY at_ms, client_order_id').map(toOrder);
}

export function selectOrdersSince(sql: Sql, fromMs: number): readonly OrderRecord[] {
  return sql.all('SELECT * FROM orders WHERE at_ms >= ? ORDER BY at_ms, client_order_id', fromMs).map(toOrderRecord);
}

/** Where a follower of the ledger has arrived; 0 before its first step. */
export function cursor(sql: Sql, name: string): number {
  const row = sql.first('SELECT position FROM cursors WHERE name = ?', name);
  return row === undefined ? 0 : number(row, 'position');
}

/** A cursor never goes back. */
export function advance(sql: Sql, name: string, position: number): void {
  sql.run(
    'INSERT INTO cursors VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position)',
    name,
    position,
  );
}
