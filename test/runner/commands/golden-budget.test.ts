import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../runner/clock.ts';
import { openLedger } from '../../../runner/commands/open.ts';
import { loadConfiguration } from '../../../runner/config/load.ts';
import type { Result } from '../../../store/result.ts';
import { CHANGED_MS, CONFIGURATION, ninetyDays, NOW_MS } from './ninety-days.ts';
import { commandAt } from './support.ts';

const GOLDEN = join(import.meta.dirname, '../../golden/budget.json');
const MINUTE = 60_000;
const DAY = 86_400_000;
const END = Math.floor(NOW_MS / MINUTE) * MINUTE + MINUTE;
const RESULTS = ninetyDays(20_261_120);

interface Row {
  readonly objective: string;
  readonly colour: string;
  readonly consumed: number | null;
  readonly events: { readonly good: number; readonly bad: number };
  readonly worstSplit: string | null;
  readonly splits: readonly {
    readonly split: string;
    readonly good: number;
    readonly valid: number;
    readonly consumed: number;
  }[];
  readonly own: { readonly good: number; readonly valid: number; readonly consumed: number } | null;
}

let folder = '';
let code = -1;
let printed = '';
let rows: readonly Row[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-golden-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
  const loaded = await loadConfiguration({ file: undefined, folder, environment: {} });
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  await using store = await openLedger(loaded.configuration, false, NOW_MS);
  for (let at = 0; at < RESULTS.length; at += 5000) await store.append(RESULTS.slice(at, at + 5000));
  ({ code, printed } = await commandAt({ ...systemClock, wallMs: () => NOW_MS }, folder, 'budget', '--json'));
  rows = JSON.parse(printed).objectives;
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const row = (id: string): Row => {
  const found = rows.find(({ objective }) => objective === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};

/** One event, as somebody reads it off a result: nothing of ours has a part in it. */
interface Event {
  readonly atMs: number;
  readonly split: string;
  /** In any unit. */
  readonly weight: number;
  readonly bad: boolean;
}

function eventsOf(days: number, probes: readonly string[], read: (result: Result) => readonly Event[]) {
  const from = END - days * DAY;
  return RESULTS.filter(({ probe, outcome }) => probes.includes(probe) && (outcome === 'good' || outcome === 'bad'))
    .flatMap(read)
    .filter(({ atMs }) => atMs >= from && atMs < END);
}

const run = ({ scheduledMs, weightMs, outcome }: Result, split = '', isLate = false): Event => ({
  atMs: scheduledMs,
  split,
  weight: weightMs,
  bad: isLate || outcome === 'bad',
});

/** By the duration of one indicator; whatever failed before there could be one was late. */
const timed = (indicator: string, isLate: (ms: number) => boolean, split: 'endpoint' | 'venue' | null = null) =>
  function read(result: Result): readonly Event[] {
    const reading = result.readings.find((each) => each.type === 'duration' && each.indicator === indicator);
    const ms = reading?.type === 'duration' ? reading.ms : null;
    const isBad = ms === null || isLate(ms) || (indicator === 'latency' && result.outcome === 'bad');
    return [{ ...run(result), split: split === null ? '' : (result[split] ?? ''), bad: isBad }];
  };

/** Σ bad ÷ Σ valid × (1 − T), T in parts of a thousand that may differ from event to event; integers only. */
function spentOf(events: readonly Event[], perMille: (event: Event) => number): { bad: bigint; allowed: bigint } {
  let [bad, allowed] = [0n, 0n];
  for (const event of events) {
    if (event.bad) bad += BigInt(event.weight) * 1000n;
    allowed += BigInt(event.weight) * BigInt(1000 - perMille(event));
  }
  return { bad, allowed };
}

function colour({ bad, allowed }: { bad: bigint; allowed: bigint }): string {
  if (allowed === 0n) return 'unknown';
  if (bad * 4n < allowed) return 'green';
  return bad * 4n > allowed * 3n ? 'red' : 'yellow';
}

const share = ({ bad, allowed }: { bad: bigint; allowed: bigint }): number => Number(bad) / Number(allowed);

function expectRow(id: string, events: readonly Event[], perMille: (event: Event) => number): void {
  const spent = spentOf(events, perMille);
  const bad = events.filter((event) => event.bad).length;
  expect(row(id)).toMatchObject({ colour: colour(spent), events: { good: events.length - bad, bad } });
  expect(row(id).consumed).toBeCloseTo(share(spent), 12);
}

describe('budget --json on ninety days of a seeded platform', () => {
  it('is the golden document, to the last digit', () => {
    if (process.env['PULSEDRILL_GOLDEN'] === 'write') {
      // Whoever writes it looks at the difference before it is committed; a machine that nobody watches does not.
      if (process.env['CI'] !== undefined) throw new Error('PULSEDRILL_GOLDEN=write is not for CI');
      writeFileSync(GOLDEN, `${printed}\n`);
    }
    expect(`${printed}\n`).toBe(readFileSync(GOLDEN, 'utf8'));
    expect(code).toBe(1);
  });

  it('has all sixteen rows with a colour, of every colour', () => {
    expect(rows).toHaveLength(16);
    expect(new Set(rows.map((each) => each.colour))).toEqual(new Set(['green', 'yellow', 'red']));
  });

  it('has the availability that the runs themselves come to, each by the target that held on its day', () => {
    const events = eventsOf(30, ['status', 'orders', 'positions'], (result) => [run(result)]);
    const before = events.filter(({ atMs }) => atMs < CHANGED_MS).length;
    expect(before).toBeGreaterThan(1000);
    expect(events.length - before).toBeGreaterThan(1000);
    expectRow('slo-api-availability', events, ({ atMs }) => (atMs < CHANGED_MS ? 999 : 995));
    const all = eventsOf(90, ['status', 'orders', 'positions'], (result) => [run(result)]);
    expectRow('sla-api-availability', all, () => 995);
  });

  it('has the acknowledgements that the orders themselves come to, in three indicators over one stream', () => {
    const probes = ['buy-primary', 'buy-backup', 'buy-on-signal'];
    expectRow(
      'sla-order-latency',
      eventsOf(
        90,
        probes,
        timed('ack', (ms) => ms > 400),
      ),
      () => 950,
    );
    expectRow(
      'slo-order-execution',
      eventsOf(
        30,
        probes,
        timed('ack', (ms) => ms > 380),
      ),
      () => 999,
    );
    const byVenue = Map.groupBy(
      eventsOf(
        30,
        probes,
        timed('ack', (ms) => ms >= 250, 'venue'),
      ),
      ({ split }) => split,
    );
    expect(row('kpi-order-ack').splits.map(({ split }) => split)).toEqual(['backup', 'primary']);
    for (const { split, good, valid, consumed } of row('kpi-order-ack').splits) {
      const events = byVenue.get(split) ?? [];
      expect([good, valid]).toEqual([events.filter(({ bad }) => !bad).length, events.length]);
      expect(consumed).toBeCloseTo(share(spentOf(events, () => 995)), 12);
    }
    const governing = byVenue.get(row('kpi-order-ack').worstSplit ?? '') ?? [];
    expectRow('kpi-order-ack', governing, () => 995);
    const worst = [...byVenue]
      .filter(([, events]) => events.length >= 500)
      .map(([, events]) => share(spentOf(events, () => 995)));
    expect(row('kpi-order-ack').consumed).toBeCloseTo(Math.max(...worst), 12);
  });

  it('has the latency of each endpoint on its own, and beside the worst of them that of both together', () => {
    const events = eventsOf(
      30,
      ['orders', 'positions'],
      timed('latency', (ms) => ms > 250, 'endpoint'),
    );
    const byEndpoint = Map.groupBy(events, ({ split }) => split);
    const worst = row('slo-api-latency').worstSplit ?? '';
    expectRow('slo-api-latency', byEndpoint.get(worst) ?? [], () => 950);
    for (const [, each] of byEndpoint) {
      expect(share(spentOf(each, () => 950))).toBeLessThanOrEqual(row('slo-api-latency').consumed ?? 0);
    }
    const { own } = row('slo-api-latency');
    expect(own).toMatchObject({ good: events.filter(({ bad }) => !bad).length, valid: events.length });
    expect(own?.consumed).toBeCloseTo(share(spentOf(events, () => 950)), 12);
  });

  it('has the fill ratio that the quantities come to, weighted by volume and time, without an interval', () => {
    const byVenue = new Map<string, { asked: bigint; missing: bigint }>();
    for (const result of RESULTS) {
      if (result.kind !== 'paper-order' || result.scheduledMs < END - 3_600_000) continue;
      for (const reading of result.readings) {
        if (reading.type !== 'quantity') continue;
        const sum = byVenue.get(result.venue ?? '') ?? { asked: 0n, missing: 0n };
        const [asked, done] = [reading.submitted, reading.executed].map((text) =>
          BigInt(Math.round(Number(text) * 10)),
        );
        sum.asked += (asked ?? 0n) * BigInt(result.weightMs);
        sum.missing += ((asked ?? 0n) - (done ?? 0n)) * BigInt(result.weightMs);
        byVenue.set(result.venue ?? '', sum);
      }
    }
    const { worstSplit, consumed } = row('kpi-fill-ratio');
    const { asked, missing } = byVenue.get(worstSplit ?? '') ?? { asked: 0n, missing: 0n };
    expect(consumed).toBeCloseTo(Number(missing * 100n) / Number(asked * 8n), 12);
  });

  it('has the jobs that the platform’s own telemetry counts', () => {
    let [missing, valid] = [0, 0];
    for (const { probe, scheduledMs, outcome, readings } of RESULTS) {
      if (probe !== 'telemetry:slo-strategy-jobs' || outcome !== 'good' || scheduledMs < END - 7 * DAY) continue;
      for (const reading of readings) {
        if (reading.type !== 'telemetry') continue;
        valid += Math.round(Number(reading.valid) * 100);
        missing += Math.round(Number(reading.valid) * 100) - Math.round(Number(reading.good) * 100);
      }
    }
    expect(row('slo-strategy-jobs').consumed).toBeCloseTo((missing * 1000) / (valid * 3), 12);
  });
});
