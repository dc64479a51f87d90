/** Where long output goes, as fast as it is taken: standard output, or a file that appears whole or not at all. */
import { open, rename, rm } from 'node:fs/promises';

/** As much text is handed on at a time. */
const CHUNK_CHARACTERS = 65_536;

export interface Passed {
  readonly lines: number;
  /** The reader went away before the end, as `head` does. */
  readonly isCut: boolean;
}

/** @param write resolves when the text was taken, with false when nobody takes any more */
export async function passOn(
  lines: AsyncIterable<string>,
  write: (text: string) => Promise<boolean>,
  signal: AbortSignal,
): Promise<Passed> {
  let waiting = '';
  let count = 0;
  for await (const line of lines) {
    signal.throwIfAborted();
    waiting += line;
    count += 1;
    if (waiting.length < CHUNK_CHARACTERS) continue;
    if (!(await write(waiting))) return { lines: count, isCut: true };
    waiting = '';
  }
  const isCut = waiting !== '' && !(await write(waiting));
  return { lines: count, isCut };
}

/** What stood there is replaced in one step, once everything is on the disk. @returns how many lines */
export async function passIntoFile(lines: AsyncIterable<string>, path: string, signal: AbortSignal): Promise<number> {
  const draft = `${path}.${process.pid}.part`;
  try {
    let count = 0;
    {
      await using file = await open(draft, 'wx', 0o600);
      const passed = await passOn(lines, (text) => file.write(text).then(() => true), signal);
      await file.sync();
      count = passed.lines;
    }
    await rename(draft, path);
    return count;
  } catch (error) {
    // A draft that cannot be removed must not hide what went wrong before.
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}
