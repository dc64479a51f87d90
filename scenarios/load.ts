/** Scenarios by name from the library, or from a file of one's own. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LineCounter, parseDocument } from 'yaml';
import { didYouMean } from '../probes/nearest.ts';
import { placesInValue, placesInYaml, type Locate } from '../probes/place.ts';
import type { Problem } from '../probes/problem.ts';
import type { Values } from './parameters.ts';
import type { ParsedScenario } from './scenario.ts';
import { parseScenario } from './scenario.ts';

const LIBRARY = join(import.meta.dirname, 'library');
const MODULES: ReadonlySet<string> = new Set(['.ts', '.mts', '.js', '.mjs']);
const TEXTS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);

type Document =
  | { readonly ok: true; readonly document: unknown; readonly locate: Locate }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** One scenario that could be run, as a list shows it. */
export interface ScenarioEntry {
  readonly id: string;
  readonly title: string;
  readonly component: string;
  readonly source: string;
}

/**
 * @param nameOrFile the id of a shipped scenario, or the path of a .ts, .js, .yaml or .json file
 * @param values fills in `${NAME}`
 * @param folder what a relative path is relative to
 */
export async function loadScenario(nameOrFile: string, values: Values = {}, folder = '.'): Promise<ParsedScenario> {
  const file = locate(nameOrFile, folder);
  if (file === null) {
    const known = libraryFiles().map((path) => basename(path, extname(path)));
    const expected = `a file, or one of the shipped scenarios: ${known.join(', ')}${didYouMean(nameOrFile, known)}`;
    return { ok: false, source: nameOrFile, problems: [{ path: '', expected, found: 'neither' }] };
  }
  const read = await readScenarioFile(file);
  if (!read.ok) return { ok: false, source: basename(file), problems: read.problems };
  return parseScenario(read.document, basename(file), values, read.locate);
}

/** The shipped scenarios, in the order of their ids. */
export async function listScenarios(): Promise<readonly ScenarioEntry[]> {
  const entries = await Promise.all(
    libraryFiles().map(async (file): Promise<readonly ScenarioEntry[]> => {
      const read = await readScenarioFile(file);
      return read.ok ? [entryOf(read.document, file)] : [];
    }),
  );
  return entries.flat().toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Works on a document whose `${NAME}` are not filled in. */
function entryOf(document: unknown, file: string): ScenarioEntry {
  const text = (key: string): string => {
    const value: unknown = typeof document === 'object' && document !== null ? Reflect.get(document, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  const name = basename(file, extname(file));
  return { id: text('id') || name, title: text('title'), component: text('component'), source: file };
}

function libraryFiles(): readonly string[] {
  return readdirSync(LIBRARY)
    .filter((name) => (MODULES.has(extname(name)) && !name.endsWith('.d.ts')) || TEXTS.has(extname(name)))
    .toSorted()
    .map((name) => join(LIBRARY, name));
}

function locate(nameOrFile: string, folder: string): string | null {
  const extension = extname(nameOrFile);
  if (MODULES.has(extension) || TEXTS.has(extension)) {
    const path = resolve(folder, nameOrFile);
    return existsSync(path) ? path : null;
  }
  return libraryFiles().find((path) => basename(path, extname(path)) === nameOrFile) ?? null;
}

async function readScenarioFile(file: string): Promise<Document> {
  try {
    if (TEXTS.has(extname(file))) return parseText(readFileSync(file, 'utf8'));
    const module: unknown = await import(pathToFileURL(file).href);
    const found = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
    if (found !== undefined) return { ok: true, document: found, locate: placesInValue(found) };
    return refused('export default defineScenario({ … })', 'no default export');
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
    return refused(`a readable scenario in ${dirname(file) === LIBRARY ? 'the library' : 'this file'}`, reason);
  }
}

function refused(expected: string, found: string): Document {
  return { ok: false, problems: [{ path: '', expected, found }] };
}

/** JSON is YAML, so one parser reads both. */
function parseText(text: string): Document {
  const lineCounter = new LineCounter();
  const parsed = parseDocument(text, { lineCounter });
  const [error] = parsed.errors;
  if (error === undefined) {
    return { ok: true, document: parsed.toJS() as unknown, locate: placesInYaml(parsed, lineCounter) };
  }
  return refused('valid YAML', error.message.split('\n')[0]?.replace(/:$/, '') ?? error.code);
}
