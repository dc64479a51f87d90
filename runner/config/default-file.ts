/** Which file is meant: apart from what reads it, for who needs to know no more. */
import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';

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

/** Code, which is run to be read. */
export function isModule(path: string): boolean {
  return ['.ts', '.mts', '.js', '.mjs'].includes(extname(path));
}
