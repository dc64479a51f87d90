/**
 * The ledger's records as InfluxDB points; the schema is documented in docs/influxdb.md. A point is its measurement, its
 * tags and its timestamp: everything that may differ between two shipments of one record is a field, so that shipping it
 * again overwrites it. A record with nothing to tell gives no line.
 */
import { Point } from '@influxdata/influxdb-client';
import type { MedianReading, Reading, TelemetryReading } from '../probes/probe.ts';
import type { Weighing } from '../slo/objective.ts';
import { isSized } from '../slo/weighted.ts';
import type { Result } from './result.ts';
import { nanoseconds } from './rows.ts';
import type { BudgetPoint, LedgerEvent, TallyRow } from './store.ts';

/** InfluxDB refuses string fields beyond 64 KiB; a body this long is cut and says so. */
const LONGEST_TEXT = 16_000;

export function runLine(result: Result, tsNs: bigint): string | null {
  const point = new Point('pulsedrill_run');
  const { probe, kind, service, location, endpoint, venue, phases } = result;
  tags(point, { probe, kind, service, location, endpoint, venue });
  point
    .stringField('run_id', result.runId)
    .stringField('outcome', result.outcome)
    .stringField('cadence', result.cadence);
  texts(point, { reason: result.reason, detail: result.detail, gameday: result.gameday });
  // mean(is_good) is the raw availability: runs that are not valid events leave the field out.
  if (result.outcome === 'good' || result.outcome === 'bad')
    point.intField('is_good', result.outcome === 'good' ? 1 : 0);
  point.intField('weight_ms', result.weightMs);
  floats(point, {
    lateness_ms: result.latenessMs,
    duration_ms: result.durationMs,
    loop_delay_ms: result.loopDelayMs,
    dns_ms: phases.dnsMs,
    connect_ms: phases.connectMs,
    tls_ms: phases.tlsMs,
    sent_ms: phases.sentMs,
    first_byte_ms: phases.firstByteMs,
    transfer_ms: phases.transferMs,
  });
  for (const reading of result.readings) readingFields(point, reading);
  for (const [name, value] of Object.entries(result.values)) floats(point, { [`value_${snake(name)}`]: value });
  return line(point, tsNs);
}

/** A step of an objective. The names of the weights say what they are in, which depends on the objective. */
export function tallyLine(objective: string, weighing: Weighing, row: TallyRow): string | null {
  const point = new Point('pulsedrill_tally');
  tags(point, { objective, split: row.split });
  for (const name of ['good', 'bad', 'excluded', 'faults', 'borderline', 'bounded'] as const)
    point.intField(name, row[name]);
  if (isSized(weighing)) {
    // Beyond 64 bits in busy steps: as digits, exact, and as a float of unit, or money, × ms, to draw.
    point
      .stringField('good_millionths_ms', String(row.goodWeight))
      .stringField('bad_millionths_ms', String(row.badWeight));
    point.stringField('squared_millionths2', String(row.squaredWeight));
    floats(point, {
      [`good_${weighing}_ms`]: Number(row.goodWeight) / 1e6,
      [`bad_${weighing}_ms`]: Number(row.badWeight) / 1e6,
    });
  } else {
    const [unit, squared] = UNITS[weighing];
    exact(point, `good_${unit}`, row.goodWeight);
    exact(point, `bad_${unit}`, row.badWeight);
    exact(point, `excluded_${unit}`, row.excludedWeight);
    exact(point, `fault_${unit}`, row.faultWeight);
    exact(point, `squared_${squared}`, row.squaredWeight);
  }
  return line(point, nanoseconds(row.atMs));
}

/** What weights are in, and their squares. */
const UNITS = {
  time: ['us', 'ms2'],
  count: ['events', 'events2'],
  fraction: ['millionths', 'events_millionths'],
} as const;

export function budgetLine(budget: BudgetPoint): string | null {
  const point = new Point('pulsedrill_budget');
  tags(point, { objective: budget.objective, service: budget.service });
  point.stringField('colour', budget.colour);
  point.intField('valid_events', budget.validEvents).intField('bad_events', budget.badEvents);
  floats(point, {
    consumed_pct: budget.consumedPct,
    attainment_pct: budget.attainmentPct,
    burn_1h_ratio: budget.burn1h,
  });
  return line(point, nanoseconds(budget.atMs));
}

export function eventLine(event: LedgerEvent, tsNs: bigint): string | null {
  const point = new Point('pulsedrill_event');
  tags(point, { kind: event.kind, service: event.service });
  texts(point, { id: event.id, subject: event.subject, body: JSON.stringify(event.body) });
  return line(point, tsNs);
}

function readingFields(point: Point, reading: Reading): void {
  if (reading.type === 'quantity') {
    floats(point, { submitted_quantity: Number(reading.submitted), executed_quantity: Number(reading.executed) });
    return;
  }
  if (reading.type === 'telemetry' || reading.type === 'median') {
    telemetryFields(point, reading);
    return;
  }
  const name = snake(reading.indicator);
  if (reading.type === 'duration') {
    floats(point, { [`${name}_ms`]: reading.ms });
    return;
  }
  // A run that crosses a step has one reading in each: their counts add up, their worst figures stand.
  const { fields } = point;
  const had = (field: string): number => Number.parseFloat(fields[`${name}_${field}`] ?? '0');
  point.intField(`${name}_events`, had('events') + reading.valid);
  for (const [field, ms] of [
    ['p50_ms', reading.p50Ms],
    ['p99_ms', reading.p99Ms],
    ['max_ms', reading.maxMs],
  ] as const) {
    const known = fields[`${name}_${field}`] !== undefined;
    if (ms !== null) floats(point, { [`${name}_${field}`]: known ? Math.max(ms, had(field)) : ms });
  }
}

/** Splits are fields of the one point that the step has. */
function telemetryFields(point: Point, reading: TelemetryReading | MedianReading): void {
  const of = reading.split === '' ? '' : `_${snake(reading.split).replaceAll(/[^a-z0-9_]/g, '_')}`;
  if (reading.type === 'median') floats(point, { [`median${of}_ms`]: reading.ms });
  else floats(point, { [`good${of}_events`]: Number(reading.good), [`valid${of}_events`]: Number(reading.valid) });
}

/** Absent properties are left out. A tag can neither be empty nor end in a backslash. */
function tags(point: Point, named: Readonly<Record<string, string | null>>): void {
  for (const [name, value] of Object.entries(named)) {
    if (value !== null && value !== '') point.tag(name, value.replace(/\\+$/, '_'));
  }
}

function texts(point: Point, named: Readonly<Record<string, string | null>>): void {
  for (const [name, value] of Object.entries(named)) {
    if (value === null) continue;
    point.stringField(name, value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}… (cut)` : value);
  }
}

/** Unmeasured is absent, never 0. */
function floats(point: Point, named: Readonly<Record<string, number | null>>): void {
  for (const [name, value] of Object.entries(named)) {
    if (value !== null && Number.isFinite(value)) point.floatField(name, value);
  }
}

/** The client's own integer field passes through a double; weights may be longer. Clamped at what InfluxDB can hold. */
function exact(point: Point, name: string, value: bigint): void {
  const most = 2n ** 63n - 1n;
  point.fields[name] = `${value > most ? most : value}i`;
}

/** `connectMs` → `connect_ms`, `tick-age` → `tick_age`. */
function snake(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

function line(point: Point, tsNs: bigint): string | null {
  const text = point.timestamp(String(tsNs)).toLineProtocol();
  // One line is one point: a line feed inside a text would cut it in two for whoever splits by lines.
  return text === undefined ? null : text.replaceAll(/[\r\n]+/g, ' ');
}
