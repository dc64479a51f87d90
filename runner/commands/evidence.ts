import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder, systemCode } from '../../probes/folder.ts';
import { makeKeyPair } from '../../reports/evidence/key.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../io.ts';
import { jsonOption, toJson } from './open.ts';

const PRIVATE = 'evidence-key.pem';
const PUBLIC = 'evidence-public.pem';

const keygen: Command = {
  name: 'keygen',
  describe: 'Make the pair of keys that signs evidence; refuses to overwrite',
  example: ['evidence keygen --out keys', 'a private key for evidence.key, and the public one for those who verify'],
  build: (yargs) =>
    jsonOption(yargs).option('out', { type: 'string', describe: 'folder; default: the working directory' }),
  run(args, io) {
    const folder = resolve(io.folder, args.text('out') ?? '.');
    const [privateKey, publicKey] = [join(folder, PRIVATE), join(folder, PUBLIC)];
    const there = [privateKey, publicKey].find((path) => existsSync(path));
    if (there !== undefined) throw taken(there);
    const pair = makeKeyPair();
    try {
      makeFolder(folder);
      writeFileSync(privateKey, pair.privatePem, { flag: 'wx', mode: 0o600 });
      writeFileSync(publicKey, pair.publicPem, { flag: 'wx' });
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw taken(folder);
      throw new CommandError(
        `evidence keygen: expected a folder to write into, got ${systemCode(error)} for ${folder}`,
        EXIT.prober,
        { cause: error },
      );
    }
    const { fingerprint } = pair;
    io.print(
      args.flag('json')
        ? toJson({ privateKey, publicKey, fingerprint })
        : [
            `private key: ${privateKey} (keep it; name it in evidence.key)`,
            `public key:  ${publicKey} (give it to those who verify, by another way than the documents)`,
            `fingerprint: ${fingerprint}`,
          ].join('\n'),
    );
    return Promise.resolve(EXIT.ok);
  },
};

function taken(path: string): CommandError {
  return new CommandError(
    `evidence keygen: expected no such file yet, got ${path}; nothing was overwritten`,
    EXIT.usage,
  );
}

export const evidence: Command = {
  name: 'evidence',
  describe: 'What makes a report checkable: the signing key',
  example: ['evidence keygen', 'a private and a public key'],
  below: [keygen],
};
