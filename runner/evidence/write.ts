/** A bundle on the disk: one folder and one file beside it, each whole or not at all. */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../../probes/folder.ts';
import type { Files } from '../../reports/evidence/files.ts';
import { writeProblem } from '../../reports/write.ts';

export type WrittenBundle =
  | { readonly ok: true; readonly folder: string; readonly file: string }
  | { readonly ok: false; readonly message: string };

/** @param folder where it goes; what stood there is replaced. The file has the same name and ends in .zip */
export async function writeBundle(folder: string, files: Files, zip: Uint8Array): Promise<WrittenBundle> {
  const above = dirname(folder);
  const file = `${folder}.zip`;
  let draft: string | null = null;
  try {
    makeFolder(above);
    draft = mkdtempSync(join(above, '.evidence-'));
    const inside = join(draft, basename(folder));
    for (const [name, content] of files) {
      mkdirSync(dirname(join(inside, name)), { recursive: true });
      await writeDurably(join(inside, name), content);
    }
    await writeDurably(join(draft, 'zip'), zip);
    rmSync(folder, { recursive: true, force: true });
    renameSync(inside, folder);
    renameSync(join(draft, 'zip'), file);
    return { ok: true, folder, file };
  } catch (error) {
    return { ok: false, message: writeProblem(error, above).message };
  } finally {
    if (draft !== null) rmSync(draft, { recursive: true, force: true });
  }
}

async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx');
  await file.writeFile(content);
  await file.sync();
}
