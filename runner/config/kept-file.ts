/** Small files in a folder of the user's own, which may be deleted at any time. */
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../../probes/folder.ts';

/** So many are kept, the newest. */
export const MOST = 64;

/** Null: there is none, or somebody else could have written it. */
export function readOwn(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const { uid, mode } = fstatSync(file);
    const isOwn = process.getuid === undefined || uid === process.getuid();
    return isOwn && (mode & 0o022) === 0 ? readFileSync(file, 'utf8') : null;
  } finally {
    closeSync(file);
  }
}

/** Whole or not at all; where it cannot be, there is none. */
export function writeOwn(path: string, text: string): void {
  const folder = dirname(path);
  const half = `${path}.${process.pid}`;
  try {
    makeFolder(folder, 0o700);
    try {
      writeFileSync(half, text, { mode: 0o600, flag: 'wx' });
      renameSync(half, path);
    } finally {
      rmSync(half, { force: true });
    }
    removeOldest(folder);
  } catch {
    // A full disk, a folder that is not ours: the next one has to check again.
  }
}

/** Halves that a process left behind, which was killed, grow old as well. */
function removeOldest(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= MOST) return;
  const changed = names.map((name) => ({
    name,
    ms: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  }));
  const oldestFirst = changed.toSorted((a, b) => a.ms - b.ms || (basename(a.name) < basename(b.name) ? -1 : 1));
  for (const { name } of oldestFirst.slice(0, names.length - MOST)) rmSync(join(folder, name), { force: true });
}
