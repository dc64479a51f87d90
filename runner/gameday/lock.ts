/** Who conducts a game-day: a file beside its journal. A process id alone may belong to somebody else by now. */
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';

const NAME = 'conductor.lock';

const holderSchema = z.object({
  pid: z.int(),
  started: z.string().nullable().default(null),
  claim: z
    .object({ component: z.string(), targets: z.array(z.string()) })
    .nullable()
    .default(null),
});

interface Holder {
  readonly pid: number;
  /** In ticks since boot, as /proc says; null where there is no /proc. */
  readonly started: string | null;
  /** Null: not said. */
  readonly claim: Claim | null;
}

/** What a game-day exercises, and what it breaks: "toxiproxy feed". */
export interface Claim {
  readonly component: string;
  readonly targets: readonly string[];
}

/** Disposing gives it back. */
export async function holdLock(folder: string, claim: Claim | null = null): Promise<AsyncDisposable> {
  const path = join(folder, NAME);
  const holder: Holder = { pid: process.pid, started: await startOf(process.pid), claim };
  await writeFile(`${path}.new`, JSON.stringify(holder));
  await rename(`${path}.new`, path);
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** Does the process that conducts (or conducted) the game-day in this folder still live? */
export async function isConducted(folder: string): Promise<boolean> {
  return (await livingHolder(folder)) !== null;
}

/** The game-days in `parent` whose conductors live, oldest first. */
export async function readConductors(
  parent: string,
): Promise<readonly { readonly gameday: string; readonly pid: number; readonly claim: Claim | null }[]> {
  if (!existsSync(parent)) return [];
  const folders = (await readdir(parent, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const found = await Promise.all(
    folders.map(async ({ name }) => ({ gameday: name, holder: await livingHolder(join(parent, name)) })),
  );
  return found
    .flatMap(({ gameday, holder }) => (holder === null ? [] : [{ gameday, pid: holder.pid, claim: holder.claim }]))
    .toSorted((a, b) => (a.gameday < b.gameday ? -1 : 1));
}

async function livingHolder(folder: string): Promise<Holder | null> {
  const holder = await readHolder(join(folder, NAME));
  if (holder === null || !isAlive(holder.pid)) return null;
  const started = await startOf(holder.pid);
  return holder.started === null || started === null || holder.started === started ? holder : null;
}

async function readHolder(path: string): Promise<Holder | null> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It lives and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The 22nd field of /proc/PID/stat. A zombie has ended, whatever its entry says. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? null);
  } catch {
    return null;
  }
}
