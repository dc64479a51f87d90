import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LineCounter, parseDocument } from 'yaml';
import { placesInValue, placesInYaml, type Locate } from '../../probes/place.ts';
import { DEFAULT_FILES, defaultFile, isModule } from './default-file.ts';

export type Read =
  | {
      readonly ok: true;
      readonly source: string;
      readonly path: string;
      /** As it was read; null: a module, which can say something else each time. */
      readonly text: string | null;
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
  if (statSync(path).isDirectory()) return refuse(`${name}: expected a file, got a folder; --config FILE names a file`);
  const extension = extname(path);
  try {
    if (isModule(path)) {
      const module: unknown = await import(pathToFileURL(path).href);
      const document =
        typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
      if (document === undefined)
        return refuse(`${source}: expected "export default defineConfig({ … })", got no default export`);
      return { ok: true, source, path, text: null, document, locate: placesInValue(document) };
    }
    const text = readFileSync(path, 'utf8');
    return parseText(text, source, path);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const where = placeOf(error, path) ?? source;
    if (!(error instanceof SyntaxError)) return refuse(`${where}: expected a readable configuration, got ${reason}`);
    const language = extension.endsWith('ts') ? 'TypeScript' : 'JavaScript';
    return refuse(`${where}: expected valid ${language}, got a syntax error: ${reason}`);
  }
}

/** Where a module failed, as far as its error knows: a syntax error begins with the place, what was thrown has frames. */
function placeOf(error: unknown, path: string): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const named = (file: string): string => (file === path ? basename(path) : relative(dirname(path), file));
  const [, file, line] = /^(\/.*|[A-Za-z]:\\.*):(\d+)$/m.exec(stack.split('\n', 1)[0] ?? '') ?? [];
  if (file !== undefined && line !== undefined) {
    const column = /^( *)\^+$/m.exec(stack)?.[1]?.length;
    return `${named(file)}:${line}${column === undefined ? '' : `:${column + 1}`}`;
  }
  const url = pathToFileURL(path).href;
  const frame = stack.split('\n').find((each) => each.includes(`${url}:`));
  const at = frame === undefined ? null : /:(\d+):(\d+)\)?$/.exec(frame);
  return at === null ? null : `${basename(path)}:${at[1]}:${at[2]}`;
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
        return `${where}: expected valid ${extname(path) === '.json' ? 'JSON' : 'YAML'}, got ${what.charAt(0).toLowerCase()}${what.slice(1)}`;
      }),
    );
  }
  return {
    ok: true,
    source,
    path,
    text,
    document: parsed.toJS() as unknown,
    locate: placesInYaml(parsed, lineCounter),
  };
}
