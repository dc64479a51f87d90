import { redactor } from '../../probes/browser/redaction.ts';
import type { Problem } from '../../probes/problem.ts';
import { pathText } from '../../probes/problem.ts';

/** Replaces every secret value by its reference, so that a text can be logged, stored or shown. */
export type Redact = (text: string) => string;

const REFERENCE = /\$\{([A-Za-z_]\w*)\}/g;

/** A reference to the environment, for TypeScript configurations: `env('TP_TOKEN')`. The value is filled in at load. */
export function env(name: string): string {
  return `\${${name}}`;
}

export interface Resolved {
  readonly document: unknown;
  readonly problems: readonly Problem[];
  readonly redact: Redact;
  /** Value → its reference, longest value first. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Names of what was filled in, in the order of the document, as often as they stand there. */
  readonly references: readonly string[];
}

/**
 * Fills in `${NAME}` everywhere in a document, and remembers each value so that it can be masked wherever text leaves
 * the process. Values shorter than four characters are not masked: they would blank out half of every line.
 */
export function resolveReferences(
  document: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Resolved {
  const problems: Problem[] = [];
  const references: string[] = [];

  function walk(value: unknown, path: readonly PropertyKey[]): unknown {
    if (typeof value === 'string') {
      return value.replace(REFERENCE, (reference, name: string) => {
        const found = environment[name];
        if (found === undefined || found === '') {
          problems.push({
            path: pathText(path),
            expected: `the environment variable ${name} to be set`,
            found: found === undefined ? 'no such variable' : 'an empty one',
          });
          return reference;
        }
        references.push(name);
        return found;
      });
    }
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
    }
    return value;
  }

  const resolved = walk(document, []);
  const secrets = secretsOf(references, environment);
  return { document: resolved, problems, secrets, redact: redactor(secrets), references };
}

/** What is masked of the values behind these references. @param references in the order of the document */
export function secretsOf(
  references: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const name of references) {
    const value = environment[name];
    if (value !== undefined && value.length >= 4) values.set(value, `\${${name}}`);
  }
  // Longest first, so that a secret that contains another is masked whole.
  return new Map([...values].toSorted(([a], [b]) => b.length - a.length));
}

const SECRET_KEY =
  /^(authorization|x-api-key|x-mbx-apikey|token|bearer|password|passphrase|routingkey|secret|previoussecret|apikey)$/i;
/** Of a key, and of an incoming webhook of Slack: whoever has it may speak. */
const SECRET_VALUE = /PRIVATE KEY-----|hooks\.slack\.com\/services\//;

/** `${NAME}`, or `{name}`: a value that an earlier step of the probe captures. */
const REFERRING = /\{[A-Za-z_]\w*\}/;

/** A secret written out in the configuration ends in a repository. Each must be a reference. */
export function literalSecrets(document: unknown, path: readonly PropertyKey[] = []): readonly Problem[] {
  if (Array.isArray(document)) return document.flatMap((item, index) => literalSecrets(item, [...path, index]));
  if (typeof document !== 'object' || document === null) return [];
  return Object.entries(document).flatMap(([key, value]): readonly Problem[] => {
    const here = [...path, key];
    // Says where in an answer a secret will be found, and is none itself.
    if (key === 'capture') return [];
    if (typeof value !== 'string') return literalSecrets(value, here);
    const isSecret = SECRET_KEY.test(key) || path.at(-1) === 'secrets' || SECRET_VALUE.test(value);
    if (!isSecret || REFERRING.test(value)) return [];
    return [
      { path: pathText(here), expected: 'a reference to the environment such as "${TOKEN}"', found: 'a literal value' },
    ];
  });
}
