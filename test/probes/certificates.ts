/** Self-signed certificates from the openssl on the PATH, each in a folder that the caller removes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface Validity {
  /** ASN.1 times, `20200101000000Z`. */
  readonly from: string;
  readonly to: string;
}

const NOW_VALID: Validity = { from: '20200101000000Z', to: '20990101000000Z' };
export const LONG_EXPIRED: Validity = { from: '20200101000000Z', to: '20200201000000Z' };

/** `openssl ca` is the only command of OpenSSL 3.0 that takes both ends of a validity. */
export function selfSigned(name: string, validity: Validity = NOW_VALID): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-cert-'));
  try {
    const file = (leaf: string) => join(folder, leaf);
    const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    writeFileSync(file('index.txt'), '');
    writeFileSync(file('serial'), '01\n');
    writeFileSync(
      file('ca.cnf'),
      `[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\npolicy = any\nx509_extensions = ext\n[any]\ncommonName = supplied\n[ext]\nbasicConstraints = CA:TRUE\nsubjectAltName = DNS:${name}\n`,
    );
    openssl(
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      'key.pem',
      '-out',
      'request.pem',
      '-subj',
      `/CN=${name}`,
    );
    openssl(
      'ca',
      '-batch',
      '-selfsign',
      '-config',
      'ca.cnf',
      '-in',
      'request.pem',
      '-keyfile',
      'key.pem',
      '-out',
      'cert.pem',
      '-startdate',
      validity.from,
      '-enddate',
      validity.to,
      '-notext',
    );
    return { key: readFileSync(file('key.pem'), 'utf8'), cert: readFileSync(file('cert.pem'), 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
