/** Puts a rendered report into a folder: charts first, the document last, each whole or not at all. */
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder } from '../probes/folder.ts';
import type { RenderedReport } from './rendered.ts';

export type WriteProblem = {
  readonly code: 'disk-full' | 'unwritable';
  /** What is wrong, where, and how to mend it. */
  readonly message: string;
};

export type Written =
  /** Paths, the document first. */
  | { readonly ok: true; readonly document: string; readonly files: readonly string[] }
  | { readonly ok: false; readonly problem: WriteProblem };

/** Makes the folder if need be. What stood there under the same names is replaced, each file in one step. */
export function writeReport(report: RenderedReport, folder: string): Promise<Written> {
  return writeFiles([...report.files, { name: report.name, content: report.markdown }], folder);
}

export interface Content {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** The same of any files; the last one is the document. */
export async function writeFiles(contents: readonly Content[], folder: string): Promise<Written> {
  let draft: string | null = null;
  try {
    makeFolder(folder);
    draft = await mkdtemp(join(folder, '.report-'));
    // All of it is on the disk before any of it appears: a full disk leaves the report that was there.
    for (const { name, content } of contents) await writeDurably(join(draft, basename(name)), content);
    for (const { name } of contents) await rename(join(draft, basename(name)), join(folder, basename(name)));
    const paths = contents.map(({ name }) => join(folder, basename(name)));
    return { ok: true, document: paths.at(-1) ?? folder, files: paths };
  } catch (error) {
    return { ok: false, problem: writeProblem(error, folder) };
  } finally {
    // A draft that cannot be removed does no harm, and must not hide what went wrong before.
    if (draft !== null) await rm(draft, { recursive: true, force: true }).catch(() => {});
  }
}

async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await using file = await open(path, 'wx');
  await file.writeFile(content);
  await file.sync();
}

/** @throws what is not a failure of the file system: that is a bug, not a problem of the disk. */
export function writeProblem(error: unknown, folder: string): WriteProblem {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return {
      code: 'disk-full',
      message: `${folder}: no space left for the report (${error.code}); free some, or write to another folder`,
    };
  }
  return {
    code: 'unwritable',
    message: `${folder}: cannot write the report here (${error.code}); choose a folder that this user may write to`,
  };
}
