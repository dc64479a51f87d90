import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { command } from './support.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-demo-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('demo', () => {
  it('empties no folder that holds anything but an earlier demo', async () => {
    writeFileSync(join(folder, 'pulsedrill.db'), '');
    writeFileSync(join(folder, 'pulsedrill.config.yaml'), '');
    const { code, complained } = await command(folder, 'demo', '--out', '.');
    expect(complained).toBe(
      "--out: expected an empty folder or an earlier demo's, since it is emptied first, got ., which holds pulsedrill.config.yaml",
    );
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'pulsedrill.db'))).toBe(true);
  });
});
