import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { YellowChoice } from '../../../runner/yellow-choice.ts';
import { command } from './support.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-plan-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Planned {
  readonly probes: readonly {
    readonly probe: string;
    readonly runsPerDay: number;
    readonly yellow: YellowChoice;
  }[];
  readonly objectives: readonly { readonly objective: string; readonly expectedEvents: number | null }[];
  readonly demand: Readonly<Record<'green' | 'yellow' | 'red' | 'browsersAtOnce', number>>;
  readonly warnings: readonly string[];
}

async function planned(configuration: string): Promise<Planned> {
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), configuration);
  const { code, printed, complained } = await command(folder, 'plan', '--json');
  expect({ code, complained }).toEqual({ code: 0, complained: '' });
  return JSON.parse(printed);
}

const http = (id: string, more: string): string =>
  `  - { id: ${id}, kind: http, service: client-api, url: "http://127.0.0.1:1/${id}", ${more} }`;

describe('plan', () => {
  it('counts the runs that a calendar has, not those it would have at night and on Sundays', async () => {
    const session = 'cron: "*/10 9-16 * * 1-5", timezone: Etc/UTC';
    const { probes, objectives } = await planned(`probes:\n${http('positions', session)}`);
    // 48 a session, five sessions a week.
    expect(probes).toMatchObject([{ probe: 'positions', runsPerDay: Math.round(240 / 7) }]);
    expect(objectives.find(({ objective }) => objective === 'slo-api-availability')?.expectedEvents).toBe(
      Math.floor((240 / 7) * 30),
    );
  });

  it('holds the thinnest split against the minimum, since splits are judged apart', async () => {
    const { objectives, warnings } = await planned(
      `probes:\n${http('positions', 'endpoint: /positions, every: 1h')}\n${http('orders', 'endpoint: /orders, every: 1m')}`,
    );
    expect(objectives.find(({ objective }) => objective === 'slo-api-latency')?.expectedEvents).toBe(720);
    expect(warnings).toContain(
      'slo-api-latency: about 720 events a window in Green, fewer than 1000: consequences become review items',
    );
  });

  it('explains what auto came to for each probe: which rate was wanted, and which cap decided', async () => {
    const paper = (more: string): string =>
      `  - { id: paper, kind: paper-order, service: order-execution, venue: primary, every: 60s, timeout: 8s,
      submit: { url: "http://127.0.0.1:1/orders" }, order: { symbol: BTCUSD, quantity: "1", reference_price: "50" },
      paper: { url: "http://127.0.0.1:1/account", json: { path: $.mode, equals: paper }, hosts: [127.0.0.1] },
      limits: { maxQuantity: "1", maxNotional: "100", maxPerMinute: 6 }${more} }`;
    const configuration = [
      'probes:',
      http('held', 'every: 60s, fastest: 5s, timeout: 3s'),
      http('slow', 'every: 60s, timeout: 4s'),
      http('free', 'every: 60s, timeout: 1s'),
      http('quick', 'every: 4s, timeout: 500ms'),
      http('written', 'every: 60s, yellow: 20s'),
      http('session', 'cron: "*/10 9-16 * * 1-5", timezone: Etc/UTC'),
      paper(''),
      '  - { id: alone, kind: http, service: other, url: "http://127.0.0.1:1/", every: 1s, timeout: 1s }',
      'objectives: { settings: { brokerSlaMs: 400 } }',
    ].join('\n');
    const { probes } = await planned(configuration);
    const rate = '1500 runs an hour for slo-api-availability at 99.9 % (2400ms)';
    expect(probes.map(({ probe, yellow }) => [probe, yellow.decidedBy, yellow.says])).toEqual([
      ['held', 'fastest', `auto is 5s: fastest (5s) decides; wanted: four times its rate (15s); ${rate}`],
      [
        'slow',
        'timeout',
        `auto is 4s: its timeout (4s: no run meets its successor) decides; wanted: four times its rate (15s); ${rate}`,
      ],
      ['free', 'informative', `auto is 2400ms: ${rate} decides, more than four times its rate (15s)`],
      ['quick', 'four-times', `auto is 1s: four times its rate (1s) decides; ${rate}`],
      ['written', 'written', '20s, as the configuration says'],
      ['session', 'calendar', 'it runs by a calendar, which raises nothing'],
      [
        'paper',
        'rate-cap',
        'auto is 10500ms: limits.maxPerMinute of 6 (10s, with 5 % of room 10500ms) decides; wanted: four times its rate (15s); 1500 runs an hour for slo-order-execution at 99.9 % (2400ms)',
      ],
      [
        'alone',
        'timeout',
        'auto is 1s: its timeout (1s: no run meets its successor) decides; wanted: four times its rate (250ms); no objective of its service can burn',
      ],
    ]);
    const { printed } = await command(folder, 'plan');
    expect(printed).toContain(`\nyellow of free: auto is 2400ms: ${rate} decides`);
    expect(printed).not.toContain('yellow of written');
  });

  it('takes no objective for strict that nothing can feed', async () => {
    const probe = '{ id: feed, kind: http, service: market-data, url: "http://127.0.0.1:1/", every: 60s, timeout: 1s }';
    const { probes } = await planned(`probes: [${probe}]`);
    // slo-pipeline-accuracy would ask for 3000 an hour, and has no source.
    expect(probes[0]?.yellow).toMatchObject({ decidedBy: 'four-times', objective: null, informativeMs: null });
  });

  it('names each burn pair that is dropped, and why', async () => {
    const own = (id: string, target: string, window: string): string =>
      `{ id: ${id}, service: client-api, target: "${target}", window: ${window}, sli: availability, probes: [status] }`;
    const { warnings } = await planned(
      `probes:\n${http('status', 'every: 1s')}\nobjectives: [${own('hour', '0.92', '1h')}, ${own('loose', '0.9', '90d')}]`,
    );
    expect(warnings.filter((line) => line.includes('dropped'))).toEqual([
      'hour: burn pair 1h/5m dropped: its factor scales to 0.02, and a burn below 1 never exhausts the budget',
      'hour: burn pair 6h/30m dropped: its lookback of 6h is longer than the window of 1 h',
      'hour: burn pair 1d/2h dropped: its lookback of 1d is longer than the window of 1 h',
      'hour: burn pair 3d/6h dropped: its lookback of 3d is longer than the window of 1 h',
      'loose: burn pair 1h/5m dropped: its factor scales to 43.2, above the 10 that no burn rate of this target can exceed',
      'loose: burn pair 6h/30m dropped: its factor scales to 18, above the 10 that no burn rate of this target can exceed',
    ]);
  });

  it('adds up what it asks for, and warns, as validate does, where that is more than one process is built for', async () => {
    const many = (count: number, every: string): string =>
      Array.from({ length: count }, (_, n) =>
        http(`status-${n}`, `every: ${every}, yellow: 500ms, timeout: 400ms`),
      ).join('\n');
    const few = await planned(`probes:\n${many(20, '1s')}\n${http('session', 'cron: "* * * * *"')}`);
    expect(few.demand).toEqual({ green: 20 + 1 / 60, yellow: 40 + 1 / 60, red: 40 + 1 / 60, browsersAtOnce: 0 });
    expect(few.warnings.filter((line) => line.includes('a second'))).toEqual([]);
    const mend =
      'more than the 200 that one process is built for: probe less, at longer intervals, or in another process';
    const raised = await planned(`probes:\n${many(150, '1s')}`);
    expect(raised.warnings).toContain(`300 runs a second with every service Yellow, ${mend}`);
    const { demand, warnings } = await planned(`probes:\n${many(400, '1s')}`);
    expect(demand).toEqual({ green: 400, yellow: 800, red: 800, browsersAtOnce: 0 });
    expect(warnings.filter((line) => line.includes('a second'))).toEqual([`400 runs a second in Green, ${mend}`]);
    expect((await command(folder, 'validate')).printed).toContain(`warning: 400 runs a second in Green, ${mend}`);
    expect((await command(folder, 'plan')).printed).toContain(
      '\nruns a second: 400 in Green, 800 with every service Yellow, 800 with every service Red\n',
    );
  });

  it('says how many browser runs there would be at once if each took its timeout', async () => {
    const probe = '{ id: page, kind: browser, service: web, url: "http://127.0.0.1:1/", every: 60s, timeout: 30s }';
    const { demand } = await planned(`probes: [${probe}]`);
    expect(demand.browsersAtOnce).toBeCloseTo(0.5);
    expect((await command(folder, 'plan')).printed).toMatch(/; browser runs at once, if each took its timeout: 0\.5\n/);
  });

  it('warns, as validate does, of what is allowed and probably not meant', async () => {
    const probe = '{ id: status, kind: http, service: client-apy, url: "http://127.0.0.1:1/status" }';
    const own = '{ id: own, service: clientapi, target: "0.99", window: 30d, sli: availability, probes: [status] }';
    const { warnings } = await planned(`probes: [${probe}]\nobjectives: { add: [${own}] }`);
    const said = [
      'own: no probe is of the service "clientapi" (did you mean "client-apy"?), so its colour raises no sampling',
      'Unknown, since no http probe of the service client-api is configured (did you mean "client-apy"?): sla-api-availability, slo-api-availability',
      'Unknown, since no telemetry source is configured: slo-strategy-jobs, slo-strategy-latency, slo-pipeline-accuracy, kpi-ingestion-latency',
    ];
    expect(warnings).toEqual(expect.arrayContaining(said));
    const validated = await command(folder, 'validate', '--json');
    expect(JSON.parse(validated.printed)).toMatchObject({ ok: true, warnings: expect.arrayContaining(said) });
    const plain = await command(folder, 'validate');
    expect(plain).toMatchObject({ code: 0, complained: '' });
    expect(plain.printed.split('\n')).toEqual(expect.arrayContaining(said.map((line) => `warning: ${line}`)));
  });
});
