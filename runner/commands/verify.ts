import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KeyObject } from 'node:crypto';
import { systemCode } from '../../probes/folder.ts';
import { readFiles } from '../../reports/evidence/files.ts';
import { fingerprintOf, readPublicKey } from '../../reports/evidence/key.ts';
import type { Finding, Verification } from '../../reports/evidence/verify.ts';
import { openStore } from '../../store/open.ts';
import type { Args, Command } from '../command.ts';
import { checkBundle } from '../evidence/check.ts';
import { checkLedger, type Claimed } from '../evidence/ledger-check.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { jsonOption, toJson } from './open.ts';

/** No PEM of a public key is nearly as large. */
const LARGEST_KEY_BYTES = 10_000;

export const verify: Command = {
  name: 'verify <bundle>',
  describe: 'Check a bundle of evidence: signature, hashes, every figure from its tallies, the pages from its data',
  example: ['verify evidence-20261101-20261201-sre-no-1.zip --key evidence-public.pem', 'exit 0 if all of it holds'],
  build: (yargs) =>
    jsonOption(yargs)
      .positional('bundle', { type: 'string', describe: 'its folder or its ZIP file', demandOption: true })
      .option('key', { type: 'string', describe: 'public key (PEM) of who is said to have signed' })
      .option('ledger', { type: 'string', describe: 'the ledger that it came from: down to the raw results' }),
  async run(args, io) {
    const path = resolve(io.folder, args.text('bundle') ?? '');
    if (!existsSync(path))
      throw new CommandError(`${path}: expected a bundle of evidence, got no such file`, EXIT.usage);
    const key = publicKey(args, io);
    const ledger = args.text('ledger');
    const { content, ...own } = await byItself(path, key);
    const { findings, checked, manifest } = own;
    const more =
      ledger === undefined || manifest === null || content === null
        ? { findings: [], checked: [] }
        : await heldAgainst(resolve(io.folder, ledger), manifest, content);
    return told(
      {
        findings: [...findings, ...more.findings],
        checked: [...checked, ...more.checked],
        signer: key === null ? null : fingerprintOf(key),
        number: manifest?.document.number ?? null,
      },
      args,
      io,
    );
  },
};

/** What is needed beside a ledger, and no byte of the files more: there the memory is for its results. */
async function byItself(
  path: string,
  key: KeyObject | null,
): Promise<Pick<Verification, 'findings' | 'checked' | 'manifest'> & { content: Claimed | null }> {
  const read = readFiles(path);
  if (!read.ok) return { findings: [lineOf(path, read.problem)], checked: [], manifest: null, content: null };
  const { content, ...rest } = await checkBundle(read.files, key);
  const claimed = content === null ? null : { segments: content.segments, tallies: content.tallies };
  return { ...rest, content: claimed };
}

async function heldAgainst(
  path: string,
  ...[manifest, content]: [Parameters<typeof checkLedger>[1], Parameters<typeof checkLedger>[2]]
) {
  if (!existsSync(path)) throw new CommandError(`--ledger: expected a ledger, got no such file: ${path}`, EXIT.usage);
  await using store = await openStore({ path, readOnly: true, snapshot: true, inline: true });
  return await checkLedger(store, manifest, content);
}

function publicKey(args: Args, io: Io): KeyObject | null {
  const name = args.text('key');
  if (name === undefined) return null;
  const path = resolve(io.folder, name);
  try {
    const isSmall = statSync(path).size <= LARGEST_KEY_BYTES;
    const key = isSmall ? readPublicKey(readFileSync(path, 'utf8')) : null;
    if (key !== null) return key;
  } catch (error) {
    throw new CommandError(
      `--key: expected a file that can be read, got ${systemCode(error)} for ${path}`,
      EXIT.usage,
      { cause: error },
    );
  }
  throw new CommandError(
    `--key: expected a public Ed25519 key in PEM such as evidence-public.pem, got another text in ${path}`,
    EXIT.usage,
  );
}

function lineOf(file: string, problem: string): Finding {
  return { file, objective: null, figure: null, expected: null, found: null, text: `${file}: ${problem}` };
}

interface Told {
  readonly findings: readonly Finding[];
  readonly checked: readonly string[];
  /** Null: no key was given. */
  readonly signer: string | null;
  readonly number: number | null;
}

const NO_KEY = 'nothing says who signed it: give the public key that reached you another way (--key)';

function told({ findings, checked, signer, number }: Told, args: Args, io: Io): number {
  const holds = findings.length === 0 && signer !== null;
  if (args.flag('json')) {
    io.print(toJson({ holds, signerProven: holds ? signer : null, number, checked, differences: findings }));
    return holds ? EXIT.ok : EXIT.failed;
  }
  const unsigned = signer === null ? [NO_KEY] : [];
  const verdict = holds
    ? `holds: no. ${number ?? 0} of its range, signed by ${signer}`
    : findings.length === 0
      ? 'does not hold: its content agrees with itself, and the signer is not proven'
      : `does not hold: ${findings.length === 1 ? '1 difference' : `${findings.length} differences`}`;
  io.print(
    [...findings.map(({ text }) => text), ...unsigned, ...checked.map((each) => `looked at ${each}`), verdict].join(
      '\n',
    ),
  );
  return holds ? EXIT.ok : EXIT.failed;
}
