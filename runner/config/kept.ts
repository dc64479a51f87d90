/**
 * What a configuration comes to for who only judges by it, kept after a check that found nothing wrong: the next command that
 * asks for the same needs neither the parser nor the schemas. What is kept is taken only where everything that the check
 * was made from is the same. On any trouble there is nothing, and the configuration is read.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { redactor } from '../../probes/browser/redaction.ts';
import type { Configuration } from './configuration.ts';
import { defaultFile, isModule } from './default-file.ts';
import { readOwn, writeOwn } from './kept-file.ts';
import type { LoadOptions } from './load.ts';
import { secretsOf } from './secrets.ts';

/** Of a configuration, what a judgement of the ledger asks for. */
export type Judged = Pick<Configuration, 'base' | 'objectives' | 'ledgerPath' | 'redact'>;

/** What a configuration was read from. */
export interface Origin {
  readonly path: string;
  /** Null: a module, which may say something else each time. */
  readonly text: string | null;
  /** Names of the variables that it refers to, in its order. */
  readonly references: readonly string[];
}

export interface Keeping {
  readonly folder: string;
  /** What checked: of another program, or of one with other packages, nothing is taken. */
  readonly checker: string;
}

type Body = Omit<Judged, 'redact'> & { readonly references: readonly string[] };
type Environment = LoadOptions['environment'];

/** Longer ones are not worth it: they take as long to read back. */
const LONGEST = 1_000_000;

/** Null: nothing is kept of it as it stands now. */
export function readKept({ file, folder, environment }: LoadOptions, keeping: Keeping): Judged | null {
  const name = file ?? defaultFile(folder);
  if (name === undefined) return null;
  const path = resolve(folder, name);
  try {
    // What can be read only once is left to who reads it.
    if (isModule(path) || !statSync(path).isFile()) return null;
    const [seal, salt, json, ...more] = (readOwn(join(keeping.folder, fileOf(path))) ?? '').split('\n');
    if (salt === undefined || json === undefined || more.length > 0) return null;
    const body: unknown = JSON.parse(json);
    if (!isBody(body)) return null;
    const origin = { path, text: readFileSync(path, 'utf8'), references: body.references };
    if (seal !== sealOf(salt, json, origin, environment, keeping)) return null;
    const { base, objectives, ledgerPath } = body;
    return { base, objectives, ledgerPath, redact: redactor(secretsOf(body.references, environment)) };
  } catch {
    return null;
  }
}

/** For the next time. What reads InfluxDB, or would leave a secret in a file, is not kept. */
export function keep(configuration: Configuration, origin: Origin, environment: Environment, keeping: Keeping): void {
  if (origin.text === null || configuration.readsInflux !== null) return;
  const { base, objectives, ledgerPath, redact } = configuration;
  const body: Body = { references: origin.references, base, objectives, ledgerPath };
  const json = JSON.stringify(body);
  if (json.length > LONGEST || redact(json) !== json || !isDeepStrictEqual(JSON.parse(json), body)) return;
  const salt = randomBytes(32).toString('hex');
  const seal = sealOf(salt, json, origin, environment, keeping);
  writeOwn(join(keeping.folder, fileOf(origin.path)), [seal, salt, json].join('\n'));
}

/** The same for the same program in the same place, with the same packages: each installation changes one of these. */
export function checkerOf(version: string, file: string): string {
  const root = dirname(dirname(dirname(dirname(file))));
  const { ino, size, ctimeMs } = statSync(file);
  const installed = [join(root, 'node_modules'), dirname(root)].filter((folder) => /[\\/]node_modules$/.test(folder));
  const times = installed.map((folder) => statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? null);
  return JSON.stringify([version, process.version, process.arch, file, ino, size, ctimeMs, times]);
}

/** One file a configuration, whatever it says. */
function fileOf(path: string): string {
  return `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.json`;
}

/** Of all that it hangs on, and of itself: half a file has another. Nobody tells a value from it. */
function sealOf(
  salt: string,
  json: string,
  { path, text, references }: Origin,
  environment: Environment,
  { checker }: Keeping,
): string {
  const values = references.map((name) => environment[name] ?? null);
  const all = JSON.stringify([checker, path, text, references, values, json]);
  return createHmac('sha256', salt).update(all).digest('hex');
}

/** As far as the seal needs it; what has the right one is as it was written. */
function isBody(value: unknown): value is Body {
  return (
    typeof value === 'object' &&
    value !== null &&
    'references' in value &&
    Array.isArray(value.references) &&
    value.references.every((name) => typeof name === 'string')
  );
}
