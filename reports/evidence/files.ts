/** The files of a bundle: in a folder, or in one ZIP whose bytes depend on nothing but theirs. */
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { systemCode } from '../../probes/folder.ts';

/** By name, with slashes. */
export type Files = ReadonlyMap<string, Uint8Array>;

export type ReadFiles =
  | { readonly ok: true; readonly files: Files }
  /** Lines for a person; it was not read any further. */
  | { readonly ok: false; readonly problem: string };

const MOST_FILES = 4_000;
const LARGEST_BYTES = 64 * 1024 * 1024;
const MOST_BYTES = 192 * 1024 * 1024;
const DEEPEST = 3;
/** Of all that a bundle was ever made of; no "..", nothing absolute, nothing hidden, no other case of the same letter. */
const NAME = /^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9]+)*(?:\/[a-z0-9][a-z0-9-]*(?:\.[a-z0-9]+)*){0,2}$/;

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** In order of their names, of no time: the date is the earliest that the format knows, whatever the time zone. */
export function zipped(files: Files): Uint8Array {
  const sorted = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return zipSync(Object.fromEntries(sorted), { level: 6, mtime: new Date(1980, 0, 1), os: 3, attrs: 0o644 << 16 });
}

/** What somebody sent. Nothing of it is written anywhere, and what it claims of its sizes is looked at before it is unpacked. */
export function readFiles(path: string): ReadFiles {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return readFolder(path);
    if (!stat.isFile()) return { ok: false, problem: 'neither a folder nor a file' };
    if (stat.size > MOST_BYTES) return { ok: false, problem: tooLarge('the file', stat.size, MOST_BYTES) };
    return readZip(readFileSync(path));
  } catch (error) {
    return { ok: false, problem: `cannot be read (${systemCode(error)})` };
  }
}

function tooLarge(what: string, bytes: number, most: number): string {
  return `${what} is ${bytes} bytes large, and a bundle's is at most ${most}`;
}

/** Counts what is about to be read. @returns a problem, or null */
function counter(): (name: string, bytes: number) => string | null {
  const seen = new Set<string>();
  let all = 0;
  return (name, bytes) => {
    const shown = JSON.stringify(name.slice(0, 80));
    if (!NAME.test(name) || name.length > 200) return `${shown} is no name of a bundle's file`;
    if (seen.has(name)) return `${shown} stands in it twice`;
    seen.add(name);
    all += bytes;
    if (seen.size > MOST_FILES) return `more than ${MOST_FILES} files`;
    if (bytes > LARGEST_BYTES) return tooLarge(shown, bytes, LARGEST_BYTES);
    return all > MOST_BYTES ? tooLarge('all of it', all, MOST_BYTES) : null;
  };
}

function readFolder(folder: string): ReadFiles {
  const problemOf = counter();
  const files = new Map<string, Uint8Array>();
  const walk = (under: string, depth: number): string | null => {
    for (const entry of readdirSync(join(folder, under)).toSorted()) {
      const name = under === '' ? entry : `${under}/${entry}`;
      const stat = lstatSync(join(folder, name));
      if (stat.isDirectory()) {
        const problem = depth >= DEEPEST ? `${JSON.stringify(name.slice(0, 80))} is too deep` : walk(name, depth + 1);
        if (problem !== null) return problem;
        continue;
      }
      // A link leads who knows where, and a device or a pipe may never end.
      if (!stat.isFile()) return `${JSON.stringify(name.slice(0, 80))} is no plain file`;
      const problem = problemOf(name, stat.size);
      if (problem !== null) return problem;
      files.set(name, readFileSync(join(folder, name)));
    }
    return null;
  };
  const problem = walk('', 1);
  return problem === null ? { ok: true, files } : { ok: false, problem };
}

class Refused extends Error {}

function readZip(bytes: Uint8Array): ReadFiles {
  const problemOf = counter();
  try {
    const found = unzipSync(bytes, {
      filter: ({ name, originalSize, size, compression }) => {
        if (compression !== 0 && compression !== 8) throw new Refused('packed in a way that is not known');
        const problem = problemOf(name, Math.max(originalSize, size));
        if (problem !== null) throw new Refused(problem);
        return true;
      },
    });
    return { ok: true, files: new Map(Object.entries(found)) };
  } catch (error) {
    return { ok: false, problem: error instanceof Refused ? error.message : 'no ZIP file that can be read' };
  }
}
