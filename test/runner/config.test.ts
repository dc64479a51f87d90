import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDocument, loadConfiguration } from '../../runner/config/load.ts';
import { governs } from '../../slo/objective.ts';
import { saysSame } from '../../slo/target-history.ts';
import { loadPlans, loadScenarios } from '../../runner/found-scenarios.ts';
import { env } from '../../runner/config/secrets.ts';

const FOLDER = join(import.meta.dirname, '../config');
const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => basename(file, '.yaml'));

const PROBE = { id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/status' };

describe('a configuration that is wrong', () => {
  it.each(cases)('%s.yaml gets exactly the message beside it', async (name) => {
    const loaded = await loadConfiguration({ file: `${name}.yaml`, folder: FOLDER, environment: {} });
    const lines = loaded.ok
      ? [...(await loadScenarios(loaded.configuration, {})).lines, ...(await loadPlans(loaded.configuration, {})).lines]
      : loaded.lines;
    expect(lines.length === 0 ? 'accepted' : lines.join('\n')).toBe(
      readFileSync(join(FOLDER, `${name}.txt`), 'utf8').trimEnd(),
    );
  });

  it('is quoted without the credentials that an address of it holds', () => {
    const loaded = checkDocument(
      { probes: [{ ...PROBE, url: 'http://user:canary-8f3a@127.0.0.1:1/' }] },
      'inline',
      '/srv',
      {},
    );
    expect(loaded.ok).toBe(false);
    expect(JSON.stringify(loaded)).not.toContain('canary');
    expect(JSON.stringify(loaded)).toContain('//***@127.0.0.1:1/');
  });

  it('is told in the order of its keys when it is written in TypeScript, which has no lines to name', () => {
    const loaded = checkDocument(
      {
        objectives: [
          { id: 'a', service: 'client-api', target: '0.99', window: '30d', sli: 'availability', probes: ['statsu'] },
        ],
        probes: [{ ...PROBE, every: '15s', yellow: '60s' }],
        location: 7,
      },
      'pulsedrill.config.ts',
      '/srv',
      {},
    );
    expect(loaded.ok ? [] : loaded.lines).toEqual([
      'pulsedrill.config.ts: objectives[0].probes[0]: expected the id of a probe (did you mean "status"?), got "statsu"',
      'pulsedrill.config.ts: probes[0].yellow: expected an interval shorter than every (15s), got "60s"',
      'pulsedrill.config.ts: location: expected a text, got 7',
    ]);
  });

  it.each<[what: string, document: Record<string, unknown>, path: string]>([
    ['a list of probes that is none', { probes: 'none' }, 'probes'],
    ['an empty list of probes', { probes: [] }, 'probes'],
    ['a probe without an id', { probes: [{ ...PROBE, id: undefined }] }, 'probes[0].id'],
    ['a misspelt list of probes', { probs: [PROBE] }, 'probs'],
    ['a probe of no kind', { probes: [{ ...PROBE, kind: 'gopher' }] }, 'probes[0].kind'],
    ['a timeout that is none', { probes: [{ ...PROBE, timeout: '5 pm' }] }, 'probes[0].timeout'],
    ['a misspelt timeout', { probes: [{ ...PROBE, tiemout: '30s' }] }, 'probes[0].tiemout'],
    ['a misspelt calendar', { probes: [{ ...PROBE, corn: '0 9 * * *', timezone: 'Etc/UTC' }] }, 'probes[0].corn'],
  ])('yields one problem for %s, and none for what hangs on it', (_what, document, path) => {
    const sli = { indicator: 'latency', within: '20s' };
    const objectives = [{ id: 'a', service: 'client-api', target: '0.99', window: '30d', sli, probes: ['status'] }];
    const loaded = checkDocument({ ...document, objectives }, 'inline', '/srv', {});
    const lines = loaded.ok ? [] : loaded.lines;
    expect(lines.map((line) => line.split(': ')[1])).toEqual([path]);
  });

  it('is named when it does not exist', async () => {
    const loaded = await loadConfiguration({ file: 'nowhere.yaml', folder: FOLDER, environment: {} });
    expect(loaded).toEqual({
      ok: false,
      lines: ['nowhere.yaml: expected a file, got nothing there; "pulsedrill init" writes a starter'],
    });
  });

  it('is asked for when a folder has none', async () => {
    const loaded = await loadConfiguration({ file: undefined, folder: join(FOLDER, '..'), environment: {} });
    expect(loaded.ok).toBe(false);
    expect(loaded.ok ? '' : loaded.lines[0]).toMatch(/^no configuration: expected pulsedrill\.config\.ts, /);
  });
});

describe('a configuration that is right', () => {
  it('has a default for everything but what only its user can know', () => {
    const loaded = checkDocument({ probes: [PROBE] }, 'inline', '/srv', {});
    if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
    const { configuration } = loaded;
    expect(configuration.objectives.filter(governs)).toHaveLength(16);
    const beside = configuration.objectives.filter((each) => !governs(each));
    expect(beside.map(({ id, beside: row, target }) => [id, row?.id, target])).toEqual([
      ['kpi-fill-ratio-notional', 'kpi-fill-ratio', '0.92'],
    ]);
    expect(configuration.ledgerPath).toBe('/srv/pulsedrill.db');
    expect(configuration.listen).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(configuration.holdMs).toBe(1_800_000);
    expect(configuration.probes[0]).toMatchObject({ everyMs: 60_000, yellow: 'auto', timeoutMs: 10_000 });
  });

  it('shrinks policy durations by the time scale, and nothing else', () => {
    const loaded = checkDocument({ timeScale: 600, probes: [PROBE] }, 'inline', '/srv', {});
    if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
    const { configuration } = loaded;
    expect(configuration.base.minuteMs).toBe(100);
    expect(configuration.holdMs).toBe(3000);
    expect(configuration.objectives.find((row) => row.id === 'slo-api-availability')?.windowMs).toBe(4_320_000);
    expect(configuration.probes[0]?.everyMs).toBe(60_000);
  });

  it('reads its secrets from the environment and masks them wherever text leaves', () => {
    const probe = { ...PROBE, headers: { authorization: `Bearer ${env('TP_TOKEN')}` } };
    const loaded = checkDocument({ probes: [probe] }, 'inline', '/srv', { TP_TOKEN: 'canary-8f3a' });
    if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
    const { spec } = loaded.configuration.probes[0] ?? {};
    expect(spec).toMatchObject({ headers: { authorization: 'Bearer canary-8f3a' } });
    expect(loaded.configuration.redact('sent Bearer canary-8f3a')).toBe('sent Bearer ${TP_TOKEN}');
  });

  it('loses the default timeout to a shorter interval, so that no run meets its successor', () => {
    const loaded = checkDocument({ probes: [{ ...PROBE, every: '2s', yellow: '500ms' }] }, 'inline', '/srv', {});
    if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
    expect(loaded.configuration.probes[0]?.timeoutMs).toBe(500);
  });
});

describe('an override of a shipped row', () => {
  const signOffs = ['SRE lead', 'domain owner', 'product'].map((role) => ({ role, name: 'N. N.', date: '2026-11-20' }));
  const overridden = (override: Readonly<Record<string, unknown>>) => {
    const loaded = checkDocument({ probes: [PROBE], objectives: { override: [override] } }, 'inline', '/srv', {});
    if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
    const { objectives, warnings } = loaded.configuration;
    const row = objectives.find(({ id }) => id === override['id']);
    return { row, unsigned: warnings.filter((line) => line.includes('signed off')) };
  };
  const said = { version: 'v2', rfc: 'https://rfcs.example/7', signOffs };

  it('is warned of until it has a name, a date, an RFC and three sign-offs', () => {
    const { unsigned } = overridden({ id: 'slo-api-latency', limit: '300ms' });
    expect(unsigned).toEqual([
      'slo-api-latency: 95 %, ≤ 300 ms is not signed off: lacks version, from, rfc, SRE lead, domain owner, product',
    ]);
    const signed = overridden({ id: 'slo-api-latency', limit: '300ms', from: '2026-12-01', ...said });
    expect(signed.unsigned).toEqual([]);
    expect(signed.row?.sli).toMatchObject({ ms: 300, earlier: [{ ms: 250, untilMs: Date.UTC(2026, 11, 1) }] });
    expect(signed.row?.versions).toMatchObject([
      { version: 'playbook', limit: { ms: 250 }, fromMs: null, lacks: [] },
      { version: 'v2', limit: { ms: 300 }, fromMs: Date.UTC(2026, 11, 1), signOffs, lacks: [] },
    ]);
  });

  it('asks the same of a window and of burn rules, which are the playbook’s as well, but not of the event minimum', () => {
    expect(overridden({ id: 'slo-api-availability', window: '28d' }).unsigned).toEqual([
      'slo-api-availability: playbook (99.9 %) is not signed off: lacks version, rfc, SRE lead, domain owner, product',
    ]);
    expect(overridden({ id: 'slo-api-availability', window: '28d', ...said }).unsigned).toEqual([]);
    expect(overridden({ id: 'slo-api-availability', minEvents: 100 }).unsigned).toEqual([]);
  });

  it('without numbers signs off what a row assumes', () => {
    const { row } = overridden({ id: 'kpi-order-ack', ...said });
    expect(row).toMatchObject({ target: '0.995', assumptions: [], versions: [{ version: 'v2', signOffs, lacks: [] }] });
    expect(overridden({ id: 'kpi-order-ack', minEvents: 100 }).row?.versions).toMatchObject([
      { lacks: ['domain owner'] },
    ]);
    const some = overridden({ id: 'kpi-order-ack', ...said, signOffs: signOffs.slice(1) });
    expect(some.row?.assumptions).toHaveLength(1);
    expect(some.unsigned).toEqual(['kpi-order-ack: v2 (99.5 %, < 250 ms) is not signed off: lacks SRE lead']);
  });

  it('is the same promise where telemetry feeds the row: who signs it off later changes nothing', () => {
    const query = (name: string) => `sum by (venue) (increase(${name}[$range]))`;
    const load = (override: readonly unknown[]) => {
      const bind = { 'kpi-order-ack': { source: 'prom', good: query('acked'), valid: query('sent') } };
      const sources = [{ id: 'prom', kind: 'prometheus', url: 'http://127.0.0.1:9090' }];
      const loaded = checkDocument({ probes: [PROBE], sources, objectives: { bind, override } }, 'inline', '/srv', {});
      if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
      return loaded.configuration.objectives.find(({ id }) => id === 'kpi-order-ack')?.versions ?? [];
    };
    const unsigned = load([]);
    const signed = load([{ id: 'kpi-order-ack', ...said }]);
    expect(signed).toMatchObject([{ version: 'v2', lacks: [], limit: { ms: 250, strict: true } }]);
    expect(saysSame(unsigned, signed)).toBe(true);
  });
});

describe('who is told', () => {
  const notifying = (notify: readonly unknown[]) =>
    checkDocument(
      {
        probes: [PROBE],
        objectives: [
          { id: 'a', service: 'client-api', target: '0.99', window: '30d', sli: 'availability', probes: ['status'] },
        ],
        notify,
      },
      'inline',
      '/srv',
      {},
    );
  const warned = (notify: readonly unknown[]) => {
    const loaded = notifying(notify);
    return loaded.ok ? loaded.configuration.warnings.filter((line) => line.startsWith('notify')) : loaded.lines;
  };

  it('is warned of when somebody is told, but nobody of what pages', () => {
    expect(warned([])).toEqual([]);
    expect(warned([{ kind: 'log' }])).toEqual([]);
    expect(warned([{ kind: 'log', severities: ['SEV-1'] }])).toEqual([
      'notify: nobody is told when client-api pages (SEV-2)',
    ]);
    expect(warned([{ kind: 'log', to: ['leadership'] }])).toEqual([
      'notify: nobody is told when client-api pages (SEV-1, SEV-2)',
    ]);
  });
});

describe('a scheduled game-day', () => {
  it('has a scenario that exists, of the library, of the configuration or in a file', async () => {
    const schedule = [
      { id: 'weekly', scenario: 'no-such-exercise', cron: '0 10 * * 2' },
      { id: 'monthly', scenario: 'with-values', cron: '0 10 1 * *', set: { GAUGE_URL: 'http://127.0.0.1:1' } },
    ];
    const gamedays = { scenarios: ['./scenarios/with-values.yaml'], schedule };
    const loaded = checkDocument({ probes: [PROBE], gamedays }, 'inline', FOLDER, {});
    if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
    const { plans, lines } = await loadPlans(loaded.configuration, {});
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^inline: gamedays\.schedule\[0\]\.scenario: expected a file, or one of the shipped scenarios: .*, got "no-such-exercise"$/,
    );
    expect(plans.map(({ id, scenario, component }) => ({ id, scenario, component }))).toEqual([
      { id: 'monthly', scenario: 'with-values', component: 'client-api' },
    ]);
  });
});
