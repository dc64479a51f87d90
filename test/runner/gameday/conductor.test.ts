import { describe, expect, test } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { NO_PHASES } from '../../../probes/probe.ts';
import type { Reason } from '../../../probes/reasons.ts';
import { entryText } from '../../../runner/gameday-text.ts';
import { makeGamedayFolder } from '../../../runner/gameday/gameday-id.ts';
import { holdLock } from '../../../runner/gameday/lock.ts';
import { gamedayExitCode } from '../../../runner/gameday/outcome.ts';
import { exercise, problem, stubProbe, types, World } from './world.ts';
import type { Say } from './world.ts';

const always: Say = () => 'good';
const whileFaulty: Say = (world) => (world.isFaulty ? 'bad' : 'good');
/** A failover: bad for five seconds, then good although the fault is there. */
const forFiveSeconds: Say = (world) => (world.isFaulty && world.faultAgeMs < 5000 ? 'bad' : 'good');

function worldWhere(say: Say): World {
  const world = new World();
  world.probes = { shop: { everyMs: 1000, say } };
  return world;
}

describe('verdicts', () => {
  test('a steady state that stays while traffic crosses the fault has held', async () => {
    const world = worldWhere(always);
    const outcome = await world.conduct(exercise());
    expect(outcome).toMatchObject({
      verdict: 'held',
      passed: true,
      detail: 'the steady state held while 1000 bytes crossed the fault',
      detectedAfterMs: null,
      recoveredAfterMs: null,
    });
    expect(gamedayExitCode(outcome)).toBe(0);
    expect(world.attended).toEqual([]);
    expect(world.guardianFinished).toBe(true);
  });

  test('a failover is a recovery despite the fault, timed from the injection', async () => {
    const world = worldWhere(forFiveSeconds);
    const outcome = await world.conduct(exercise());
    expect(outcome).toMatchObject({ verdict: 'recovered-despite-fault', passed: true });
    expect(outcome.detectedAfterMs).toBeGreaterThan(0);
    expect(outcome.detectedAfterMs).toBeLessThanOrEqual(1000);
    // Two good runs after five seconds of bad ones.
    expect(outcome.mitigatedAfterMs).toBeGreaterThan(5000);
    expect(outcome.mitigatedAfterMs).toBeLessThanOrEqual(7000);
    expect(outcome.recoveredAfterMs).toBeGreaterThan(outcome.liftedAfterMs ?? Number.POSITIVE_INFINITY);
  });

  test('a fault that is detected while the steady state holds has been held, not recovered from', async () => {
    const world = worldWhere((world) => (world.isFaulty && world.faultAgeMs > 3000 ? 400 : 100));
    const ack = { probe: 'shop', indicator: 'ack', quantile: '1' };
    const steps = [
      ...exerciseSteps({ holdFor: '1s' }).slice(0, 1),
      { wait: { for: { name: 'slow', ...ack, above: '200ms' }, within: '20s', mark: 'detected' } },
      ...exerciseSteps({ holdFor: '5s' }).slice(1),
    ];
    const hypothesis = [{ name: 'the shop is quick', ...ack, atMost: '500ms', over: 2 }];
    const outcome = await world.conduct(exercise({ hypothesis, steps }));
    expect(outcome).toMatchObject({
      verdict: 'held',
      detail: 'the steady state held while 1000 bytes crossed the fault; the fault was detected all the same',
      mitigatedAfterMs: null,
      recoveredAfterMs: null,
      recoveredAfterLiftMs: null,
    });
    expect(outcome.detectedAfterMs).toBeGreaterThan(3000);
  });

  test('what broke between the last run before the fault and the fault is no work of the fault', async () => {
    // Bad once, after the baseline and before the injection: the guardian takes its time to start.
    let isBaseline = false;
    const world = worldWhere((world) => (isBaseline && !world.isFaulty ? 'bad' : 'good'));
    const steps = exerciseSteps({ holdFor: '10s' }).slice(0, 2);
    const outcome = await world.conduct(exercise({ steps: [...steps, { lift: { fault: 'slow' } }] }), {
      startGuardian: async () => {
        isBaseline = true;
        await world.clock.sleep(1500, new AbortController().signal);
        isBaseline = false;
        return {
          pid: 1,
          renew: () => Promise.resolve(true),
          lost: world.guardianLost.signal,
          finish: () => Promise.resolve(),
        };
      },
    });
    expect(outcome.verdict).toBe('held');
  });

  test('what nobody has asked since the injection is not known, and never said to hold', async () => {
    const world = new World();
    world.probes = { shop: { everyMs: 20_000, say: always } };
    const outcome = await world.conduct(exercise({ settle: '2m', steps: exerciseSteps({ holdFor: '15s' }) }));
    expect(outcome.verdict).toBe('no-effect');
    const during = world.entries.flatMap((entry) =>
      entry.type === 'hypothesis' && entry.phase === 'during' ? [entryText(entry)] : [],
    );
    expect(during).toEqual(['hypothesis during: the shop answers: not yet known (1 of 2 runs of shop so far)']);
  });

  test('what comes back only with the lift is a recovery after it, and no pass unless the scenario says so', async () => {
    const outcome = await worldWhere(whileFaulty).conduct(exercise());
    expect(outcome).toMatchObject({
      verdict: 'recovered-after-lift',
      passed: false,
      detail: 'the steady state came back only once the fault was lifted; expected held or recovered-despite-fault',
    });
    expect(outcome.recoveredAfterLiftMs).toBeGreaterThan(0);
    expect(outcome.recoveredAfterLiftMs).toBeLessThanOrEqual(2000);
    expect(gamedayExitCode(outcome)).toBe(1);
    const allowed = await worldWhere(whileFaulty).conduct(exercise({ pass: ['recovered-after-lift'] }));
    expect(allowed.passed).toBe(true);
  });

  test('what stays broken after the lift has not recovered', async () => {
    const outcome = await worldWhere((world) => (world.faultAgeMs >= 0 ? 'bad' : 'good')).conduct(exercise());
    expect(outcome).toMatchObject({ verdict: 'not-recovered', passed: false, recoveredAfterMs: null });
    expect(outcome.detail).toMatch(/^the steady state did not come back after the fault was lifted/);
  });

  test('a fault that nothing crossed had no effect, as the counters prove', async () => {
    const world = worldWhere(always);
    world.traffic = 0;
    const outcome = await world.conduct(exercise());
    expect(outcome).toMatchObject({ verdict: 'no-effect', passed: false });
    expect(outcome.detail).toMatch(/^nothing crossed the fault, so nothing was learned/);
  });

  test('without counters a steady state has held, and the detail says what is not known', async () => {
    const world = worldWhere(always);
    world.crossing = null;
    expect(await world.conduct(exercise())).toMatchObject({
      verdict: 'held',
      detail: 'the steady state held; effect not measured (nothing counts what crosses it)',
    });
  });

  test('a steady state that no probe could tell has not held', async () => {
    const world = worldWhere((world) => (world.isFaulty ? null : 'good'));
    expect(await world.conduct(exercise())).toMatchObject({ verdict: 'no-effect', passed: false });
  });

  test('a recovery later than the goal is no pass', async () => {
    const outcome = await worldWhere(forFiveSeconds).conduct(exercise({ recoveryGoal: '3s' }));
    expect(outcome).toMatchObject({ verdict: 'recovered-despite-fault', passed: false });
    expect(outcome.detail).toMatch(/mitigated after \d\.\d s, the goal is 3 s$/);
  });
});

describe('refusals', () => {
  test.each([
    [
      'a target that is not permitted',
      { permittedTargets: new Map([['toxiproxy', ['gateway']]]) },
      'permission slow: a scenario may touch gateway, not feed (gamedays.injectors)',
    ],
    [
      'an environment that is not permitted',
      { environment: 'production' },
      'environment: game-days may run in sandbox, not in production (gamedays.environments)',
    ],
    ['an injector that is not there', { injectors: new Map() }, 'target slow: no toxiproxy is configured'],
  ])('%s is refused with exit code 4', async (_, changes, detail) => {
    const world = worldWhere(always);
    const outcome = await world.conduct(exercise(), changes);
    expect(outcome).toMatchObject({ verdict: 'refused', passed: false, detail });
    expect(gamedayExitCode(outcome)).toBe(4);
    expect(world.calls).toEqual([]);
    expect(types(world.entries)).not.toContain('undo-prepared');
  });

  test('a target that does not answer is refused by what the injector says', async () => {
    const world = worldWhere(always);
    world.injector.check = () => Promise.resolve(problem('unreachable', 'http://localhost:8474 does not answer'));
    expect(await world.conduct(exercise())).toMatchObject({
      verdict: 'refused',
      detail: 'target slow: http://localhost:8474 does not answer',
    });
  });

  test('a hanging injector is refused after five seconds', async () => {
    const world = worldWhere(always);
    world.injector.check = () => new Promise(() => undefined);
    expect(await world.conduct(exercise())).toMatchObject({
      verdict: 'refused',
      detail: 'target slow: no answer within 5000 ms',
    });
  });

  test('a service outside its steady state is not broken any further', async () => {
    const world = worldWhere(() => 'bad');
    const outcome = await world.conduct(exercise());
    expect(outcome).toMatchObject({
      verdict: 'refused',
      detail: 'baseline: the steady state did not hold within 30 s: the shop answers (shop: 0 of 2 good, 2 asked)',
    });
    expect(world.calls).toEqual([]);
    const waiting = world.entries.flatMap((entry) => (entry.type === 'waiting' ? [entryText(entry)] : []));
    expect(waiting).toEqual([
      'the steady state is not yet known (the shop answers (0 of 2 runs of shop so far)): waiting, at most 30 s',
      'the steady state does not hold yet (the shop answers (shop: 0 of 2 good, 2 asked)): waiting, at most 28 s',
    ]);
  });

  test('a scenario that asks an unknown probe is refused by its name', async () => {
    const world = worldWhere(always);
    const hypothesis = [{ name: 'the bank answers', probe: 'bank', outcome: 'good' }];
    expect((await world.conduct(exercise({ hypothesis }))).detail).toContain('probes: no such probe: bank');
  });

  test('a watch that does not answer is refused by its name and reason, before its answer is waited for', async () => {
    const watch = [{ id: 'on-backup', kind: 'http', url: 'http://127.0.0.1:1/health', every: '500ms', timeout: '1s' }];
    const observed = { phases: NO_PHASES, readings: [], values: {} } as const;
    const answers = (outcome: 'bad' | 'excluded', reason: Reason, detail: string) => () => ({
      run: () => Promise.resolve({ ...observed, outcome, reason, detail }),
    });
    for (const [openWatch, detail] of [
      [answers('bad', 'connect-refused', '127.0.0.1:1 refused'), 'connect-refused: 127.0.0.1:1 refused'],
      [answers('excluded', 'http-4xx', 'status 404'), 'http-4xx: status 404'],
      [() => ({ run: () => new Promise<never>(() => undefined) }), 'timeout: no answer within 1000 ms'],
    ] as const) {
      const outcome = await worldWhere(always).conduct(exercise({ watch }), { mode: 'check', openWatch });
      expect(outcome).toMatchObject({ verdict: 'refused', detail: `watch on-backup: ${detail}` });
      // Nor is the baseline waited for: it could not change that.
      expect(outcome.checks.map(({ name }) => name)).not.toContain('baseline');
      expect(gamedayExitCode(outcome)).toBe(4);
    }
    const openWatch = answers('bad', 'assertion', 'the feed is primary');
    const outcome = await worldWhere(always).conduct(exercise({ watch }), { mode: 'check', openWatch });
    expect(outcome.verdict).toBe('ready');
  });

  test('what was stopped before anything was injected says so, and is no refusal', async () => {
    const world = worldWhere(() => 'bad');
    void world.clock.sleep(5000, new AbortController().signal).then(() => world.abort.abort('SIGTERM'));
    const outcome = await world.conduct(exercise());
    expect(outcome).toMatchObject({
      verdict: 'aborted',
      detail: 'stopped before anything was injected (SIGTERM)',
    });
    expect(outcome.checks.map(({ name }) => name)).not.toContain('baseline');
    expect(gamedayExitCode(outcome, 'SIGTERM')).toBe(143);
    expect(gamedayExitCode(outcome, 'SIGINT')).toBe(130);
    expect(world.calls).toEqual([]);
  });

  test.each([
    ['the same component', { component: 'shop', targets: [] }, 'shop'],
    ['the same target', { component: 'bank', targets: ['toxiproxy feed'] }, 'toxiproxy feed'],
  ])('a game-day is refused while another one is under way on %s', async (_, claim, shared) => {
    const folder = await mkdtemp(join(tmpdir(), 'pulsedrill-under-way-'));
    try {
      const { gamedayId, journalPath } = await makeGamedayFolder(folder, 'other', 1_795_000_000_000);
      const lock = await holdLock(dirname(journalPath), claim);
      const world = worldWhere(always);
      const outcome = await world.conduct(exercise(), { folder });
      expect(outcome).toMatchObject({
        verdict: 'refused',
        detail: `alone: ${gamedayId} is under way on ${shared} (process ${process.pid})`,
      });
      expect(gamedayExitCode(outcome)).toBe(4);
      expect(world.calls).toEqual([]);
      await lock[Symbol.asyncDispose]();
      // One that crashed leaves its lock behind, of a process that is no more.
      const dead = { pid: 4_194_305, started: null, claim };
      await writeFile(join(dirname(journalPath), 'conductor.lock'), JSON.stringify(dead));
      expect(await worldWhere(always).conduct(exercise(), { folder })).toMatchObject({ verdict: 'held' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('a game-day on something else is in nobody’s way', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pulsedrill-under-way-'));
    try {
      const { journalPath } = await makeGamedayFolder(folder, 'other', 1_795_000_000_000);
      await holdLock(dirname(journalPath), { component: 'bank', targets: ['toxiproxy gateway'] });
      expect(await worldWhere(always).conduct(exercise(), { folder })).toMatchObject({ verdict: 'held' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('without a guardian nothing is injected', async () => {
    const world = worldWhere(always);
    const startGuardian = () => Promise.reject(new Error('the guardian did not start within 10000 ms'));
    const outcome = await world.conduct(exercise(), { startGuardian });
    expect(outcome).toMatchObject({
      verdict: 'refused',
      detail: 'guardian: the guardian did not start within 10000 ms',
    });
    expect(world.calls).toEqual([]);
  });

  test('a check whose guardian does not start says so', async () => {
    const world = worldWhere(always);
    const startGuardian = () => Promise.reject(new Error('the guardian did not start within 10000 ms'));
    const outcome = await world.conduct(exercise(), { mode: 'check', startGuardian });
    expect(outcome.detail).toBe('guardian: the guardian did not start within 10000 ms');
    expect(gamedayExitCode(outcome)).toBe(4);
  });

  test('a check looks at everything, injects nothing and sends its guardian home', async () => {
    const world = worldWhere(always);
    const outcome = await world.conduct(exercise(), { mode: 'check' });
    expect(world.guardianFinished).toBe(true);
    expect(outcome).toMatchObject({ verdict: 'ready', passed: true });
    expect(outcome.checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
      'environment true',
      'alone true',
      'probes true',
      'permission slow true',
      'target slow true',
      'baseline true',
      'guardian true',
    ]);
    expect(gamedayExitCode(outcome)).toBe(0);
    expect(world.calls).toEqual([]);
  });
});

describe('safety', () => {
  test('the undo is in the journal before the fault is applied', async () => {
    const world = worldWhere(always);
    const plain = { ...world.injector };
    let isWritten = false;
    world.injector.inject = (...parts) => {
      isWritten = entries.some((type) => type === 'undo-prepared');
      return plain.inject(...parts);
    };
    const entries: string[] = [];
    await world.conduct(exercise(), { onEntry: (entry) => entries.push(entry.type) });
    expect(isWritten).toBe(true);
    expect(types(world.entries).indexOf('undo-prepared')).toBeLessThan(types(world.entries).indexOf('injected'));
  });

  test('faults are undone in reverse, also when the run is stopped', async () => {
    const world = worldWhere(always);
    const inject = (id: string, name: string) => ({
      inject: { id, fault: { type: 'blackhole' }, target: { injector: 'toxiproxy', name } },
    });
    const steps = [
      inject('one', 'feed'),
      inject('two', 'gateway'),
      { hold: { for: '5m' } },
      { lift: { fault: 'one' } },
      { lift: { fault: 'two' } },
    ];
    const stopping = world.clock.sleep(20_000, new AbortController().signal).then(() => {
      world.abort.abort(new Error('stopped by its lead'));
    });
    const outcome = await world.conduct(exercise({ steps }));
    await stopping;
    expect(outcome).toMatchObject({ verdict: 'aborted', passed: false, detail: 'stopped by its lead', notUndone: [] });
    expect(world.calls).toEqual(['inject feed', 'inject gateway', 'undo gateway', 'undo feed']);
    expect(world.liftedAtMs).toBeLessThanOrEqual(21_000);
    expect(gamedayExitCode(outcome)).toBe(1);
  });

  test('the end of the timebox undoes everything', async () => {
    const world = worldWhere(always);
    const steps = exerciseSteps({ holdFor: '40s' });
    const outcome = await world.conduct(exercise({ timebox: '41s', steps }));
    expect(outcome).toMatchObject({ verdict: 'aborted', detail: 'the timebox of 41000 ms ended' });
    expect(world.isFaulty).toBe(false);
  });

  test('an abort condition ends the exercise while a step waits', async () => {
    const world = worldWhere(whileFaulty);
    const abort = [{ name: 'too long closed', probe: 'shop', outcome: 'bad', of: 4 }];
    const outcome = await world.conduct(exercise({ abort }));
    expect(outcome).toMatchObject({
      verdict: 'aborted',
      detail: 'abort condition: too long closed: shop: 4 of 4 bad, 4 asked',
    });
    expect(world.isFaulty).toBe(false);
    expect(world.liftedAtMs - world.injectedAtMs).toBeLessThanOrEqual(5000);
  });

  test('a fault that cannot be undone is exit code 5, with the command that undoes it by hand', async () => {
    const world = worldWhere(always);
    world.injector.undo = () => Promise.resolve(problem('unreachable', 'nobody answers'));
    const outcome = await world.conduct(exercise());
    expect(outcome.notUndone).toEqual([
      { fault: 'slow', target: { injector: 'toxiproxy', name: 'feed' }, why: 'nobody answers', byHand: 'undo feed' },
    ]);
    expect(outcome.detail).toContain('slow is still there (nobody answers); undo it by hand: undo feed');
    expect(gamedayExitCode(outcome)).toBe(5);
    expect(world.entries.findLast((entry) => entry.type === 'lift-failed')).toMatchObject({ byHand: 'undo feed' });
  });

  test('an undo that hangs once is tried again', async () => {
    const world = worldWhere(always);
    const plain = { ...world.injector };
    let tries = 0;
    world.injector.undo = (...parts) => {
      tries += 1;
      return tries === 1 ? new Promise(() => undefined) : plain.undo(...parts);
    };
    const outcome = await world.conduct(exercise());
    expect(outcome).toMatchObject({ verdict: 'held', notUndone: [] });
    expect(tries).toBe(2);
  });

  test('nothing is injected once the guardian has given the run up', async () => {
    const world = worldWhere(always);
    world.guardianRenews = false;
    const outcome = await world.conduct(exercise());
    expect(outcome).toMatchObject({
      verdict: 'aborted',
      detail: 'slow could not be injected: the guardian does not answer, and nothing is injected without one',
    });
    expect(world.calls).toEqual(['undo feed']);
  });

  test('a guardian that is lost on the way ends the exercise', async () => {
    const world = worldWhere(always);
    void world.clock.sleep(5_000, new AbortController().signal).then(() => {
      world.guardianLost.abort(new Error('the guardian ended (SIGKILL)'));
    });
    expect(await world.conduct(exercise())).toMatchObject({
      verdict: 'aborted',
      detail: 'the guardian ended (SIGKILL)',
      notUndone: [],
    });
  });

  test('a fault that somebody else took away proves nothing', async () => {
    const world = worldWhere(always);
    world.injector.stands = () => Promise.resolve({ ok: true, value: false });
    expect(await world.conduct(exercise())).toMatchObject({
      verdict: 'aborted',
      passed: false,
      detail: 'slow was gone before it was lifted',
      notUndone: [],
    });
  });

  test('a throw from an injector is undone like everything else', async () => {
    const world = worldWhere(always);
    const plain = { ...world.injector };
    world.injector.inject = async (...parts) => {
      await plain.inject(...parts);
      throw new TypeError('surprise');
    };
    const outcome = await world.conduct(exercise());
    expect(outcome).toMatchObject({ verdict: 'aborted', detail: 'slow could not be injected: surprise' });
    expect(world.isFaulty).toBe(false);
  });
});

describe('waits', () => {
  test('what does not come within its time lifts the fault early', async () => {
    const world = worldWhere(whileFaulty);
    const steps = [
      ...exerciseSteps({ holdFor: '5m' }).slice(0, 1),
      { wait: { for: { name: 'reopened', probe: 'shop', outcome: 'good', of: 2 }, within: '15s', mark: 'mitigated' } },
      ...exerciseSteps({ holdFor: '5m' }).slice(1),
    ];
    const outcome = await world.conduct(exercise({ steps, pass: ['recovered-after-lift'] }));
    expect(outcome).toMatchObject({
      verdict: 'recovered-after-lift',
      passed: false,
      detail: 'the steady state came back only once the fault was lifted; not in time: reopened',
    });
    expect(world.liftedAtMs - world.injectedAtMs).toBeLessThan(20_000);
  });

  test('a mark carries the turns of its probe as its uncertainty, but reaches back no further than its cause', async () => {
    const world = worldWhere((world) => (world.isFaulty && world.faultAgeMs > 5000 ? 'bad' : 'good'));
    await world.conduct(exercise());
    const marks = world.entries.flatMap((entry) =>
      entry.type === 'mark' ? [`${entry.what} ${entry.uncertaintyMs}`] : [],
    );
    expect(marks).toEqual(['injected 0', 'impact 2000', 'detected 1000', 'lifted 0', 'recovered 2000', 'steady 0']);
  });

  test('the uncertainty of a mark reaches back over runs that the prober spoiled or skipped, to the last that looked', async () => {
    const world = worldWhere(({ isFaulty, faultAgeMs: ageMs }) => {
      if (!isFaulty || ageMs < 4500) return 'good';
      if (ageMs < 9500) return ageMs < 7000 ? 'fault' : 'skipped';
      return 'bad';
    });
    await world.conduct(exercise());
    const detected = world.entries.flatMap((entry) =>
      entry.type === 'mark' && entry.what === 'detected' ? [entry.uncertaintyMs] : [],
    );
    expect(detected).toEqual([6000]);
  });

  test('a hung probe neither hangs the run nor passes for a good one', async () => {
    const world = worldWhere((world) => (world.isFaulty && world.faultAgeMs > 2000 ? null : 'good'));
    const outcome = await world.conduct(exercise({ steps: exerciseSteps({ holdFor: '30s' }) }));
    expect(outcome.verdict).toBe('no-effect');
    expect(
      world.entries.some((entry) => entry.type === 'hypothesis' && entry.detail.startsWith('no answer from shop for')),
    ).toBe(true);
  });

  test('a watch of the scenario is asked on its own clock and can be waited for', async () => {
    const world = worldWhere(forFiveSeconds);
    const watch = [{ id: 'on-backup', kind: 'http', url: 'http://127.0.0.1:1/health', every: '500ms', timeout: '1s' }];
    const steps = [
      ...exerciseSteps({ holdFor: '1s' }).slice(0, 1),
      { wait: { for: { name: 'failed over', probe: 'on-backup', outcome: 'good' }, within: '20s', mark: 'mitigated' } },
      { wait: { for: 'hypothesis', within: '10s' } },
      ...exerciseSteps({ holdFor: '1s' }).slice(1),
    ];
    const openWatch = () => stubProbe(() => (world.isFaulty && world.faultAgeMs >= 4000 ? 'good' : 'bad'));
    const outcome = await world.conduct(exercise({ watch, steps }), { openWatch });
    expect(outcome).toMatchObject({ verdict: 'recovered-despite-fault', passed: true });
    expect(outcome.mitigatedAfterMs).toBeGreaterThanOrEqual(4000);
    expect(outcome.mitigatedAfterMs).toBeLessThanOrEqual(5000);
  });
});

test('the journal is enough to tell the story', async () => {
  const world = worldWhere(forFiveSeconds);
  await world.conduct(exercise());
  expect(types(world.entries)).toEqual([
    'started',
    'phase',
    'check',
    'check',
    'check',
    'check',
    'check',
    'waiting',
    'hypothesis',
    'check',
    'check',
    'phase',
    'undo-prepared',
    'injected',
    'mark',
    'waiting',
    'hypothesis',
    'mark',
    'condition',
    'mark',
    'hypothesis',
    'mark',
    'lifted',
    'mark',
    'phase',
    'hypothesis',
    'mark',
    'hypothesis',
    'mark',
    'finished',
  ]);
});

function exerciseSteps({ holdFor }: { holdFor: string }) {
  return [
    {
      inject: { id: 'slow', fault: { type: 'latency', delay: '1s' }, target: { injector: 'toxiproxy', name: 'feed' } },
    },
    { hold: { for: holdFor } },
    { lift: { fault: 'slow' } },
  ];
}
