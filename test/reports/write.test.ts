import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeProblem, writeReport } from '../../reports/write.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-write-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const REPORT = { name: 'sla.md', markdown: '# A\n', files: [{ name: 'a.svg', content: '<svg/>' }] };

describe('writing a report', () => {
  test('makes the folder, writes every file, and leaves no draft behind', async () => {
    const out = join(folder, 'deep', 'out');
    expect(await writeReport(REPORT, out)).toEqual({
      ok: true,
      document: join(out, 'sla.md'),
      files: [join(out, 'a.svg'), join(out, 'sla.md')],
    });
    expect(readdirSync(out).toSorted()).toEqual(['a.svg', 'sla.md']);
    expect(readFileSync(join(out, 'sla.md'), 'utf8')).toBe('# A\n');
  });

  test('replaces what stood there, and nothing else', async () => {
    writeFileSync(join(folder, 'sla.md'), 'old');
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    await writeReport(REPORT, folder);
    expect(readFileSync(join(folder, 'sla.md'), 'utf8')).toBe('# A\n');
    expect(readdirSync(folder).toSorted()).toEqual(['a.svg', 'mine.txt', 'sla.md']);
  });

  test('never leaves the folder, whatever a file is called', async () => {
    const out = join(folder, 'out');
    await writeReport({ ...REPORT, files: [{ name: '../../escaped.svg', content: 'x' }] }, out);
    expect(readdirSync(folder)).toEqual(['out']);
    expect(readdirSync(out).toSorted()).toEqual(['escaped.svg', 'sla.md']);
  });

  test('a folder that cannot be is a problem with a message, not a throw', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const inside = join(file, 'out');
    expect(await writeReport(REPORT, inside)).toEqual({
      ok: false,
      problem: {
        code: 'unwritable',
        message: `${inside}: cannot write the report here (ENOTDIR); choose a folder that this user may write to`,
      },
    });
  });

  test('a document whose place is taken by a folder is unwritable, and the draft is gone', async () => {
    await writeReport({ ...REPORT, name: 'x.md' }, join(folder, 'sla.md'));
    const written = await writeReport(REPORT, folder);
    expect(written).toMatchObject({ ok: false, problem: { code: 'unwritable' } });
    expect(readdirSync(folder).filter((name) => name.startsWith('.report-'))).toEqual([]);
  });

  test('a full disk is told from a forbidden one', () => {
    expect(writeProblem(fullDisk(), '/out')).toEqual({
      code: 'disk-full',
      message: '/out: no space left for the report (ENOSPC); free some, or write to another folder',
    });
  });

  test('what is no failure of the file system stays a throw', () => {
    expect(() => writeProblem(new TypeError('a bug'), '/out')).toThrow('a bug');
  });
});

/** The kernel's own error, from the device that is always full. */
function fullDisk(): unknown {
  try {
    writeFileSync('/dev/full', 'x');
  } catch (error) {
    return error;
  }
  throw new Error('/dev/full took a byte');
}
