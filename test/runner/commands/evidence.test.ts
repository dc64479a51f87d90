import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPublicKey } from '../../../reports/evidence/key.ts';
import { signingKey } from '../../../runner/signing-key.ts';
import { cli } from '../../support/cli.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-evidence-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('evidence keygen', () => {
  test('makes a pair, the private half for its owner alone, and overwrites none', async () => {
    const made = await cli(['evidence', 'keygen', '--out', 'keys', '--json'], { folder });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const [secret, known] = [join(folder, 'keys/evidence-key.pem'), join(folder, 'keys/evidence-public.pem')];
    const pem = readFileSync(known, 'utf8');
    const der = readPublicKey(pem)?.export({ type: 'spki', format: 'der' }) ?? Buffer.from('');
    const fingerprint = `sha256:${createHash('sha256').update(der).digest('hex')}`;
    expect(JSON.parse(made.stdout)).toEqual({ privateKey: secret, publicKey: known, fingerprint });
    expect(statSync(secret).mode & 0o777).toBe(0o600);
    expect(made.stdout).not.toContain('PRIVATE');

    const before = readFileSync(secret, 'utf8');
    const again = await cli(['evidence', 'keygen', '--out', 'keys'], { folder });
    expect(again).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `evidence keygen: expected no such file yet, got ${secret}; nothing was overwritten\n`,
    });
    expect(readFileSync(secret, 'utf8')).toBe(before);

    const configured = { folder, source: 'c.yaml' };
    expect(signingKey({ ...configured, evidence: { key: 'keys/evidence-key.pem' } }).type).toBe('private');
    expect(signingKey({ ...configured, evidence: { key: before } }).type).toBe('private');
    const mend = '"pulsedrill evidence keygen" makes one';
    expect(() => signingKey({ ...configured, evidence: {} })).toThrow(
      `c.yaml: evidence.key: expected the file of a private Ed25519 key, got none; ${mend}`,
    );
    expect(() => signingKey({ ...configured, evidence: { key: 'none.pem' } })).toThrow(
      `c.yaml: evidence.key: expected a file that can be read, got ENOENT for ${join(folder, 'none.pem')}; ${mend}`,
    );
    expect(() => signingKey({ ...configured, evidence: { key: known } })).toThrow(
      `c.yaml: evidence.key: expected a private Ed25519 key in PEM (PKCS#8) without a passphrase, got another text in ${known}; ${mend}`,
    );
  });
});
