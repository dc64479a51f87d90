import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFiles } from '../../../reports/evidence/files.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-sent-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a file that is sent as a bundle', () => {
  const refused = (bytes: Uint8Array): unknown => {
    const file = join(folder, 'sent.zip');
    writeFileSync(file, bytes);
    return readFiles(file);
  };

  test.each([
    ['../../etc/cron.d/x', '"../../etc/cron.d/x" is no name of a bundle\'s file'],
    ['/etc/passwd', '"/etc/passwd" is no name of a bundle\'s file'],
    ['A.json', '"A.json" is no name of a bundle\'s file'],
    ['__proto__', '"__proto__" is no name of a bundle\'s file'],
  ])('is refused with a member %s', (name, problem) => {
    expect(refused(zipSync({ [name === '__proto__' ? 'x__proto' : name]: Buffer.from('x') }))).toMatchObject({
      ok: false,
      problem: name === '__proto__' ? '"x__proto" is no name of a bundle\'s file' : problem,
    });
  });

  test('is refused before two gigabytes are unpacked, and with one name twice', () => {
    const bytes = zipSync({ 'a.json': Buffer.from('x'), 'b.json': Buffer.from('y') });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const central = Buffer.from(bytes).indexOf('PK\u0001\u0002');
    view.setUint32(central + 24, 2 ** 31, true);
    expect(refused(bytes)).toEqual({
      ok: false,
      problem: '"a.json" is 2147483648 bytes large, and a bundle\'s is at most 67108864',
    });
    const twice = Buffer.from(zipSync({ 'a.json': Buffer.from('x'), 'b.json': Buffer.from('y') }));
    twice.write('a.json', twice.lastIndexOf('b.json'));
    expect(refused(twice)).toEqual({ ok: false, problem: '"a.json" stands in it twice' });
    expect(refused(Buffer.from('no zip at all'))).toEqual({ ok: false, problem: 'no ZIP file that can be read' });
  });

  test('is refused as a folder with a link in it', () => {
    const where = mkdtempSync(join(tmpdir(), 'pulsedrill-sent-'));
    symlinkSync('/etc/hostname', join(where, 'manifest.json'));
    expect(readFiles(where)).toEqual({ ok: false, problem: '"manifest.json" is no plain file' });
    rmSync(where, { recursive: true });
  });
});
