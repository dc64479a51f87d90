import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemCode } from '../probes/folder.ts';
import { readPrivateKey } from '../reports/evidence/key.ts';
import type { Configuration } from './config/configuration.ts';
import { CommandError, EXIT } from './io.ts';

const MARK = 'PRIVATE KEY-----';
const MEND = '"pulsedrill evidence keygen" makes one';

/** The key that the configuration names: a file, or the PEM itself out of the environment. @throws CommandError */
export function signingKey({
  evidence,
  folder,
  source,
}: Pick<Configuration, 'evidence' | 'folder' | 'source'>): KeyObject {
  const { key } = evidence;
  if (key === undefined) {
    throw new CommandError(
      `${source}: evidence.key: expected the file of a private Ed25519 key, got none; ${MEND}`,
      EXIT.usage,
    );
  }
  const isPem = key.includes(MARK);
  const path = isPem ? 'evidence.key' : resolve(folder, key);
  const found = readPrivateKey(isPem ? key : read(path, source));
  if (found !== null) return found;
  throw new CommandError(
    `${source}: evidence.key: expected a private Ed25519 key in PEM (PKCS#8) without a passphrase, got another text${isPem ? '' : ` in ${path}`}; ${MEND}`,
    EXIT.usage,
  );
}

function read(path: string, source: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(
      `${source}: evidence.key: expected a file that can be read, got ${systemCode(error)} for ${path}; ${MEND}`,
      EXIT.usage,
      { cause: error },
    );
  }
}
