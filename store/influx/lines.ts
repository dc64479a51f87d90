/**
 * The ledger's records as InfluxDB points, by the schema of `schema.ts`. A point is its measurement, its tags and its
 * timestamp: everything that may differ between two shipments of one record is a field, so that shipping it again
 * overwrites it. A record with nothing to tell gives no line.
 */
import type { MedianReading, Reading, TelemetryReading } from '../../probes/probe.ts';
import type { Weighing } from '../../slo/objective.ts';
import { isSized } from '../../slo/weighted.ts';
import type { Result } from '../result.ts';
import { nanoseconds } from '../rows.ts';
import type { BudgetPoint, LedgerEvent, TallyRow } from '../store.ts';
import { headOf, isExactTag, Line } from './line.ts';
import { COUNTS, WEIGHT_FIELDS, WEIGHTS, WIDE } from './schema.ts';

/** @param seq the record's place in its ledger */
export function runLine(result: Result, tsNs: bigint, seq: number): string | null {
  const line = new Line(runHead(result));
  const { phases, outcome } = result;
  line.text('run_id', result.runId);
  line.text('outcome', outcome);
  line.text('cadence', result.cadence);
  line.text('reason', result.reason);
  line.text('detail', result.detail);
  line.text('gameday', result.gameday);
  // mean(is_good) is the raw availability: runs that are not valid events leave the field out.
  if (outcome === 'good' || outcome === 'bad') line.integer('is_good', outcome === 'good' ? 1 : 0);
  line.integer('weight_ms', result.weightMs);
  line.float('lateness_ms', result.latenessMs);
  line.float('duration_ms', result.durationMs);
  line.float('loop_delay_ms', result.loopDelayMs);
  line.float('dns_ms', phases.dnsMs);
  line.float('connect_ms', phases.connectMs);
  line.float('tls_ms', phases.tlsMs);
  line.float('sent_ms', phases.sentMs);
  line.float('first_byte_ms', phases.firstByteMs);
  line.float('transfer_ms', phases.transferMs);
  line.float('recorded_ms', result.recordedMs ?? null);
  readingFields(line, result.readings);
  for (const name in result.values) line.float(`value_${snake(name)}`, result.values[name] ?? null);
  line.whole('record', JSON.stringify({ ...result, seq }));
  return line.end(tsNs);
}

/** A step of an objective. The names of the weights say what they are in, which depends on the objective. */
export function tallyLine(
  objective: string,
  weighing: Weighing,
  row: TallyRow,
  at: { readonly location: string; readonly nowMs: number },
): string | null {
  const { split } = row;
  const line = new Line(headOf('pulsedrill_tally', { location: at.location, objective, split }));
  for (const name of COUNTS) line.integer(name, row[name]);
  if (isSized(weighing)) {
    // Beyond 64 bits in busy steps: as digits, exact, and as a float of unit, or money, × ms, to draw.
    line.text('good_millionths_ms', String(row.goodWeight));
    line.text('bad_millionths_ms', String(row.badWeight));
    line.text('squared_millionths2', String(row.squaredWeight));
    line.float(`good_${weighing}_ms`, Number(row.goodWeight) / 1e6);
    line.float(`bad_${weighing}_ms`, Number(row.badWeight) / 1e6);
  } else {
    const fields = WEIGHT_FIELDS[weighing];
    for (const weight of WEIGHTS) line.integer(fields[weight], row[weight] > MOST ? MOST : row[weight]);
    // A field that is left out keeps its value in InfluxDB: whoever reads `wide` looks whether the others agree with it.
    if (WEIGHTS.some((weight) => row[weight] >= WIDE))
      line.text('wide', WEIGHTS.map((weight) => row[weight]).join(' '));
  }
  line.integer('written_ms', Math.round(at.nowMs));
  if (split !== '' && !isExactTag(split)) line.whole('exact_split', JSON.stringify(split));
  return line.end(nanoseconds(row.atMs));
}

/** What InfluxDB's integers can hold. */
const MOST = 2n ** 63n - 1n;

export function budgetLine(budget: BudgetPoint, location: string): string | null {
  const { objective, service } = budget;
  const line = new Line(headOf('pulsedrill_budget', { location, objective, service }));
  line.text('colour', budget.colour);
  line.integer('valid_events', budget.validEvents);
  line.integer('bad_events', budget.badEvents);
  line.float('consumed_pct', budget.consumedPct);
  line.float('attainment_pct', budget.attainmentPct);
  line.float('burn_1h_ratio', budget.burn1h);
  if (!isExactTag(service)) line.whole('exact_service', JSON.stringify(service));
  return line.end(nanoseconds(budget.atMs));
}

/** @param seq the record's place in its ledger */
export function eventLine(
  event: LedgerEvent,
  tsNs: bigint,
  at: { readonly location: string; readonly seq: number; readonly recordedMs: number },
): string | null {
  const { kind, service } = event;
  const line = new Line(headOf('pulsedrill_event', { kind, location: at.location, service }));
  line.text('id', event.id);
  line.text('subject', event.subject);
  line.text('body', JSON.stringify(event.body));
  if (at.recordedMs > 0) line.float('recorded_ms', at.recordedMs);
  line.whole('record', JSON.stringify({ ...event, recordedMs: at.recordedMs, seq: at.seq }));
  return line.end(tsNs);
}

const heads = new Map<string, string>();
/** Configurations change; what is kept of their series must not grow without end. */
const MOST_HEADS = 50_000;

function runHead({ probe, kind, service, location, endpoint, venue }: Result): string {
  const key = `${probe}\0${kind}\0${service}\0${location}\0${endpoint ?? ''}\0${venue ?? ''}`;
  let head = heads.get(key);
  if (head === undefined) {
    if (heads.size >= MOST_HEADS) heads.clear();
    head = headOf('pulsedrill_run', { endpoint, kind, location, probe, service, venue });
    heads.set(key, head);
  }
  return head;
}

/** A name twice in one line is an error: what is said again replaces what was said before. */
function readingFields(line: Line, readings: readonly Reading[]): void {
  const floats = new Map<string, number | null>();
  const events = new Map<string, number>();
  for (const reading of readings) {
    switch (reading.type) {
      case 'quantity':
        floats.set('submitted_quantity', Number(reading.submitted));
        floats.set('executed_quantity', Number(reading.executed));
        break;
      case 'telemetry':
      case 'median':
        telemetryFields(floats, reading);
        break;
      case 'duration':
        floats.set(`${snake(reading.indicator)}_ms`, reading.ms);
        break;
      case 'counts': {
        // A run that crosses a step has one reading in each: their counts add up, their worst figures stand.
        const name = snake(reading.indicator);
        events.set(`${name}_events`, (events.get(`${name}_events`) ?? 0) + reading.valid);
        worst(floats, `${name}_p50_ms`, reading.p50Ms);
        worst(floats, `${name}_p99_ms`, reading.p99Ms);
        worst(floats, `${name}_max_ms`, reading.maxMs);
        break;
      }
    }
  }
  for (const [name, value] of events) line.integer(name, value);
  for (const [name, value] of floats) line.float(name, value);
}

function worst(floats: Map<string, number | null>, name: string, ms: number | null): void {
  if (ms !== null) floats.set(name, Math.max(ms, floats.get(name) ?? ms));
}

/** Splits are fields of the one point that the step has. */
function telemetryFields(floats: Map<string, number | null>, reading: TelemetryReading | MedianReading): void {
  const of = reading.split === '' ? '' : `_${snake(reading.split).replaceAll(/[^a-z0-9_]/g, '_')}`;
  if (reading.type === 'median') floats.set(`median${of}_ms`, reading.ms);
  else {
    floats.set(`good${of}_events`, Number(reading.good));
    floats.set(`valid${of}_events`, Number(reading.valid));
  }
}

const snakes = new Map<string, string>();

/** `connectMs` → `connect_ms`, `tick-age` → `tick_age`. */
function snake(name: string): string {
  let text = snakes.get(name);
  if (text === undefined) {
    text = name
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replaceAll(/[^A-Za-z0-9_]/g, '_')
      .toLowerCase();
    if (snakes.size < 10_000) snakes.set(name, text);
  }
  return text;
}
