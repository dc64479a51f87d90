/** `${NAME}` and `${NAME:-default}` in a scenario: addresses and names that differ from place to place. */
import type { Problem } from '../probes/problem.ts';
import { pathText } from '../probes/problem.ts';

export type Values = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/** Fills in every text of a document. An empty value counts as none. @returns besides, the names that it asks for */
export function fillIn(
  document: unknown,
  values: Values,
): { document: unknown; problems: readonly Problem[]; names: readonly string[] } {
  const problems: Problem[] = [];
  const names = new Set<string>();

  function walk(value: unknown, path: readonly PropertyKey[]): unknown {
    if (typeof value === 'string') {
      return value.replace(REFERENCE, (reference, name: string, otherwise: string | undefined) => {
        names.add(name);
        const found = values[name] === '' ? otherwise : (values[name] ?? otherwise);
        if (found !== undefined) return found;
        problems.push({ path: pathText(path), expected: `a value for ${name}`, found: 'none' });
        return reference;
      });
    }
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
    }
    return value;
  }

  return { document: walk(document, []), problems, names: [...names].toSorted() };
}
