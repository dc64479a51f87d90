import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, one by one from the first that exists: asked to make them all at once, Node 24 spins for
 * ever where a folder can neither be found nor made (under /proc, say).
 * @throws the system's error of the one that could not be made
 */
export function makeFolder(folder: string, mode?: number): void {
  const missing: string[] = [];
  for (let at = folder; !isThere(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  for (const each of missing) makeOne(each, mode);
  if (!statSync(folder).isDirectory()) throw Object.assign(new Error(`${folder} is not a folder`), { code: 'ENOTDIR' });
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function makeOne(folder: string, mode: number | undefined): void {
  try {
    mkdirSync(folder, { mode: mode ?? 0o777 });
  } catch (error) {
    // Another process made it meanwhile.
    if (!isThere(folder)) throw error;
  }
}

/** The system's word for what went wrong (`ENOSPC`), or the message where it has none. */
export function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}
