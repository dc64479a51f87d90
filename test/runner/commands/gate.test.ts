import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../../runner/config/load.ts';
import { openStore } from '../../../store/open.ts';
import type { LedgerEvent } from '../../../store/store.ts';
import { aResult } from '../../support/results.ts';
import { command } from './support.ts';

const CONFIGURATION = `
environment: production
services:
  client-api: { owners: [Execution Platform] }
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }
objectives:
  - { id: availability, service: client-api, target: "0.9", window: 30d, sli: availability, probes: [status], minEvents: 20 }
`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-gate-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function remember(good: number, bad: number, agoMs = 60_000): Promise<void> {
  const loaded = await loadConfiguration({ file: undefined, folder, environment: {} });
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  const { ledgerPath, objectives } = loaded.configuration;
  await using store = await openStore({ path: ledgerPath, objectives, stepMs: 60_000 });
  const startMs = Math.round(Date.now()) - agoMs;
  await store.append(
    Array.from({ length: good + bad }, (_, index) =>
      aResult(index, {
        outcome: index < good ? 'good' : 'bad',
        reason: index < good ? null : 'http-5xx',
        service: 'client-api',
        weightMs: 60_000,
        scheduledMs: startMs + index,
      }),
    ),
  );
}

async function gateEvents(): Promise<readonly LedgerEvent[]> {
  await using store = await openStore({ path: join(folder, 'pulsedrill.db'), readOnly: true });
  return await store.events({ kind: 'gate' });
}

describe('gate', () => {
  it('opens for a Green service, and says how old its data is', async () => {
    await remember(100, 0);
    const { code, printed, complained } = await command(folder, 'gate', 'client-api');
    expect(complained).toBe('');
    expect(printed.split('\n')[0]).toBe(
      'client-api (production): open, regular releases: availability is Green, 0.0 % of its budget consumed (0 bad of 100 events)',
    );
    expect(printed.split('\n')[1]).toMatch(/^data: up to \S+Z, \d+ s ago; no runner keeps the ledger$/);
    expect(code).toBe(0);
  });

  it('asks for a sign-off in Yellow, takes one, records it, and asks the next deploy again', async () => {
    await remember(95, 5);
    const asked = await command(folder, 'gate', 'client-api', '--environment', 'production');
    expect(asked.printed).toContain(
      'needs SRE sign-off: availability is Yellow, 50.0 % of its budget consumed (5 bad of 100 events)',
    );
    expect(asked.code).toBe(1);
    expect(await gateEvents()).toEqual([]);
    const signed = await command(folder, 'gate', 'client-api', '--signed-off-by', 'Ada', '--reason', 'rollback ready');
    expect(signed.printed).toContain('opened by the sign-off of Ada: rollback ready');
    expect(signed.code).toBe(0);
    expect(await gateEvents()).toMatchObject([
      {
        kind: 'gate',
        service: 'client-api',
        body: {
          gate: 'needs-signoff',
          how: 'signed-off',
          by: 'Ada',
          reason: 'rollback ready',
          because: ['availability'],
          environment: 'production',
        },
      },
    ]);
    expect((await command(folder, 'gate', 'client-api')).code).toBe(1);
  });

  it('is frozen in Red but for what is critical, and answers with one JSON document', async () => {
    await remember(90, 10);
    const frozen = await command(folder, 'gate', 'client-api', '--json');
    expect(frozen.code).toBe(1);
    expect(JSON.parse(frozen.printed)).toMatchObject({
      service: 'client-api',
      environment: 'production',
      gate: 'frozen',
      colour: 'red',
      admitted: false,
      because: ['availability'],
      data: { isStale: false, isKept: false },
      waiver: null,
    });
    const words = ['--critical', '--by', 'Grace', '--reason', 'stops the losses', '--json'];
    const through = await command(folder, 'gate', 'client-api', ...words);
    expect(through.code).toBe(0);
    expect(JSON.parse(through.printed)).toMatchObject({ gate: 'frozen', admitted: true, waiver: { by: 'Grace' } });
    expect(await gateEvents()).toMatchObject([{ body: { gate: 'frozen', how: 'critical', by: 'Grace' } }]);
  });

  it('is unknown, and not open, on old data and on none', async () => {
    await remember(100, 0, 3_600_000);
    const old = await command(folder, 'gate', 'client-api');
    expect(old.printed).toMatch(
      /unknown: Green when last measured, but no valid event since \S+Z, and no runner keeps/,
    );
    expect(old.printed).toMatch(/s ago, older than 15m; no runner keeps the ledger$/);
    expect(old.code).toBe(3);
  });

  it('says that there is no ledger yet', async () => {
    const { code, complained } = await command(folder, 'gate', 'client-api');
    expect(complained).toContain('expected a ledger, got no such file');
    expect(code).toBe(3);
  });

  it.each<[what: string, words: readonly string[], complaint: string]>([
    [
      'a service that nobody knows',
      ['client-apy'],
      'gate: expected one of the services client-api (did you mean "client-api"?), got "client-apy"',
    ],
    [
      'another environment than it measures',
      ['client-api', '--environment', 'staging'],
      'gate: --environment: expected "production", which this configuration measures, got "staging"',
    ],
    [
      'a sign-off without a reason',
      ['client-api', '--signed-off-by', 'Ada'],
      'gate: expected --reason TEXT, so that it can be recorded, got nothing',
    ],
    [
      'a sign-off by nobody',
      ['client-api', '--signed-off-by', ' ', '--reason', 'x'],
      'gate: expected --signed-off-by NAME, so that it can be recorded, got nothing',
    ],
    [
      'a critical deploy that nobody answers for',
      ['client-api', '--critical', '--reason', 'x'],
      'gate: expected --by NAME, so that it can be recorded, got nothing',
    ],
    [
      'both ways at once',
      ['client-api', '--critical', '--signed-off-by', 'Ada', '--reason', 'x'],
      'gate: expected one of --signed-off-by and --critical, got both',
    ],
    [
      'a name without what it is for',
      ['client-api', '--by', 'Ada', '--reason', 'x'],
      'gate: expected --signed-off-by or --critical with --by and --reason, got neither',
    ],
  ])('refuses %s', async (_what, words, complaint) => {
    await remember(95, 5);
    expect(await command(folder, 'gate', ...words)).toEqual({ code: 2, printed: '', complained: complaint });
  });
});
