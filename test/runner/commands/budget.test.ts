import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../store/open.ts';
import { command } from './support.ts';

const CONFIGURATION = `
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }
objectives:
  - { id: availability, service: client-api, target: "0.999", window: 30d, sli: availability, probes: [status] }
`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-budget-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('budget', () => {
  it('says that there is no ledger yet', async () => {
    const { code, complained } = await command(folder, 'budget');
    expect(complained).toBe(
      `${join(folder, 'pulsedrill.db')}: expected a ledger, got no such file; "pulsedrill run" makes one`,
    );
    expect(code).toBe(3);
  });

  it('judges an empty ledger as Unknown, and promises nothing about its exhaustion', async () => {
    await (await openStore({ path: join(folder, 'pulsedrill.db') }))[Symbol.asyncDispose]();
    const { code, printed, complained } = await command(folder, 'budget');
    expect(complained).toBe('');
    expect(printed.split('\n').at(-1)).toMatch(/^availability +99\.9 % +30d +UNKNOWN +(– +){7}no events in the window/);
    expect(code).toBe(0);
  });

  it('answers with one JSON document', async () => {
    await (await openStore({ path: join(folder, 'pulsedrill.db') }))[Symbol.asyncDispose]();
    const { code, printed } = await command(folder, 'budget', '--json');
    expect(JSON.parse(printed)).toMatchObject({
      timeScale: 1,
      objectives: [{ objective: 'availability', colour: 'unknown', met: null, attainment: null }],
    });
    expect(code).toBe(0);
  });
});
