/** Who conducts a game-day: a file beside its journal. A process id alone may belong to somebody else by now. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';

const NAME = 'conductor.lock';

interface Holder {
  readonly pid: number;
  /** In ticks since boot, as /proc says; null where there is no /proc. */
  readonly started: string | null;
}

/** Disposing gives it back. */
export async function holdLock(folder: string): Promise<AsyncDisposable> {
  const path = join(folder, NAME);
  const holder: Holder = { pid: process.pid, started: await startOf(process.pid) };
  await writeFile(`${path}.new`, JSON.stringify(holder));
  await rename(`${path}.new`, path);
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** Does the process that conducts (or conducted) the game-day in this folder still live? */
export async function isConducted(folder: string): Promise<boolean> {
  const holder = await readHolder(join(folder, NAME));
  if (holder === null || !isAlive(holder.pid)) return false;
  const started = await startOf(holder.pid);
  return holder.started === null || started === null || holder.started === started;
}

async function readHolder(path: string): Promise<Holder | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number') return null;
    return { pid: value.pid, started: 'started' in value && typeof value.started === 'string' ? value.started : null };
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
