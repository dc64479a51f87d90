import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BoundQuery } from '../../../runner/config/configuration.ts';
import { evaluateAll } from '../../../runner/evaluation.ts';
import { createPoller } from '../../../runner/telemetry/poller.ts';
import { sourceConditions } from '../../../runner/telemetry/conditions.ts';
import type { Answer } from '../../../runner/telemetry/source.ts';
import { timeBase } from '../../../slo/time-base.ts';
import { openStore, type LedgerStore } from '../../../store/open.ts';
import type { Result } from '../../../store/result.ts';
import type { LedgerEvent } from '../../../store/store.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { collect } from '../../support/results.ts';
import { configured } from '../configured.ts';
import { bound, MINUTE, samples, scripted, type Scripted } from './fake.ts';

/** On a minute of the clock. */
const T = 1_800_000_000_000;
const SPEC = { id: 'prom', lag: 30_000, stale: 10 * MINUTE, catchUp: 60 * MINUTE };
const SIGNAL = new AbortController().signal;

function one<T>(items: readonly T[]): T {
  const [first] = items;
  if (first === undefined) throw new Error('none');
  return first;
}

let folder = '';
let store: LedgerStore;
let clock: ManualClock;
let events: LedgerEvent[] = [];

const { objectives } = configured({
  probes: [{ id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/' }],
  sources: [{ id: 'prom', kind: 'prometheus', url: 'http://127.0.0.1:1' }],
  objectives: {
    extends: 'none',
    add: [
      {
        id: 'slo-strategy-jobs',
        service: 'strategy-runtime',
        target: '0.9',
        window: '7d',
        source: 'prom',
        good: 'good',
        valid: 'valid',
      },
    ],
  },
});
const OBJECTIVE = one(objectives);

async function open(): Promise<LedgerStore> {
  return openStore({ path: join(folder, 'ledger.db'), objectives: [OBJECTIVE], stepMs: MINUTE });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-telemetry-'));
  store = await open();
  clock = new ManualClock(0, T);
  events = [];
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Whole minutes from `T` on: good of valid, or null. */
function script(minutes: readonly (readonly [good: string, valid: string] | null)[], fromMs = T): Scripted['answer'] {
  const at = (index: 0 | 1) =>
    samples(
      fromMs,
      minutes.map((each) => each?.[index] ?? null),
    );
  return (query) => ({ ok: true, samples: at(query === 'good' ? 0 : 1) });
}

async function loaded(source: Scripted, part: Partial<BoundQuery> = {}) {
  const pending: Promise<void>[] = [];
  const poller = createPoller({
    source,
    spec: SPEC,
    bound: bound(part),
    location: 'fra1',
    redact: (text) => text.replaceAll('s3cret-of-prom', '${TOKEN}'),
    clock,
    store,
    deliver: (result) => pending.push(store.append([result])),
    record: async (event) => {
      events.push(event);
      await store.recordEvents([event]);
    },
  });
  await poller.load();
  return {
    ...poller,
    poll: async () => {
      await poller.poll(SIGNAL);
      await Promise.all(pending);
    },
  };
}

async function kept(): Promise<readonly Result[]> {
  return collect(store.results({ fromMs: 0, toMs: Infinity, probe: 'telemetry:slo-strategy-jobs' }));
}

/** Minutes since T, with what became of each. */
async function minutes(): Promise<readonly string[]> {
  return (await kept()).map(({ scheduledMs, outcome, readings, values }) => {
    const [first] = readings;
    const counts = first?.type === 'telemetry' && outcome === 'good' ? `${first.good}/${first.valid}` : outcome;
    return `${(scheduledMs - T) / MINUTE}: ${counts}${values['missed'] === undefined ? '' : ` ×${values['missed']}`}`;
  });
}

async function status() {
  return one(await evaluateAll(store, [OBJECTIVE], { base: timeBase(1), nowMs: clock.wallMs() }));
}

describe('a poller', () => {
  it('counts each settled minute once, however often it asks and is started', async () => {
    const source = scripted(
      script([
        ['9', '10'],
        ['10', '10'],
        ['8', '10'],
      ]),
    );
    await clock.advance(2 * MINUTE + 29_999);
    const poller = await loaded(source);
    await poller.poll();
    await poller.poll();
    expect(await minutes()).toEqual(['0: 9/10']);
    await clock.advance(1);
    await poller.poll();
    await (await loaded(source)).poll();
    expect(await minutes()).toEqual(['0: 9/10', '1: 10/10']);
    expect((await status()).tally).toMatchObject({ good: 19, bad: 1, bounded: 2, faults: 0 });
  });

  it('asks for nothing that it knows', async () => {
    const source = scripted(
      script([
        ['9', '10'],
        ['10', '10'],
      ]),
    );
    await clock.advance(2 * MINUTE + 30_000);
    const poller = await loaded(source);
    await poller.poll();
    const before = source.asked.length;
    await poller.poll();
    // Only the minutes before the first that was ever counted, which may still be filled, until they are too old.
    expect(source.asked.slice(before).every(({ span }) => span.toMs <= T)).toBe(true);
  });

  it('lets the first settled answer stand when a later one differs', async () => {
    const source = scripted(script([['9', '10']]));
    await clock.advance(MINUTE + 30_000);
    await (await loaded(source)).poll();
    source.answer = script([['1', '10']]);
    await (await loaded(source)).poll();
    expect(await minutes()).toEqual(['0: 9/10']);
  });

  it('catches up after a downtime of its own by range', async () => {
    const all = Array.from({ length: 40 }, (): [string, string] => ['5', '5']);
    const source = scripted(script(all));
    await clock.advance(MINUTE + 30_000);
    await (await loaded(source)).poll();
    await clock.advance(38 * MINUTE);
    const back = await loaded(source);
    source.asked.length = 0;
    await back.poll();
    expect(await kept()).toHaveLength(39);
    expect(source.asked.filter(({ query }) => query === 'valid').length).toBeLessThanOrEqual(2);
    expect((await status()).tally).toMatchObject({ good: 195, bad: 0, bounded: 39, faults: 0 });
  });

  it('says how much was missed beyond the catch-up, once', async () => {
    const source = scripted(
      script([
        ['5', '5'],
        ['5', '5'],
      ]),
    );
    await clock.advance(2 * MINUTE + 30_000);
    await (await loaded(source)).poll();
    await clock.advance(100 * MINUTE);
    source.answer = () => ({ ok: false, reason: 'cannot be reached' });
    for (let start = 0; start < 3; start += 1) await (await loaded(source)).poll();
    // Minute 102 runs; what lies 60 minutes back is still asked for, minutes 2 to 42 are not.
    expect(await minutes()).toEqual(['0: 5/5', '1: 5/5', '2: skipped ×41']);
    expect((await status()).colour).toBe('unknown');
  });

  it('misses nothing of before its first count, after a restart while the source is away', async () => {
    const source = scripted(script([['5', '5']]));
    await clock.advance(MINUTE + 30_000);
    await (await loaded(source)).poll();
    source.answer = () => ({ ok: false, reason: 'cannot be reached' });
    const again = await loaded(source);
    for (let minute = 0; minute < 5; minute += 1) {
      await again.poll();
      await clock.advance(MINUTE);
    }
    expect(await minutes()).toEqual(['0: 5/5']);
  });

  it('goes on counting what becomes too old while the source is away', async () => {
    const source = scripted(script([['5', '5']]));
    await clock.advance(MINUTE + 30_000);
    const poller = await loaded(source);
    await poller.poll();
    source.answer = () => ({ ok: false, reason: 'cannot be reached' });
    for (let minute = 0; minute < 70; minute += 1) {
      await clock.advance(MINUTE);
      await poller.poll();
    }
    const lost = (await kept()).filter(({ outcome }) => outcome === 'skipped');
    expect(lost.reduce((sum, { values }) => sum + (values['missed'] ?? 0), 0)).toBe(11);
    expect(new Set(lost.map(({ runId }) => runId)).size).toBe(lost.length);
  });

  it('takes a gap for missing minutes, not for good or bad ones, as soon as something newer is there', async () => {
    const source = scripted(script([['5', '5'], null, null]));
    await clock.advance(3 * MINUTE + 30_000);
    const poller = await loaded(source);
    await poller.poll();
    expect(await minutes()).toEqual(['0: 5/5']);
    source.answer = script([['5', '5'], null, null, ['4', '5']]);
    await clock.advance(MINUTE);
    await poller.poll();
    expect(await minutes()).toEqual(['0: 5/5', '1: fault', '2: fault', '3: 4/5']);
    const { tally, coverage } = await status();
    expect(tally).toMatchObject({ good: 9, bad: 1, faults: 2, bounded: 2 });
    expect(coverage).toBe(0.5);
  });

  it('takes late samples while nothing newer is there', async () => {
    const source = scripted(script([['5', '5'], null]));
    await clock.advance(2 * MINUTE + 30_000);
    const poller = await loaded(source);
    await poller.poll();
    source.answer = script([
      ['5', '5'],
      ['3', '4'],
    ]);
    await poller.poll();
    expect(await minutes()).toEqual(['0: 5/5', '1: 3/4']);
  });

  it('misses nothing before anything was ever counted', async () => {
    const source = scripted(script([null, null, ['5', '5']]));
    await clock.advance(3 * MINUTE + 30_000);
    const poller = await loaded(source);
    await poller.poll();
    expect(await minutes()).toEqual(['2: 5/5']);
    expect((await status()).coverage).toBe(1);
  });

  it('keeps minutes without events as answered: idle is not silent', async () => {
    const source = scripted(
      script([
        ['5', '5'],
        ['0', '0'],
        ['0', '0'],
      ]),
    );
    await clock.advance(3 * MINUTE + 30_000);
    await (await loaded(source)).poll();
    expect(await status()).toMatchObject({ colour: 'green', coverage: 1, tally: { good: 5, bad: 0, bounded: 3 } });
  });
});

it('an idle platform is Unknown as idle, and not as silent', async () => {
  const source = scripted(script([['0', '0'], null, ['0', '0']]));
  await clock.advance(3 * MINUTE + 30_000);
  await (await loaded(source)).poll();
  expect(await status()).toMatchObject({
    colour: 'unknown',
    unknownBecause: 'no events in the window: 2 steps answered with none, 1 without an answer',
  });
});

describe('silence', () => {
  const away: Answer = { ok: false, reason: 'cannot be reached: connect-refused: 127.0.0.1:9090' };

  it('is Unknown with its reason once it has lasted, and is over with the next minute', async () => {
    const source = scripted(script([['5', '5']]));
    await clock.advance(MINUTE + 30_000);
    const poller = await loaded(source);
    await poller.poll();
    expect((await status()).colour).toBe('green');
    source.answer = () => away;
    for (let minute = 0; minute < 9; minute += 1) {
      await clock.advance(MINUTE);
      await poller.poll();
    }
    expect((await status()).colour).toBe('green');
    for (let minute = 0; minute < 4; minute += 1) {
      await clock.advance(MINUTE);
      await poller.poll();
    }
    expect(await status()).toMatchObject({
      colour: 'unknown',
      met: null,
      unknownBecause:
        'nothing newer than 10m from the source prom: valid: cannot be reached: connect-refused: 127.0.0.1:9090 (since 2027-01-15T08:02:30.000Z)',
    });
    source.answer = script(Array.from({ length: 20 }, (): [string, string] => ['5', '5']));
    await clock.advance(MINUTE);
    await poller.poll();
    expect(await status()).toMatchObject({ colour: 'green', unknownBecause: null, coverage: 1 });
    expect(events.map(({ kind, subject, body }) => [kind, subject, body['state']])).toEqual([
      ['source', 'slo-strategy-jobs', 'began'],
      ['source', 'slo-strategy-jobs', 'ended'],
    ]);
  });

  it('that is short is nobody’s business', async () => {
    const source = scripted(() => away);
    await clock.advance(MINUTE + 30_000);
    const poller = await loaded(source);
    await poller.poll();
    await clock.advance(4 * MINUTE);
    await poller.poll();
    source.answer = script(Array.from({ length: 9 }, (): [string, string] => ['5', '5']));
    await clock.advance(MINUTE);
    await poller.poll();
    expect(events).toEqual([]);
  });

  it('survives a restart: it began when it began, and ends when an answer comes', async () => {
    const source = scripted(() => away);
    await clock.advance(MINUTE + 30_000);
    const poller = await loaded(source);
    await poller.poll();
    await clock.advance(6 * MINUTE);
    await poller.poll();
    const again = await loaded(source);
    expect(again.trouble()).toEqual({ reason: `valid: ${'reason' in away ? away.reason : ''}`, sinceMs: T + 90_000 });
    await again.poll();
    expect(events).toHaveLength(1);
    expect((await status()).unknownBecause).toBe(
      'nothing counted yet from the source prom: valid: cannot be reached: connect-refused: 127.0.0.1:9090 (since 2027-01-15T08:01:30.000Z)',
    );
  });

  it('is told without the secrets that a source repeats', async () => {
    const source = scripted(() => ({ ok: false, reason: 'answers 401: no such token: s3cret-of-prom' }));
    await clock.advance(MINUTE + 30_000);
    const poller = await loaded(source);
    await poller.poll();
    expect(poller.trouble()?.reason).toBe('valid: answers 401: no such token: ${TOKEN}');
  });

  it('of long is a ticket, one for the source and all that it should feed', async () => {
    const source = scripted(() => away);
    const two = [await loaded(source), await loaded(source, { objective: 'slo-pipeline-accuracy' })];
    await clock.advance(MINUTE + 30_000);
    for (const poller of two) await poller.poll();
    expect(sourceConditions(SPEC, two, clock.wallMs() + SPEC.stale + MINUTE - 1)).toEqual([]);
    expect(sourceConditions(SPEC, two, clock.wallMs() + SPEC.stale + MINUTE)).toEqual([
      {
        key: 'source/prom',
        rule: 'source',
        severity: 'SEV-3',
        as: 'ticket',
        service: null,
        objective: null,
        says: 'source prom: valid: cannot be reached: connect-refused: 127.0.0.1:9090, since 2027-01-15T08:01:30.000Z; not judged by it: slo-strategy-jobs, slo-pipeline-accuracy',
        lastBadAtMs: null,
      },
    ]);
  });

  it('of samples is told as such', async () => {
    const source = scripted(script([['5', '5']]));
    await clock.advance(MINUTE + 30_000);
    const poller = await loaded(source);
    await poller.poll();
    for (let minute = 0; minute < 13; minute += 1) {
      await clock.advance(MINUTE);
      await poller.poll();
    }
    expect((await status()).unknownBecause).toMatch(
      /^nothing newer than 10m from the source prom: no samples \(since /,
    );
    // Minutes that are overdue for longer than ten are given up; the younger ones may still come.
    expect(await minutes()).toEqual(['0: 5/5', '1: fault', '2: fault', '3: fault']);
  });
});
