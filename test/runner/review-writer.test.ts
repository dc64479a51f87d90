import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reviewWriter } from '../../runner/review-writer.ts';
import { openStore } from '../../store/open.ts';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-writer-'));
  writeFileSync(
    join(folder, 'pulsedrill.config.yaml'),
    `probes: [{ id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }]\nreports: { folder: out }\n`,
  );
  await using _ = await openStore({ path: join(folder, 'pulsedrill.db') });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const writer = (config: string | undefined) =>
  reviewWriter(
    {
      main: join(import.meta.dirname, '../../runner/main.ts'),
      execPath: process.execPath,
      execArgv: process.execArgv,
      env: { PATH: process.env['PATH'] },
      folder,
      config,
      niceness: 1,
      onLine: () => undefined,
    },
    ['md', 'html'],
  );

describe('a review on schedule', () => {
  const NEVER = new AbortController().signal;
  const TO = Date.UTC(2026, 10, 23, 7);

  it('is written by a process of its own, with the index of its folder', async () => {
    const documents = ['weekly-2026-11-23.md', 'weekly-2026-11-23.html'].map((name) => join(folder, 'out', name));
    expect(await writer(undefined)('weekly', TO, NEVER)).toEqual({ ok: true, documents });
    expect(readdirSync(join(folder, 'out')).toSorted()).toEqual([
      'index.html',
      'index.md',
      'weekly-2026-11-23.html',
      'weekly-2026-11-23.md',
    ]);
  }, 120_000);

  it('says what kept it from being written', async () => {
    expect(await writer('gone.yaml')('monthly', TO, NEVER)).toEqual({
      ok: false,
      detail: 'exit code 2: gone.yaml: expected a file, got nothing there; "pulsedrill init" writes a starter',
    });
  }, 120_000);
});
