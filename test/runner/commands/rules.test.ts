import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { isMissing } from '../../support/servers.ts';
import { command } from './support.ts';

const EXAMPLE = join(import.meta.dirname, '../../../docs/examples/telemetry.config.yaml');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-rules-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const OWN = `
probes:
  - { id: orders, kind: http, service: client-api, endpoint: /orders, url: "http://127.0.0.1:1/orders", every: 30s }
  - { id: positions, kind: http, service: client-api, endpoint: /positions, url: "http://127.0.0.1:1/p", every: 30s }
objectives:
  - { id: availability, service: client-api, target: "0.999", window: 30d, sli: availability, probes: [orders] }
  - id: latency
    service: client-api
    target: "0.95"
    window: 30d
    sli: { indicator: latency, within: 250ms }
    split: endpoint
    probes: [orders, positions]
`;

const rule = z.object({
  record: z.string().optional(),
  alert: z.string().optional(),
  expr: z.string(),
  labels: z.record(z.string(), z.string()),
});
const document = z.object({
  groups: z.array(z.object({ name: z.string(), rules: z.array(z.looseObject(rule.shape)) })),
});

function groupsOf(printed: string) {
  return printed === '' ? [] : document.parse(parse(printed)).groups;
}

async function exported(configuration = OWN, ...more: readonly string[]) {
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), configuration);
  const answer = await command(folder, 'rules', 'export', ...more);
  return { ...answer, groups: groupsOf(answer.printed) };
}

function promtool(...words: readonly string[]): readonly [number | null, string] {
  const { status, stdout, stderr } = spawnSync('promtool', words, { cwd: folder, encoding: 'utf8' });
  return [status, `${stdout}${stderr}`];
}

interface Fires {
  readonly long: string;
  readonly short: string;
  readonly factor: string;
  readonly severity: string;
  readonly as: string;
  /** Of the long lookback. */
  readonly share: string;
}

/** Counters of one objective by minutes, as promtool writes series. */
interface Story {
  readonly name: string;
  readonly good: string;
  readonly bad: string;
  readonly at: string;
  readonly fires: readonly Fires[];
}

const PAIRS = [
  { long: '1h', short: '5m', factor: '14.4', severity: 'SEV-2' },
  { long: '6h', short: '30m', factor: '6', severity: 'SEV-2' },
  { long: '1d', short: '2h', factor: '3', severity: 'SEV-3' },
  { long: '3d', short: '6h', factor: '1', severity: 'SEV-3' },
] as const;

const firing = (fast: 'page' | 'review', shares: readonly string[]): readonly Fires[] =>
  PAIRS.map((pair, index) => ({
    ...pair,
    as: pair.severity === 'SEV-2' ? fast : 'ticket',
    share: shares[index] ?? '',
  }));

/** Six calm hours come first. */
const STORIES: readonly Story[] = [
  { name: 'nothing fails', good: '0+10x420', bad: '0x420', at: '7h', fires: [] },
  {
    name: 'one event of an hour fails, which reads as a burn of 16.7 at one a minute',
    good: '0+1x360 360+1x9',
    bad: '0x360 1x9',
    at: '6h5m',
    fires: [],
  },
  {
    name: 'a tenth fails for two hours',
    good: '0+10x360 3609+9x119',
    bad: '0x360 1+1x119',
    at: '8h',
    fires: firing('page', ['10%', '3.333%', '2.5%', '2.5%']),
  },
  {
    name: 'half of too few events fails: what would page is for review',
    good: '0+1x360 360.5+0.5x119',
    bad: '0x360 0.5+0.5x119',
    at: '8h',
    fires: firing('review', ['50%', '16.67%', '12.5%', '12.5%']),
  },
  {
    name: 'half failed for an hour, and it was over hours ago',
    good: '0+10x60 605+5x59 910+10x419',
    bad: '0x60 5+5x59 300x419',
    at: '9h',
    fires: [],
  },
];

describe('rules export', () => {
  it('records each lookback once, then target, budget and consumption, and alerts a pair', async () => {
    const { groups, code, complained } = await exported();
    expect([code, complained]).toEqual([0, '']);
    expect(groups.map(({ name, rules }) => [name, rules.map(({ record, alert }) => record ?? alert)])).toEqual(
      ['availability', 'latency'].flatMap((id) => [
        [
          `pulsedrill-sli-recordings-${id}`,
          ['5m', '30m', '1h', '2h', '6h', '1d', '3d'].map((length) => `slo:sli_error:ratio_rate${length}`),
        ],
        [
          `pulsedrill-meta-recordings-${id}`,
          [
            'slo:sli_error:ratio_rate30d',
            'slo:objective:ratio',
            'slo:error_budget:ratio',
            'slo:error_budget_consumed:ratio',
            'slo:error_budget_remaining:ratio',
          ],
        ],
        [`pulsedrill-alerts-${id}`, Array.from({ length: 6 }, () => 'PulsedrillErrorBudgetBurn')],
      ]),
    );
    expect(groups.find(({ name }) => name === 'pulsedrill-alerts-availability')?.rules[0]).toEqual({
      alert: 'PulsedrillErrorBudgetBurn',
      expr: [
        'slo:sli_error:ratio_rate1h{objective="availability"} >= 0.0144',
        'and on () slo:sli_error:ratio_rate5m{objective="availability"} >= 0.0144',
        'and on () slo:sli_error:ratio_rate1h{objective="availability"} > 0.001',
        'and on () slo:sli_error:ratio_rate6h{objective="availability"} > 0.001',
        'and on () (sum (increase(pulsedrill_events_total{objective="availability",outcome="bad"}[1h])) >= 3)',
        'and on () (sum (increase(pulsedrill_events_total{objective="availability",outcome=~"good|bad"}[30d])) >= 1000)',
      ].join('\n'),
      for: '1m',
      keep_firing_for: '5m',
      labels: {
        objective: 'availability',
        service: 'client-api',
        severity: 'SEV-2',
        as: 'page',
        long: '1h',
        short: '5m',
      },
      annotations: {
        summary: 'availability: burning at 14.4× or more over 1h and 5m',
        description:
          'availability: {{ $value | humanizePercentage }} of what happened in 1h was bad; its error budget is 0.1 % over 30d.',
      },
    });
  });

  it('takes counts that Prometheus has from the platform itself, over the length of each lookback', async () => {
    const answer = await command(folder, 'rules', 'export', '--config', EXAMPLE);
    expect(answer.code).toBe(0);
    const groups = groupsOf(answer.printed);
    const exprOf = (id: string) =>
      groups.find(({ name }) => name === `pulsedrill-sli-recordings-${id}`)?.rules[0]?.expr;
    expect(exprOf('slo-strategy-jobs')).toBe(
      'clamp_min((sum(increase(strategy_jobs_total[5m]))) - (sum(increase(strategy_jobs_total{outcome="completed"}[5m]))), 0) / ((sum(increase(strategy_jobs_total[5m]))) > 0)',
    );
    expect(exprOf('kpi-order-ack')).toContain('sum by (venue)');
    // A median is judged a slice at a time, which no rate of another length says.
    expect(exprOf('kpi-ingestion-latency')).toContain(
      'pulsedrill_event_weight_total{objective="kpi-ingestion-latency"',
    );
  });

  it('drops the pairs that make no sense, keeps those of the user, and says which objectives it leaves out', async () => {
    const hour = OWN.replace('target: "0.999", window: 30d', 'target: "0.92", window: 1h');
    const { groups } = await exported(hour);
    expect(groups.map(({ name }) => name)).not.toContain('pulsedrill-alerts-availability');
    const burn = 'burn: [{ factor: 10, long: 1h, short: 5m, severity: SEV-3 }]';
    const own = await exported(OWN.replace('sli: availability', `sli: availability, ${burn}`));
    const alerts = own.groups.find(({ name }) => name === 'pulsedrill-alerts-availability')?.rules;
    expect(alerts?.map(({ labels }) => [labels['severity'], labels['as']])).toEqual([['SEV-3', 'ticket']]);
    expect(alerts?.[0]?.expr).toContain('ratio_rate1h{objective="availability"} >= 0.01\n');
    const shipped = await exported(OWN.slice(0, OWN.indexOf('objectives:')));
    expect(shipped.complained).toContain('left out: slo-strategy-jobs: no telemetry source is configured');
  });

  it('writes the target that holds now, not one that is announced', async () => {
    const announced =
      'version: b, from: 2999-01-01, rfc: "https://rfc.example/7", earlier: [{ version: a, target: "0.99" }]';
    const { groups } = await exported(OWN.replace('sli: availability', `sli: availability, ${announced}`));
    const meta = groups.find(({ name }) => name === 'pulsedrill-meta-recordings-availability')?.rules;
    expect(meta?.find(({ record }) => record === 'slo:objective:ratio')?.expr).toBe('vector(0.99)');
  });

  it('refuses practice time and what are no label matchers', async () => {
    expect(await exported(`timeScale: 600\n${OWN}`)).toMatchObject({
      code: 2,
      complained:
        'rules export: expected a configuration in real time, got timeScale 600: Prometheus knows no practice time',
    });
    expect(await exported(OWN, '--match', 'job=pulsedrill')).toMatchObject({
      code: 2,
      complained: 'rules export: --match: expected label matchers such as job="pulsedrill", got "job=pulsedrill"',
    });
    const { printed } = await exported(OWN, '--match', 'job="pulsedrill",location=~"fra.*"');
    expect(printed).toContain('outcome="bad",job="pulsedrill",location=~"fra.*"}');
  });

  describe.skipIf(isMissing('promtool', 'prometheus'))('by the word of promtool', () => {
    it.each([
      ['own objectives', OWN],
      ['the shipped rows on the platform’s telemetry', null],
    ])('is right for %s', async (_what, configuration) => {
      const { printed } =
        configuration === null
          ? await command(folder, 'rules', 'export', '--config', EXAMPLE)
          : await exported(configuration);
      writeFileSync(join(folder, 'rules.yaml'), printed);
      const [status, said] = promtool('check', 'rules', 'rules.yaml');
      expect([status, said]).toEqual([0, expect.stringMatching(/SUCCESS: \d+ rules found/)]);
    });

    it.each(STORIES)('fires when it must, and only then: $name', async ({ good, bad, at, fires }) => {
      const { printed, groups } = await exported(OWN.slice(0, OWN.indexOf('  - id: latency')));
      writeFileSync(join(folder, 'rules.yaml'), printed);
      const labels = { objective: 'availability', service: 'client-api' };
      const of = (name: string, outcome: string, values: string) => ({
        series: `${name}{objective="availability",service="client-api",split="",outcome="${outcome}",job="pulsedrill"}`,
        values,
      });
      const story = {
        interval: '1m',
        input_series: ['pulsedrill_event_weight_total', 'pulsedrill_events_total'].flatMap((name) => [
          of(name, 'good', good),
          of(name, 'bad', bad),
        ]),
        alert_rule_test: [
          {
            eval_time: at,
            alertname: 'PulsedrillErrorBudgetBurn',
            exp_alerts: fires.map(({ long, short, factor, severity, as, share }) => ({
              exp_labels: { ...labels, window: long, long, short, severity, as },
              exp_annotations: {
                summary: `availability: burning at ${factor}× or more over ${long} and ${short}`,
                description: `availability: ${share} of what happened in ${long} was bad; its error budget is 0.1 % over 30d.`,
              },
            })),
          },
        ],
      };
      const file = {
        rule_files: ['rules.yaml'],
        evaluation_interval: '1m',
        // By default a map's: an alert may then see what was recorded now, or a minute ago.
        group_eval_order: groups.map(({ name }) => name),
        tests: [story],
      };
      writeFileSync(join(folder, 'test.yaml'), JSON.stringify(file));
      const [status, said] = promtool('test', 'rules', 'test.yaml');
      expect([status, said.trim()]).toEqual([0, expect.stringContaining('SUCCESS')]);
    });
  });
});
