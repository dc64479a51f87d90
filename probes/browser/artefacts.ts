/** The folder of a probe's pictures and traces: named by run, the newest kept. */
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../folder.ts';

export interface Shelf {
  /** Makes a file by `write`, under another name until it is whole, and lets the oldest go. */
  put(runId: string, ending: '.png' | '.trace.zip', write: (path: string) => Promise<void>): Promise<void>;
}

export interface Limits {
  readonly keep: number;
  readonly maxBytes: number;
}

/** `page/ltx8c2k0/ab12cd1` → `page.ltx8c2k0.ab12cd1` */
export function fileName(runId: string): string {
  return runId.replaceAll(/[^\w-]+/g, '.');
}

const OURS = /\.(?:png|trace\.zip)$/;

export function openShelf(folder: string, limits: Limits): Shelf {
  return {
    async put(runId, ending, write) {
      makeFolder(folder, 0o700);
      const path = join(folder, `${fileName(runId)}${ending}`);
      const unfinished = `${path}.part`;
      try {
        await write(unfinished);
        await rename(unfinished, path);
      } finally {
        await rm(unfinished, { force: true });
      }
      await prune(folder, limits);
    },
  };
}

async function prune(folder: string, { keep, maxBytes }: Limits): Promise<void> {
  const names = (await readdir(folder)).filter((name) => OURS.test(name));
  const files = await Promise.all(
    names.map(async (name) => {
      const { mtimeMs, size } = await stat(join(folder, name));
      return { name, mtimeMs, size };
    }),
  );
  let bytes = 0;
  for (const [index, file] of files.toSorted((a, b) => b.mtimeMs - a.mtimeMs || (a.name < b.name ? 1 : -1)).entries()) {
    bytes += file.size;
    if (index >= keep || bytes > maxBytes) await rm(join(folder, file.name), { force: true });
  }
}
