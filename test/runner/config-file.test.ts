import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-file-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const BROKEN = 'const a = 1;\nexport default {\n  probes: [{ id: , }],\n};\n';

describe('a configuration that cannot be read', () => {
  it.each<[what: string, file: string, text: string, message: string]>([
    [
      'the language and the place of a syntax error in TypeScript',
      'a.ts',
      BROKEN,
      'a.ts:3:18: expected valid TypeScript, got a syntax error: Expression expected',
    ],
    [
      'the place of what must be erased but cannot be',
      'a.ts',
      '\nenum A { a }\nexport default {};\n',
      'a.ts:2:1: expected valid TypeScript, got a syntax error: TypeScript enum is not supported in strip-only mode',
    ],
    [
      'the place of what it throws',
      'a.ts',
      'const of: { a?: { b: number } } = {};\nexport default { probes: [of.a.b] };\n',
      "a.ts:2:32: expected a readable configuration, got Cannot read properties of undefined (reading 'b')",
    ],
    [
      'JSON where it is JSON',
      'a.json',
      '{ "probes": [] \n',
      'a.json:2:1: expected valid JSON, got flow map must end with a }',
    ],
  ])('names %s', async (_what, file, text, message) => {
    writeFileSync(join(folder, file), text);
    const ended = await cli(['validate', '--config', file], { folder });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr.trimEnd()).toBe(message);
  });

  it('names the imported file that is wrong', async () => {
    mkdirSync(join(folder, 'parts'));
    writeFileSync(join(folder, 'parts/a.ts'), BROKEN);
    writeFileSync(join(folder, 'pulsedrill.config.ts'), "export { default } from './parts/a.ts';\n");
    const ended = await cli(['validate'], { folder });
    expect(ended.stderr).toMatch(/^parts\/a\.ts:3:18: expected valid TypeScript, got a syntax error: /);
  });

  it('is asked for as a file when it is a folder', async () => {
    const ended = await cli(['validate', '--config', '.'], { folder });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr.trimEnd()).toBe('.: expected a file, got a folder; --config FILE names a file');
  });
});
