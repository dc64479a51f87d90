import { describe, expect, it } from 'vitest';
import { admit, gateOf, type Waiver } from '../../runner/gate.ts';
import { gateData, maxAgeOf, type GateData } from '../../runner/gate-data.ts';
import type { Status } from '../../slo/status.ts';
import { DAY, HOUR, judged, MINUTE, NOW, objective, runs } from '../slo/fixtures.ts';
import { configured } from './configured.ts';

const STEP = Math.floor(NOW / MINUTE) * MINUTE;
const FRESH: GateData = { newestMs: NOW - 1000, ageMs: 1000, maxAgeMs: 900_000, isKept: true, isStale: false };
const STALE: GateData = { newestMs: NOW - HOUR, ageMs: HOUR, maxAgeMs: 900_000, isKept: false, isStale: true };
const NONE: GateData = { newestMs: null, ageMs: null, maxAgeMs: 900_000, isKept: false, isStale: true };

const status = (id: string, good: number, bad: number): Status =>
  judged([runs(STEP, good, bad)], { objective: objective({ id }) });

const green = status('green', 100_000, 10);
const yellow = status('yellow', 99_950, 50);
const red = status('red', 99_900, 100);
const thinRed = status('thin', 99, 1);
const unknown = judged([], { objective: objective({ id: 'unmeasured' }) });

describe('the gate', () => {
  it.each<[name: string, statuses: readonly Status[], data: GateData, gate: string, reason: string]>([
    [
      'is open in Green, and names the objective that has consumed most',
      [status('other', 100_000, 0), green],
      FRESH,
      'open',
      'open, regular releases: green is Green, 10.0 % of its budget consumed (10 bad of 100,010 events), the most of 2',
    ],
    [
      'needs a sign-off in Yellow, with the objective and its counts',
      [green, yellow],
      FRESH,
      'needs-signoff',
      'needs SRE sign-off: yellow is Yellow, 50.0 % of its budget consumed (50 bad of 100,000 events)',
    ],
    [
      'is frozen in Red',
      [green, yellow, red],
      FRESH,
      'frozen',
      'frozen, critical deploys only: red is Red, 100.0 % of its budget consumed (100 bad of 100,000 events)',
    ],
    [
      'asks for a sign-off and a review where Red has too few events to freeze anything',
      [green, thinRed],
      FRESH,
      'needs-signoff',
      'needs SRE sign-off: thin is Red, 1000.0 % of its budget consumed (1 bad of 100 events), fewer than 1,000 events: a review item instead of a freeze',
    ],
    [
      'is frozen by the Red that has enough events, not by the thin one beside it',
      [thinRed, red],
      FRESH,
      'frozen',
      'frozen, critical deploys only: red is Red, 100.0 % of its budget consumed (100 bad of 100,000 events)',
    ],
    [
      'ignores an Unknown objective beside a known one',
      [unknown, green],
      FRESH,
      'open',
      'open, regular releases: green is Green, 10.0 % of its budget consumed (10 bad of 100,010 events)',
    ],
    [
      'is not open where everything is Unknown',
      [unknown],
      NONE,
      'unknown',
      'unknown: no valid event in any window; Unknown is not Green',
    ],
    [
      'is not open for a service without objectives',
      [],
      NONE,
      'unknown',
      'unknown: no objective is about this service; Unknown is not Green',
    ],
    [
      'is not open on a Green that is old news',
      [green],
      STALE,
      'unknown',
      'unknown: Green when last measured, but no valid event since 2024-10-04T09:30:20.000Z, and no runner keeps the ledger; Unknown is not Green',
    ],
    [
      'stays frozen on old data',
      [red],
      STALE,
      'frozen',
      'frozen, critical deploys only: red is Red, 100.0 % of its budget consumed (100 bad of 100,000 events)',
    ],
  ])('%s', (_name, statuses, data, gate, reason) => {
    expect(gateOf(statuses, data)).toMatchObject({ gate, reason });
  });

  it('lists what is Unknown, with the reason', () => {
    expect(gateOf([unknown, green], FRESH).unknown).toEqual([
      { objective: 'unmeasured', because: 'no events in the window yet' },
    ]);
  });
});

describe('a deploy at the gate', () => {
  const signed: Waiver = { how: 'signed-off', by: 'Ada', reason: 'rollback ready' };
  const critical: Waiver = { how: 'critical', by: 'Grace', reason: 'stops the losses' };

  it.each<[at: string, statuses: readonly Status[], waiver: Waiver | null, exitCode: number, isWaived: boolean]>([
    ['an open gate', [green], null, 0, false],
    ['an open gate with a sign-off that it does not need', [green], signed, 0, false],
    ['a Yellow gate', [yellow], null, 1, false],
    ['a Yellow gate with a sign-off', [yellow], signed, 0, true],
    ['a Yellow gate as critical', [yellow], critical, 0, true],
    ['a frozen gate', [red], null, 1, false],
    ['a frozen gate with a sign-off, which does not do', [red], signed, 1, false],
    ['a frozen gate as critical', [red], critical, 0, true],
    ['a thin Red with a sign-off', [thinRed], signed, 0, true],
    ['a gate that knows nothing', [unknown], null, 3, false],
    ['a gate that knows nothing with a sign-off', [unknown], signed, 0, true],
  ])('passes or not: %s', (_at, statuses, waiver, exitCode, isWaived) => {
    const admission = admit(gateOf(statuses, FRESH), waiver);
    expect(admission).toMatchObject({ exitCode, isWaived, isAdmitted: exitCode === 0 });
  });

  it('is told what would open it', () => {
    const advice = (of: Status, waiver: Waiver | null): string | null => admit(gateOf([of], FRESH), waiver).advice;
    expect(advice(yellow, null)).toBe("an SRE's sign-off opens it: --signed-off-by NAME --reason TEXT");
    expect(advice(red, null)).toBe('a critical deploy opens it: --critical --by NAME --reason TEXT');
    expect(advice(red, signed)).toBe(
      'a sign-off does not lift a freeze; a critical deploy does: --critical --by NAME --reason TEXT',
    );
    expect(advice(yellow, signed)).toBe('opened by the sign-off of Ada: rollback ready');
    expect(advice(red, critical)).toBe('opened as critical by Grace: stops the losses');
    expect(advice(green, signed)).toBe('nothing had to be waived, and nothing was recorded');
    expect(advice(green, null)).toBeNull();
  });
});

describe('the data of a gate', () => {
  const probe = (part: Record<string, unknown> = {}) => ({
    id: 'status',
    kind: 'http',
    service: 'api',
    url: 'http://127.0.0.1:1/',
    ...part,
  });
  const own = {
    id: 'availability',
    service: 'api',
    target: '0.999',
    window: '30d',
    sli: 'availability',
    probes: ['status'],
  };
  const configuration = (part = {}, more = {}) => configured({ probes: [probe(part)], objectives: [own], ...more });

  const reader = (steps: readonly { atMs: number; good: number }[]) => ({
    tallies: async ({ fromMs, toMs, groupMs = MINUTE }: { fromMs: number; toMs: number; groupMs?: number }) =>
      steps
        .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
        .map(({ atMs, good }) => runs(atMs - ((atMs - fromMs) % groupMs), good, 0)),
  });

  it('is as old as the newest step with a valid event', async () => {
    const data = await gateData(
      reader([
        { atMs: STEP - 10 * MINUTE, good: 1 },
        { atMs: STEP - MINUTE, good: 0 },
      ]),
      configuration(),
      'api',
      NOW,
      true,
    );
    expect(data).toEqual({
      newestMs: STEP - 9 * MINUTE,
      ageMs: NOW - (STEP - 9 * MINUTE),
      maxAgeMs: 15 * MINUTE,
      isKept: true,
      isStale: false,
    });
  });

  it('is stale past its greatest age, and where there is none', async () => {
    const old = await gateData(reader([{ atMs: STEP - 17 * MINUTE, good: 1 }]), configuration(), 'api', NOW, true);
    expect(old).toMatchObject({ isStale: true, ageMs: 16 * MINUTE + 20_000 });
    const ancient = await gateData(reader([{ atMs: STEP - 3 * DAY, good: 1 }]), configuration(), 'api', NOW, true);
    expect(ancient.isStale).toBe(true);
    expect(ancient.ageMs).toBeGreaterThan(2.9 * DAY);
    expect(await gateData(reader([]), configuration(), 'api', NOW, false)).toMatchObject({
      newestMs: null,
      isStale: true,
    });
  });

  it('may be a quarter of an hour old, or three intervals of the slowest probe, or what is configured', () => {
    expect(maxAgeOf(configuration(), 'api', true)).toBe(15 * MINUTE);
    expect(maxAgeOf(configuration({ every: '10m', timeout: '5s' }), 'api', true)).toBe(30 * MINUTE + 5000);
    expect(maxAgeOf(configuration({ every: '10m' }, { gate: { maxAge: '2h' } }), 'api', true)).toBe(2 * HOUR);
    expect(maxAgeOf(configuration({ every: '1s', timeout: '500ms' }, { timeScale: 600 }), 'api', true)).toBe(MINUTE);
  });

  it('may be of any age between two sessions of a calendar, as long as a runner keeps the ledger', () => {
    const calendar = configuration({ cron: '*/10 9-16 * * 1-5', timezone: 'America/New_York' });
    expect(maxAgeOf(calendar, 'api', true)).toBeNull();
    expect(maxAgeOf(calendar, 'api', false)).toBe(15 * MINUTE);
  });
});
