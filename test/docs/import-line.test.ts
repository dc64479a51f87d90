import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './markdown.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-lint-'));
  copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the linter says about a file at `path` that imports a file of another room. */
async function lint(path: string, imported: string): Promise<{ readonly code: number; readonly said: string }> {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  const up = '../'.repeat(path.split('/').length - 1);
  writeFileSync(file, `import { word } from '${up}${imported}';\n\nexport const said = word;\n`);
  const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
  return new Promise((resolve) => {
    execFile(process.execPath, [oxlint, '--deny-warnings', path], { cwd: folder }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, said: `${stdout}${stderr}` });
    });
  });
}

describe('the import line', () => {
  it.each([
    ['probes/http/word.ts', 'slo/word.ts', 'probes, slo and sandbox import nothing of ours'],
    ['slo/word.ts', 'probes/word.ts', 'probes, slo and sandbox import nothing of ours'],
    ['sandbox/venue/word.ts', 'probes/word.ts', 'probes, slo and sandbox import nothing of ours'],
    ['store/word.ts', 'scenarios/word.ts', 'store may import probes and slo only'],
    ['scenarios/toxiproxy/word.ts', 'runner/word.ts', 'scenarios may import probes, slo and store only'],
    ['reports/word.ts', 'runner/word.ts', 'reports may import probes, slo, store and scenarios only'],
    ['runner/engine/word.ts', 'sandbox/word.ts', 'only the demo and sandbox commands start the sandbox'],
    ['runner/commands/demo.ts', 'test/word.ts', 'nothing imports tests or benches'],
  ])('keeps %s from importing %s', async (path, imported, message) => {
    const { code, said } = await lint(path, imported);
    expect(said.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(code).toBe(1);
  });

  it.each([
    ['store/word.ts', 'slo/word.ts'],
    ['scenarios/word.ts', 'store/word.ts'],
    ['reports/word.ts', 'scenarios/word.ts'],
    ['runner/engine/word.ts', 'reports/word.ts'],
    ['runner/demo/word.ts', 'sandbox/word.ts'],
  ])('lets %s import %s', async (path, imported) => {
    const { code, said } = await lint(path, imported);
    expect(said).not.toContain('docs/architecture.md');
    expect(code).toBe(0);
  });
});
