import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workingFolder } from '../../runner/folder.ts';
import { cli } from '../support/cli.ts';

const OURS = { npm_package_name: 'pulsedrill', npm_lifecycle_event: 'pulsedrill', INIT_CWD: '/typed/here' };

describe('the working directory', () => {
  it.each([
    ['is where npm run was typed', OURS, '/typed/here'],
    ['is the process’s own without npm', {}, '/own'],
    ['is the process’s own under another package’s script', { ...OURS, npm_package_name: 'desk' }, '/own'],
    ['is the process’s own under another script of ours', { ...OURS, npm_lifecycle_event: 'test' }, '/own'],
    ['is the process’s own where npm does not say', { ...OURS, INIT_CWD: undefined }, '/own'],
  ])('%s', (_name, env, folder) => {
    expect(workingFolder(env, '/own')).toBe(folder);
  });

  it('is looked at for the configuration', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-folder-'));
    try {
      writeFileSync(join(folder, 'pulsedrill.config.yaml'), 'probes: []\n');
      const ended = await cli(['validate'], { folder: tmpdir(), env: { ...OURS, INIT_CWD: folder } });
      expect(ended.stderr).toContain('pulsedrill.config.yaml: probes: expected a list of at least one probe, got []');
      expect(ended.code).toBe(2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
