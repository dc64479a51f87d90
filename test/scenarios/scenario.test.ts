import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { problemLine } from '../../probes/problem.ts';
import type { Condition } from '../../scenarios/condition.ts';
import { listScenarios, loadScenario } from '../../scenarios/load.ts';
import { defineScenario, parseScenario } from '../../scenarios/scenario.ts';
import type { ScenarioDefinition } from '../../scenarios/scenario.ts';

const PLAIN = `
id: slow-feed
title: Slow feed
objective: The venue fails over.
component: market-data
recoveryGoal: 2m
timebox: 15m
hypothesis:
  - { name: ticks arrive, probe: ticks, outcome: good, of: 5, atLeast: 4 }
  - { name: ticks are fresh, probe: ticks, indicator: tick-age, quantile: "0.99", below: 1500ms, over: 3 }
watch:
  - { id: on-backup, kind: http, url: "http://127.0.0.1:8080/health", every: 500ms, timeout: 1s, expect: [{ json: { path: $.feed, equals: backup } }] }
steps:
  - inject: { id: slow, fault: { type: latency, delay: 3s }, target: { injector: toxiproxy, name: feed } }
  - wait: { for: { name: failed over, probe: on-backup, outcome: good }, within: 2m, mark: mitigated }
  - hold: { for: 10s }
  - lift: { fault: slow }
  - wait: { for: hypothesis, within: 1m, mark: recovered }
abort:
  - { name: orders fail, anyOf: [{ probe: orders, outcome: bad, of: 3 }, { probe: orders, indicator: ack, above: 1s }] }
`;

function document(change: (scenario: Record<string, unknown>) => void = () => undefined): Record<string, unknown> {
  const scenario: Record<string, unknown> = parse(PLAIN);
  change(scenario);
  return scenario;
}

function lines(scenario: unknown, values = {}): readonly string[] {
  const parsed = parseScenario(scenario, 'mine.yaml', values);
  return parsed.ok ? [] : parsed.problems.map((problem) => problemLine(parsed.source, problem));
}

const inject = { id: 'slow', fault: { type: 'blackhole' }, target: { injector: 'toxiproxy', name: 'feed' } };

describe('a scenario', () => {
  test('reads from YAML as it stands, durations in milliseconds and defaults filled in', () => {
    const parsed = parseScenario(document(), 'mine.yaml');
    expect(parsed).toMatchObject({
      ok: true,
      scenario: {
        id: 'slow-feed',
        recoveryGoalMs: 120_000,
        timeboxMs: 900_000,
        settleMs: 120_000,
        pass: ['held', 'recovered-despite-fault'],
        hypothesis: [
          { name: 'ticks arrive', needs: 'all', checks: [{ type: 'outcome', probe: 'ticks', of: 5, atLeast: 4 }] },
          {
            name: 'ticks are fresh',
            needs: 'all',
            checks: [{ type: 'indicator', limit: { word: 'below', ms: 1500 } }],
          },
        ],
        watch: [{ id: 'on-backup', every: 500 }],
        steps: [
          { type: 'inject', id: 'slow', fault: { type: 'latency', ms: 3000 } },
          { type: 'wait', withinMs: 120_000, mark: 'mitigated' },
          { type: 'hold', ms: 10_000 },
          { type: 'lift', fault: 'slow' },
          { type: 'wait', for: 'hypothesis', mark: 'recovered' },
        ],
        abort: [
          {
            name: 'orders fail',
            needs: 'any',
            checks: [
              { of: 3, atLeast: 3 },
              { quantile: '0.95', over: 1 },
            ],
          },
        ],
      },
    });
  });

  test('says who takes part, what is expected and what is measured, and needs none of it', () => {
    const when = (name: string) => ({ name, probe: 'on-backup', outcome: 'good' });
    const scenario = document((scenario) => {
      Object.assign(scenario, {
        serves: ['slo-market-data-freshness'],
        prerequisites: ['the desk knows', when('the backup is there')],
        roles: { 'on-call': 'answers as on any day' },
        communications: { channel: '#game-days', audience: ['support'], before: 'It begins.' },
        goals: { acknowledged: '5m' },
        alerts: [{ rule: 'burn', within: '3m' }],
        degradedMode: {
          entered: { when: when('on the backup'), within: '30s' },
          left: { when: when('off the backup'), within: '1m' },
        },
        sources: [{ name: 'platform', kind: 'prometheus', url: 'http://127.0.0.1:9090' }],
        success: [{ name: 'few errors', promql: 'errors', source: 'platform', value: { atMost: 5 } }],
        steadyFor: '10m',
        steps: [
          { inject },
          {
            parallel: [
              [{ hold: { for: '1s' } }],
              [{ human: { id: 'look', do: 'Look.', who: 'on-call', within: '5m' } }],
            ],
          },
          { lift: { fault: 'slow' } },
        ],
      });
    });
    expect(parseScenario(scenario, 'mine.yaml')).toMatchObject({
      ok: true,
      scenario: {
        serves: ['slo-market-data-freshness'],
        goals: { acknowledged: 300_000 },
        alerts: [{ rule: 'burn', objective: null, service: null, severity: null, withinMs: 180_000 }],
        degradedMode: { entered: { withinMs: 30_000 }, left: { withinMs: 60_000 } },
        // Never longer than there is time for it.
        steadyForMs: 120_000,
        steps: [
          { type: 'inject' },
          {
            type: 'parallel',
            branches: [
              [{ type: 'hold' }],
              [{ type: 'human', id: 'look', who: 'on-call', withinMs: 300_000, mark: null }],
            ],
          },
          { type: 'lift' },
        ],
      },
    });
    expect(parseScenario(document(), 'mine.yaml')).toMatchObject({
      ok: true,
      scenario: { serves: null, alerts: null, degradedMode: null, communications: null, goals: {}, steadyForMs: 5000 },
    });
  });

  test('is the same in TypeScript', () => {
    const definition: ScenarioDefinition = defineScenario({
      id: 'one',
      title: 'One',
      objective: 'Shows one.',
      component: 'shop',
      hypothesis: [{ name: 'open', probe: 'shop', outcome: 'good' }],
      steps: [
        { inject: { id: 'cut', fault: { type: 'blackhole' }, target: { injector: 'toxiproxy', name: 'edge' } } },
        { hold: { for: '1s' } },
        { lift: { fault: 'cut' } },
      ],
    });
    expect(parseScenario(definition, 'one.ts')).toMatchObject({ ok: true, scenario: { timeboxMs: 5_400_000 } });
  });

  test.each<[string, (scenario: Record<string, unknown>) => void, string[]]>([
    [
      'a fault that is never lifted',
      (scenario) => {
        scenario['steps'] = [{ inject }, { hold: { for: '1s' } }];
      },
      [
        'mine.yaml: steps[0].inject.id: expected a later step { lift: { fault: slow } }, since a fault that is never lifted has no way back, got "slow"',
      ],
    ],
    [
      'an injector that offers no undo',
      (scenario) => {
        scenario['steps'] = [{ inject: { ...inject, target: { injector: 'sledgehammer', name: 'feed' } } }];
      },
      [
        'mine.yaml: steps[0].inject.id: expected a later step { lift: { fault: slow } }, since a fault that is never lifted has no way back, got "slow"',
        'mine.yaml: steps[0].inject.target.injector: expected an injector that can undo what it does: toxiproxy, process, netem, stress, http, exec, kubernetes, got "sledgehammer"',
      ],
    ],
    [
      'a lift of what was never injected',
      (scenario) => {
        scenario['steps'] = [{ inject }, { lift: { fault: 'slow' } }, { lift: { fault: 'slow' } }];
      },
      [
        'mine.yaml: steps[2].lift.fault: expected the id of a fault that was injected before and is not lifted yet, got "slow"',
      ],
    ],
    [
      'a fault with the id of another',
      (scenario) => {
        scenario['steps'] = [{ inject }, { inject }, { lift: { fault: 'slow' } }];
      },
      ['mine.yaml: steps[1].inject.id: expected an id that no other fault has, got "slow"'],
    ],
    [
      'a step that is two',
      (scenario) => {
        scenario['steps'] = [{ hold: { for: '1s' }, lift: { fault: 'slow' } }];
      },
      [
        'mine.yaml: steps[0]: expected one of inject, wait, hold, human, parallel and lift, got {"hold":{"for":"1s"},"lift":{"fault":"slow"}}',
      ],
    ],
    [
      'holds that outlast the timebox',
      (scenario) => {
        scenario['timebox'] = '10s';
      },
      ['mine.yaml: timebox: expected a timebox longer than its holds together (10s), got "10s"'],
    ],
    [
      'every other problem at once',
      (scenario) => {
        scenario['recoveryGaol'] = '1m';
        scenario['timebox'] = '15 bananas';
        scenario['pass'] = ['aborted'];
      },
      [
        'mine.yaml: timebox: expected a duration such as "15s", got "15 bananas"',
        'mine.yaml: recoveryGaol: expected a known key (did you mean "recoveryGoal"?), got "recoveryGaol"',
        'mine.yaml: pass[0]: expected "held" or "recovered-despite-fault" or "recovered-after-lift", got "aborted"',
      ],
    ],
    [
      'a condition about nothing',
      (scenario) => {
        scenario['hypothesis'] = [{ name: 'ticks', probe: 'ticks' }];
      },
      ['mine.yaml: hypothesis[0]: expected one of outcome and indicator, got {"name":"ticks","probe":"ticks"}'],
    ],
    [
      'a condition with two limits',
      (scenario) => {
        scenario['hypothesis'] = [{ name: 'a', probe: 'ticks', indicator: 'ack', above: '1s', below: '2s' }];
      },
      [
        'mine.yaml: hypothesis[0]: expected one of atMost, below and above, got {"name":"a","probe":"ticks","indicator":"ack","above":"1s","below":"2s"}',
      ],
    ],
    [
      'a quantile of an outcome',
      (scenario) => {
        scenario['hypothesis'] = [{ name: 'a', probe: 'ticks', outcome: 'good', quantile: '0.5' }];
      },
      ['mine.yaml: hypothesis[0].quantile: expected an indicator beside it, got "0.5"'],
    ],
    [
      'a fault that another branch lifts',
      (scenario) => {
        scenario['steps'] = [{ parallel: [[{ inject }], [{ hold: { for: '1s' } }, { lift: { fault: 'slow' } }]] }];
      },
      [
        'mine.yaml: steps[0].parallel[1][1].lift.fault: expected a fault that is injected before the group, or earlier in the same branch, got "slow"',
      ],
    ],
    [
      'a fault of a branch that nobody lifts, beside a problem elsewhere',
      (scenario) => {
        scenario['steps'] = [{ parallel: [[{ inject }], [{ hold: { for: '1s' } }]] }];
        scenario['goals'] = { acknowleged: '5m' };
      },
      [
        'mine.yaml: steps[0].parallel[0][0].inject.id: expected a later step { lift: { fault: slow } }, since a fault that is never lifted has no way back, got "slow"',
        'mine.yaml: goals.acknowleged: expected a known key (did you mean "acknowledged"?), got "acknowleged"',
      ],
    ],
    [
      'holds that outlast the timebox on one branch',
      (scenario) => {
        scenario['timebox'] = '10s';
        const long = [{ hold: { for: '6s' } }, { hold: { for: '6s' } }];
        scenario['steps'] = [{ inject }, { parallel: [long, [{ hold: { for: '1s' } }]] }, { lift: { fault: 'slow' } }];
      },
      ['mine.yaml: timebox: expected a timebox longer than its holds together (12s), got "10s"'],
    ],
    [
      'one branch',
      (scenario) => {
        scenario['steps'] = [{ inject }, { parallel: [[{ hold: { for: '1s' } }]] }, { lift: { fault: 'slow' } }];
      },
      ['mine.yaml: steps[1].parallel: expected a list of at least two lists of steps, got [[{"hold":{"for":"1s"}}]]'],
    ],
    [
      'people without a role, and two of one word',
      (scenario) => {
        const human = { id: 'look', do: 'Look.', who: 'on-cal', within: '5m' };
        scenario['roles'] = { 'on-call': 'answers' };
        scenario['steps'] = [{ human }, { human: { ...human, who: 'on-call' } }];
      },
      [
        'mine.yaml: steps[0].human.who: expected one of the roles: on-call, got "on-cal"',
        'mine.yaml: steps[1].human.id: expected an id that no other human step has, got "look"',
      ],
    ],
    [
      'an exercise in which nothing happens',
      (scenario) => {
        scenario['steps'] = [{ hold: { for: '1s' } }];
      },
      ['mine.yaml: steps: expected at least one inject, or a human step, got [{"hold":{"for":"1s"}}]'],
    ],
    [
      'expectations that say too little',
      (scenario) => {
        scenario['alerts'] = [{ objective: 'x' }];
        scenario['degradedMode'] = { entered: { when: { name: 'a', probe: 'p', outcome: 'good' }, within: '1m' } };
        scenario['prerequisites'] = [7];
      },
      [
        'mine.yaml: alerts[0].rule: expected the rule of an alert such as "burn", got nothing',
        'mine.yaml: alerts[0].within: expected a duration such as "15s", got nothing',
        'mine.yaml: degradedMode.left: expected when, a condition, and within, a duration, got nothing',
        'mine.yaml: prerequisites[0]: expected a sentence, or a condition, got 7',
      ],
    ],
  ])('refuses %s', (_, change, expected) => {
    expect(lines(document(change))).toEqual(expected);
  });

  test('has its ${NAME} filled in, by default or by value, and says which is missing', () => {
    const scenario = document((scenario) => {
      scenario['title'] = 'On ${PLACE:-the practice venue}';
      scenario['component'] = '${SERVICE}';
    });
    expect(lines(scenario)).toEqual(['mine.yaml: component: expected a value for SERVICE, got none']);
    expect(parseScenario(scenario, 'mine.yaml', { SERVICE: 'market-data' })).toMatchObject({
      ok: true,
      scenario: { title: 'On the practice venue', component: 'market-data' },
    });
  });
});

describe('loading', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulsedrill-scenario-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('finds every shipped scenario by its id, and each of them is valid', async () => {
    const all = await listScenarios();
    expect(all.map(({ id, component }) => `${id} ${component}`)).toEqual([
      'ack-lag order-execution',
      'broker-outage order-execution',
      'clock-drift market-data',
      'crash-loop client-api',
      'edge-resets client-api',
      'exchange-rejects order-execution',
      'feed-latency market-data',
      'machine-pressure client-api',
      'never-acked order-execution',
      'pager-fatigue client-api',
      'sequence-gaps market-data',
      'silent-feed market-data',
      'slow-and-truncated client-api',
    ]);
    for (const { id } of all) {
      expect(await loadScenario(id, { VENUE_URL: 'http://127.0.0.1:8080' })).toMatchObject({
        ok: true,
        scenario: { id },
      });
    }
  });

  test('gives the feed latency limits that samples of a second cannot miss while a venue fails over', async () => {
    const VENUE_STALE_AFTER_MS = 2000;
    const SAMPLE_MS = 1000;
    const loaded = await loadScenario('feed-latency', { VENUE_URL: 'http://127.0.0.1:8080' });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const limits = (conditions: readonly Condition[]) =>
      conditions
        .flatMap(({ checks }) => checks)
        .flatMap((check) => (check.type === 'indicator' ? [check.limit.ms] : []));
    const { hypothesis, steps } = loaded.scenario;
    const waits = steps.flatMap((step) => (step.type === 'wait' && step.for !== 'hypothesis' ? [step.for] : []));
    const all = [...limits(hypothesis), ...limits(waits)];
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toBeLessThan(VENUE_STALE_AFTER_MS - SAMPLE_MS);
  });

  test('reads a file of YAML or of TypeScript by its path', async () => {
    await writeFile(join(folder, 'mine.yaml'), PLAIN);
    await writeFile(join(folder, 'mine.ts'), `export default ${JSON.stringify(document())};`);
    for (const name of ['mine.yaml', 'mine.ts']) {
      expect(await loadScenario(name, {}, folder)).toMatchObject({
        ok: true,
        source: name,
        scenario: { id: 'slow-feed' },
      });
    }
  });

  test.each<[string, string, string | null, string]>([
    [
      'a name that is neither',
      'no-such',
      null,
      'no-such: expected a file, or one of the shipped scenarios: ack-lag, broker-outage, clock-drift, crash-loop, edge-resets, exchange-rejects, feed-latency, machine-pressure, never-acked, pager-fatigue, sequence-gaps, silent-feed, slow-and-truncated, got neither',
    ],
    [
      'a file that is not there',
      'no-such.yaml',
      null,
      'no-such.yaml: expected a file, or one of the shipped scenarios: ack-lag, broker-outage, clock-drift, crash-loop, edge-resets, exchange-rejects, feed-latency, machine-pressure, never-acked, pager-fatigue, sequence-gaps, silent-feed, slow-and-truncated, got neither',
    ],
    ['YAML that does not parse', 'bad.yaml', 'id: [', 'bad.yaml: expected valid YAML, got'],
    [
      'a module without a default export',
      'bad.ts',
      'export const id = 1;',
      'bad.ts: expected export default defineScenario({ … }), got no default export',
    ],
    [
      'a module that throws',
      'throws.ts',
      'throw new Error("boom");',
      'throws.ts: expected a readable scenario in this file, got boom',
    ],
  ])('says what is wrong with %s', async (_, name, text, expected) => {
    if (text !== null) await writeFile(join(folder, name), text);
    const loaded = await loadScenario(name, {}, folder);
    const said = loaded.ok ? [] : loaded.problems.map((problem) => problemLine(loaded.source, problem));
    expect(said).toEqual([expect.stringContaining(expected)]);
  });
});
