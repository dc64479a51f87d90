/**
 * Where results wait on a disk when the ledger refuses them: lines of JSON in files of another place, named by the ledger
 * they belong to. Taking one in twice does no harm: the ledger stores a run id once.
 */
import { lstatSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, systemCode } from '../probes/folder.ts';
import { LedgerError } from './ledger-error.ts';
import { isResult, type Result } from './result.ts';

export interface SpillOptions {
  readonly folder: string;
  /** Of the ledger; results of one never end up in another. */
  readonly identity: string;
  /** Unique to this process. */
  readonly instance: string;
  /** Whose the folder must be, in a place where anybody may make one; null: it does not matter. */
  readonly uid: number | null;
}

/** What came of a file that was found. */
export interface Taken {
  readonly path: string;
  readonly results: number;
  /** The line that was being written when its writer died. */
  readonly isTorn: boolean;
  /** Lines that are no results, or that the ledger will never take: the file is kept under another name. */
  readonly unread: number;
}

export interface Spill {
  readonly folder: string;
  /** Durable when it resolves. @returns the file @throws the system's error */
  write(results: readonly Result[]): Promise<string>;
  /** Gives every file of this ledger to it and removes the file. Ends early, with a throw, when the ledger refuses. */
  takeIn(append: (results: readonly Result[]) => Promise<void>): AsyncIterable<Taken>;
}

const BATCH = 500;
const END = '.ndjson';
/** Being written; or its writer was killed while it wrote. */
const PART = '.part';

export function createSpill(options: SpillOptions): Spill {
  const { folder, identity, instance } = options;
  let sequence = 0;

  function mustBeOurs(): void {
    const found = lstatSync(folder);
    if (found.isDirectory() && (options.uid === null || found.uid === options.uid)) return;
    throw Object.assign(new Error(`${folder} is no folder of this user`), { code: 'EPERM' });
  }

  async function write(results: readonly Result[], path: string): Promise<void> {
    const part = `${path}${PART}`;
    try {
      await using file = await open(part, 'w', 0o600);
      for (let at = 0; at < results.length; at += BATCH) {
        const lines = results.slice(at, at + BATCH).map((result) => `${JSON.stringify(result)}\n`);
        await file.writeFile(lines.join(''));
      }
      await file.sync();
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    await rename(part, path);
    await using entry = await open(folder, 'r');
    await entry.sync();
  }

  return {
    folder,
    async write(results) {
      makeFolder(folder, 0o700);
      mustBeOurs();
      sequence += 1;
      const path = join(folder, `${identity}-${instance}-${sequence}${END}`);
      try {
        await write(results, path);
      } catch (error) {
        // Another process took it for that of a dead one, and removed what it had read so far.
        if (systemCode(error) !== 'ENOENT') throw error;
        await write(results, path);
      }
      return path;
    },
    async *takeIn(append) {
      const names = await readdir(folder).catch((): readonly string[] => []);
      const own = `${identity}-${instance}-`;
      const wanted = names.filter(
        (name) =>
          name.startsWith(`${identity}-`) &&
          (name.endsWith(END) || (name.endsWith(`${END}${PART}`) && !name.startsWith(own))),
      );
      if (wanted.length > 0) mustBeOurs();
      for (const name of wanted.toSorted()) {
        const path = join(folder, name);
        const read = await giveAll(path, append);
        if (read === null) continue;
        if (read.unread === 0) await rm(path, { force: true });
        else await rename(path, `${path}.damaged`);
        yield { path, ...read };
      }
    },
  };
}

/** @returns null when another process was faster. @throws LedgerError when the ledger refuses */
async function giveAll(
  path: string,
  append: (results: readonly Result[]) => Promise<void>,
): Promise<Omit<Taken, 'path'> | null> {
  let [results, unread] = [0, 0];
  let batch: Result[] = [];

  async function give(): Promise<void> {
    const given = batch;
    batch = [];
    try {
      if (given.length > 0) await append(given);
      results += given.length;
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      // One that the ledger will never take is nobody else's fault.
      for (const result of given) {
        try {
          await append([result]);
          results += 1;
        } catch (cause) {
          if (cause instanceof LedgerError) throw cause;
          unread += 1;
        }
      }
    }
  }

  let rest = '';
  try {
    await using file = await open(path);
    for await (const chunk of file.createReadStream({ encoding: 'utf8', autoClose: false })) {
      const lines = `${rest}${String(chunk)}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const result = parsed(line);
        if (result === null) unread += 1;
        else batch.push(result);
        if (batch.length >= BATCH) await give();
      }
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
  const last = parsed(rest);
  if (last !== null) batch.push(last);
  const isTorn = rest !== '' && last === null;
  await give();
  return { results, isTorn, unread };
}

function parsed(line: string): Result | null {
  try {
    const value: unknown = JSON.parse(line);
    return isResult(value) ? value : null;
  } catch {
    return null;
  }
}
