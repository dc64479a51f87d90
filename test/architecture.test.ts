import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** Who may import whom (docs/architecture.md); every room may import itself. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  probes: [],
  slo: [],
  sandbox: [],
  store: ['probes', 'slo'],
  scenarios: ['probes', 'slo', 'store'],
  reports: ['probes', 'slo', 'store', 'scenarios'],
  runner: ['probes', 'slo', 'store', 'scenarios', 'reports'],
};
const STARTS_THE_SANDBOX = /^runner\/(?:commands\/(?:demo|sandbox)\.ts|demo\/)/;

/** Everything a file names of other files: imports, re-exports, dynamic imports, URLs beside itself. */
function namedIn(text: string): readonly string[] {
  const found = [
    ...text.matchAll(/\b(?:from|import)\s*(['"])([^'"\n]+)\1/g),
    ...text.matchAll(/\bimport\s*\(\s*(['"`])([^'"`\n]+)\1/g),
    ...text.matchAll(/\bnew URL\(\s*(['"`])([^'"`\n]+)\1\s*,\s*import\.meta\.url/g),
  ];
  return found.map((match) => match[2] ?? '');
}

/** The imports of `file` that cross the line, as `file → room/…`. */
function breaches(file: string, text: string): readonly string[] {
  const room = file.split('/')[0] ?? '';
  const allowed = [room, ...(MAY[room] ?? []), ...(STARTS_THE_SANDBOX.test(file) ? ['sandbox'] : [])];
  return namedIn(text)
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(posix.dirname(file), name))
    .filter(
      (target) => target.includes('/') && !target.startsWith('..') && !allowed.includes(target.split('/')[0] ?? ''),
    )
    .map((target) => `${file} → ${target}`);
}

async function sources(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const file of glob(
    Object.keys(MAY).map((room) => `${room}/**/*.ts`),
    { cwd: ROOT },
  )) {
    found.set(file.replaceAll('\\', '/'), readFileSync(join(ROOT, file), 'utf8'));
  }
  return found;
}

describe('the tree', () => {
  it('has a file in every room', async () => {
    const rooms = new Set([...(await sources()).keys()].map((file) => file.split('/')[0]));
    expect(rooms).toEqual(new Set(Object.keys(MAY)));
  });

  it('crosses the import line nowhere, in whatever form', async () => {
    expect([...(await sources())].flatMap(([file, text]) => breaches(file, text))).toEqual([]);
  });

  it('imports no package that its users would not get', async () => {
    const manifest: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    );
    const known = Object.keys(manifest.dependencies);
    const foreign = [...(await sources())].flatMap(([file, text]) =>
      namedIn(text)
        .filter((name) => /^@?[a-z]/.test(name) && !isBuiltin(name))
        .map((name) =>
          name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .filter((name) => !known.includes(name) && name !== 'pulsedrill')
        .map((name) => `${file} → ${name}`),
    );
    expect(foreign).toEqual([]);
  });

  it.each([
    ['a static import', `import { a } from '../../runner/a.ts';`],
    ['a type', `import type { A } from "../../runner/a.ts";`],
    ['a re-export', `export * from '../../runner/a.ts';`],
    ['an import for its effect', `import '../../runner/a.ts';`],
    ['an import on demand', `const a = await import('../../runner/a.ts');`],
    ['a roundabout path', `import { a } from './../../runner/a.ts';`],
    ['a worker', 'new Worker(new URL(`../../runner/a${extname(import.meta.filename)}`, import.meta.url));'],
  ])('would not hide %s', (_form, text) => {
    expect(breaches('probes/http/probe.ts', text)).toHaveLength(1);
    expect(breaches('runner/commands/run.ts', text.replace('../../', '../'))).toEqual([]);
  });
});

describe('the linter', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pulsedrill-architecture-'));
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function lint(path: string, text: string): Promise<string> {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    return new Promise((resolve) => {
      const words = [join(ROOT, 'node_modules/oxlint/bin/oxlint'), '--deny-warnings', path];
      execFile(process.execPath, words, { cwd: folder }, (_error, stdout, stderr) => resolve(`${stdout}${stderr}`));
    });
  }

  const forbidden = Object.entries(MAY).flatMap(([room, allowed]) =>
    [...Object.keys(MAY), 'test', 'bench']
      .filter((other) => other !== room && !allowed.includes(other))
      .map((other) => [room, other] as const),
  );

  it.each(forbidden)(
    'catches a file of %s that imports one of %s, and its types, and hands them on',
    async (room, other) => {
      const said = await lint(
        `${room}/deep/down/breach.ts`,
        [
          `import { a } from '../../../${other}/a.ts';`,
          `import type { B } from '../../../${other}/b.ts';`,
          `export { c } from '../../../${other}/c.ts';`,
          `export const d: B = a;`,
          '',
        ].join('\n'),
      );
      expect(said.match(/no-restricted-imports/g)).toHaveLength(3);
    },
  );

  it('catches nothing where there is nothing', async () => {
    const said = await lint('runner/deep/fine.ts', `export { a } from '../../reports/a.ts';\n`);
    expect(said).not.toContain('no-restricted-imports');
  });
});
