import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Limit, TargetVersion } from '../../slo/objective.ts';
import { withHistory } from '../../slo/target-history.ts';
import { judge, mergeJudged, type Judged, type Rule } from '../../store/judge.ts';
import { Ledger } from '../../store/ledger.ts';
import type { VersionedRule } from '../../store/rules.ts';
import { durationOf, limitAt } from '../../store/limit.ts';
import type { Result } from '../../store/result.ts';
import { changedStretches, ruleHash } from '../../store/rules.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { aResult, LATENCY, T0 } from '../support/results.ts';

const STEP = 60_000;
const HOUR = 60 * STEP;
const ALL = { objective: LATENCY.id, fromMs: 0, toMs: T0 * 2, bySplit: true };

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-limits-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function version(ms: number, fromMs: number | null = null, target = '0.95'): TargetVersion {
  return { version: null, target, limit: { ms, strict: false }, fromMs, rfc: null, signOffs: [], lacks: [] };
}

/** A rule as a configuration has it: the newest limit, and its versions. */
function limited(...versions: readonly TargetVersion[]): VersionedRule {
  const newest = versions.at(-1)?.limit ?? { ms: 250, strict: false };
  return { ...LATENCY, sli: { type: 'threshold', indicator: 'latency', ...newest }, target: '0.95', versions };
}

function onRecord(atMs: number, ...versions: readonly TargetVersion[]): LedgerEvent {
  const body = { versions };
  return { id: `target/${LATENCY.id}/${atMs}`, atMs, kind: 'target', service: 'api', subject: LATENCY.id, body };
}

/** Opens with a rule and closes again: what a start of any command that writes does. */
function opened(rule: VersionedRule, nowMs?: number): void {
  new Ledger({ path, stepMs: STEP, objectives: [rule], ...(nowMs === undefined ? {} : { nowMs }) }).close();
}

/** The last number that any written tally has had: how much was written so far. */
function revision(): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const row = db.prepare("SELECT value FROM meta WHERE key = 'revision'").get();
  db.close();
  return Number(row?.['value'] ?? 0);
}

function run(n: number, atMs: number, ms: number | null, change: Partial<Result> = {}): Result {
  return aResult(n, {
    scheduledMs: atMs,
    outcome: ms === null ? 'bad' : 'good',
    readings: [{ type: 'duration', indicator: 'latency', ms }],
    ...change,
  });
}

/** One a moment. */
function byTime<Of extends { readonly nowMs: number }>(changes: readonly Of[]): readonly Of[] {
  return [...new Map(changes.map((each) => [each.nowMs, each])).values()].toSorted((a, b) => a.nowMs - b.nowMs);
}

/** By hand, from nothing. */
function byHand(rule: Rule, results: readonly Result[]) {
  const steps = new Map<string, Judged>();
  for (const judged of results.flatMap((result) => judge(rule, result, STEP))) {
    const key = `${judged.atMs} ${judged.split}`;
    const before = steps.get(key);
    steps.set(key, before === undefined ? judged : mergeJudged(before, judged));
  }
  return [...steps.values()]
    .map(({ atMs, split, tally }) => ({ atMs, split, ...tally }))
    .toSorted((a, b) => a.atMs - b.atMs || (a.split < b.split ? -1 : 1));
}

describe('a limit that has versions', () => {
  it('judges an event by the one that held when it happened, at the very moment of the change by the new one', () => {
    const sli = {
      type: 'threshold' as const,
      indicator: 'latency',
      ms: 300,
      strict: false,
      earlier: [
        { ms: 200, strict: true, untilMs: 1000 },
        { ms: 250, strict: false, untilMs: 2000 },
      ],
    };
    const at = (atMs: number): Limit => limitAt(sli, atMs);
    expect([999, 1000, 1999, 2000].map((ms) => at(ms).ms)).toEqual([200, 250, 250, 300]);
    expect(at(0).strict).toBe(true);
  });

  it('takes a request that failed fast for one that never answered, and an acknowledgement as it came', () => {
    const latency = { type: 'duration' as const, indicator: 'latency' as const, ms: 3 };
    expect(durationOf(latency, aResult(0, { outcome: 'bad' }))).toBeNull();
    expect(durationOf(latency, aResult(0))).toBe(3);
    expect(durationOf({ ...latency, indicator: 'ack' }, aResult(0, { outcome: 'bad' }))).toBe(3);
  });

  it('is another rule, while one without earlier limits keeps the hash that ledgers from before have', () => {
    const earlier = [{ ms: 200, strict: false, untilMs: T0 }];
    const plain = { type: 'threshold' as const, indicator: 'latency', ms: 250, strict: false };
    const hash = (sli: Rule['sli']): string => ruleHash({ ...LATENCY, sli });
    expect(hash({ ...plain, earlier })).not.toBe(hash(plain));
    expect(hash({ ...plain, earlier: [] })).toBe(hash(plain));
    // As the first release wrote it.
    expect(hash(plain)).toBe('cc7829e663a08b687cb7f6d2995f995e88b6916eb96893d28833e300631af14f');
  });

  it('differs from another one only where another limit holds', () => {
    const rule = (...limits: readonly [ms: number, fromMs: number | null][]): Rule => {
      const { sli, ...rest } = limited(...limits.map(([ms, fromMs]) => version(ms, fromMs)));
      const promised = { sli, target: '0.95', versions: rest.versions ?? [] };
      return { ...LATENCY, sli: withHistory(promised, [], { stepMs: STEP, nowMs: 0 }).sli };
    };
    const before = rule([250, null]);
    expect(changedStretches(before, rule([250, null], [300, T0]))).toEqual([{ fromMs: T0, toMs: Infinity }]);
    expect(changedStretches(rule([250, null], [300, T0]), rule([250, null], [300, T0 + HOUR]))).toEqual([
      { fromMs: T0, toMs: T0 + HOUR },
    ]);
    expect(changedStretches(before, rule([300, null]))).toEqual([{ fromMs: -Infinity, toMs: Infinity }]);
    expect(changedStretches(before, before)).toEqual([]);
    expect(changedStretches(before, { ...before, probes: ['other'] })).toBeNull();
    expect(changedStretches(before, { ...before, sli: { type: 'availability' } })).toBeNull();
  });
});

describe('the tallies of a ledger', () => {
  it('stay as they are when a version is announced, and follow it from its date on', () => {
    opened(limited(version(250)));
    {
      using ledger = new Ledger({ path });
      ledger.append([run(0, T0, 260), run(1, T0 + STEP, 240)]);
      ledger.recordEvents([onRecord(T0, version(250))]);
    }
    const written = revision();
    const announced = limited(version(250), version(300, T0 + HOUR));
    opened(announced, T0 + 2 * STEP);
    expect(revision()).toBe(written);
    using ledger = new Ledger({ path });
    ledger.append([run(2, T0 + HOUR - 1, 260), run(3, T0 + HOUR, 260)]);
    expect(ledger.tallies(ALL).map(({ atMs, good, bad }) => [atMs - T0, good, bad])).toEqual([
      [0, 0, 1],
      [STEP, 1, 0],
      [HOUR - STEP, 0, 1],
      [HOUR, 1, 0],
    ]);
  });

  it('are not judged anew by a number that somebody changed without a date: it holds from when it was first seen', () => {
    opened(limited(version(250)));
    {
      using ledger = new Ledger({ path });
      ledger.recordEvents([onRecord(T0, version(250))]);
      ledger.append([run(0, T0, 260), run(1, T0 + HOUR, 260)]);
    }
    const written = revision();
    opened(limited(version(300)), T0 + HOUR + STEP);
    expect(revision()).toBe(written);
    {
      using ledger = new Ledger({ path });
      ledger.append([run(2, T0 + HOUR + STEP, 260)]);
      ledger.recordEvents([onRecord(T0 + HOUR + STEP + 5, version(300))]);
    }
    opened(limited(version(300)), T0 + 9 * HOUR);
    using ledger = new Ledger({ path });
    expect(ledger.tallies(ALL).map(({ good, bad }) => [good, bad])).toEqual([
      [0, 1],
      [0, 1],
      [1, 0],
    ]);
  });

  it('of whoever only looks are judged in memory, without a write, and only where the limit differs', () => {
    opened(limited(version(250)));
    {
      using ledger = new Ledger({ path });
      ledger.recordEvents([onRecord(T0, version(250))]);
      ledger.append([run(0, T0, 260), run(1, T0 + HOUR, 260)]);
    }
    const written = revision();
    const looked = (nowMs?: number) => {
      const now = nowMs === undefined ? {} : { nowMs };
      using ledger = new Ledger({ path, readOnly: true, objectives: [limited(version(300))], ...now });
      return ledger.tallies(ALL).map(({ good, bad }) => [good, bad]);
    };
    expect(looked(T0 + HOUR + 30_000)).toEqual([
      [0, 1],
      [1, 0],
    ]);
    // Whoever does not say what time it is judges nothing by what is not on record.
    expect(looked()).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(revision()).toBe(written);
  });

  it('come to what judging from nothing finds, however limits change, with a date or without one', () => {
    const limitMs = fc.constantFrom(100, 200, 300);
    const moment = fc.integer({ min: 0, max: 30 }).map((minutes) => T0 + minutes * STEP);
    const change = fc.record({ ms: limitMs, fromMs: fc.option(moment), nowMs: moment, isRecorded: fc.boolean() });
    const event = fc.record({
      at: fc.integer({ min: 0, max: 30 * STEP }),
      ms: fc.option(fc.integer({ min: 50, max: 350 })),
      endpoint: fc.constantFrom('/a', '/b', null),
    });
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 5 }),
        fc.array(event, { minLength: 1, maxLength: 40 }),
        (changes, events) => {
          rmSync(path, { force: true });
          const results = events.map(({ at, ms, endpoint }, n) => run(n, T0 + at, ms, { endpoint }));
          const base = version(250);
          opened(limited(base));
          {
            using ledger = new Ledger({ path });
            ledger.append(results.slice(0, results.length / 2));
          }
          const records: { atMs: number; versions: readonly TargetVersion[] }[] = [];
          let last = limited(base);
          let lastNowMs = T0;
          for (const { ms, fromMs, nowMs, isRecorded } of byTime(changes)) {
            const versions = fromMs === null ? [version(ms)] : [base, version(ms, fromMs)];
            last = limited(...versions);
            lastNowMs = nowMs;
            opened(last, nowMs);
            if (!isRecorded) continue;
            records.push({ atMs: nowMs, versions });
            using ledger = new Ledger({ path });
            ledger.recordEvents([onRecord(nowMs, ...versions)]);
          }
          {
            using ledger = new Ledger({ path });
            ledger.append(results);
          }
          const promised = { sli: last.sli, target: '0.95', versions: last.versions ?? [] };
          const held = withHistory(promised, records, { stepMs: STEP, nowMs: lastNowMs });
          opened(last, lastNowMs);
          using ledger = new Ledger({ path, readOnly: true });
          expect(ledger.tallies(ALL)).toEqual(byHand({ ...LATENCY, sli: held.sli }, results));
        },
      ),
      { numRuns: 25 },
    );
  });
});
