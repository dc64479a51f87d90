import { existsSync, readFileSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LineCounter, parseDocument } from 'yaml';
import { placesInValue, placesInYaml, type Locate } from '../../probes/place.ts';

/** Looked for in the working directory, in this order. */
export const DEFAULT_FILES = [
  'pulsedrill.config.ts',
  'pulsedrill.config.js',
  'pulsedrill.config.yaml',
  'pulsedrill.config.yml',
  'pulsedrill.config.json',
];

export function defaultFile(folder: string): string | undefined {
  return DEFAULT_FILES.find((candidate) => existsSync(resolve(folder, candidate)));
}

export type Read =
  | {
      readonly ok: true;
      readonly source: string;
      readonly path: string;
      readonly document: unknown;
      readonly locate: Locate;
    }
  | { readonly ok: false; readonly lines: readonly string[] };

const refuse = (...lines: readonly string[]): Read => ({ ok: false, lines });

/** Reads the document as it stands, unvalidated. @param file as given by `--config`; undefined: the first default found */
export async function readDocument(file: string | undefined, folder: string): Promise<Read> {
  const name = file ?? defaultFile(folder);
  if (name === undefined) {
    return refuse(
      `no configuration: expected ${DEFAULT_FILES.slice(0, -1).join(', ')} or ${DEFAULT_FILES.at(-1)} in this folder, got none; "pulsedrill init" writes one, --config FILE names another`,
    );
  }
  const path = resolve(folder, name);
  const source = basename(path);
  if (!existsSync(path))
    return refuse(`${name}: expected a file, got nothing there; "pulsedrill init" writes a starter`);
  const extension = extname(path);
  try {
    if (['.ts', '.mts', '.js', '.mjs'].includes(extension)) {
      const module: unknown = await import(pathToFileURL(path).href);
      const document =
        typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
      if (document === undefined)
        return refuse(`${source}: expected "export default defineConfig({ … })", got no default export`);
      return { ok: true, source, path, document, locate: placesInValue(document) };
    }
    const text = readFileSync(path, 'utf8');
    return parseText(text, source, path);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return refuse(`${source}: expected a readable configuration, got ${reason}`);
  }
}

/** JSON is YAML, so one parser reads both. */
function parseText(text: string, source: string, path: string): Read {
  const lineCounter = new LineCounter();
  const parsed = parseDocument(text, { prettyErrors: true, lineCounter });
  if (parsed.errors.length > 0) {
    return refuse(
      ...parsed.errors.map((error) => {
        const at = error.linePos?.[0];
        const where = at === undefined ? source : `${source}:${at.line}:${at.col}`;
        const what = error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? error.code;
        return `${where}: expected valid YAML, got ${what.charAt(0).toLowerCase()}${what.slice(1)}`;
      }),
    );
  }
  return { ok: true, source, path, document: parsed.toJS() as unknown, locate: placesInYaml(parsed, lineCounter) };
}
