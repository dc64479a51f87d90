import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../../sandbox/start.ts';
import { command } from './support.ts';

let sandbox: Sandbox;
let folder = '';
beforeAll(async () => {
  sandbox = await startSandbox({ ticksPerSecond: 100, symbols: 5 });
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-once-'));
  const url = `${sandbox.edgeUrl.replace('http', 'ws')}/ws`;
  const subscribe = [{ action: 'subscribe', channels: ['trades'] }];
  const shared = {
    service: 'market-data',
    kind: 'market-data',
    mode: 'session',
    url,
    subscribe,
    every: '5s',
    timeout: '4s',
  };
  const configuration = { objectives: [], loopTolerance: '2s', probes: [{ id: 'ticks', ...shared, for: '1s' }] };
  writeFileSync(join(folder, 'pulsedrill.config.json'), JSON.stringify(configuration));
});
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true });
});

describe('once', () => {
  it('shows of a feed the symbols whose ticks were oldest, and says how many there are more', async () => {
    const { code, printed } = await command(folder, 'once', 'ticks');
    expect(code).toBe(0);
    const lines = printed.split('\n');
    const bySymbol = lines.filter((line) => /^ {2}[A-Z]+: newestAgeMs /.test(line));
    expect(bySymbol).toHaveLength(3);
    expect(lines).toContain('  and 2 symbols more; --json has them');
    const oldest = bySymbol.map((line) => Number(/maxMs ([\d.]+)/.exec(line)?.[1]));
    expect(oldest).toEqual(oldest.toSorted((a, b) => b - a));
    expect(lines.find((line) => line.startsWith('  messages '))).not.toContain(':');
  });

  it('has all of them in JSON', async () => {
    const { printed } = await command(folder, 'once', 'ticks', '--json');
    expect(printed.match(/"ticks:[A-Z]+":/g)).toHaveLength(5);
  });
});
