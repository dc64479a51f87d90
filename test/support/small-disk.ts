/** A file system of its own that can be filled to the brim, for what only a really full disk shows. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk extends Disposable {
  readonly folder: string;
  /** Until not one byte more can be written. */
  readonly fill: () => void;
  readonly free: () => void;
}

/** For `it.skipIf`. A right of the user's, which cannot be installed: where it is missing, under CI as well, a line says so. */
export function mayNotMount(): boolean {
  try {
    using disk = smallDisk('64k');
    return disk.folder === '';
  } catch (error) {
    console.warn(`skipped: no small disk can be mounted here, only root may: ${String(error)}`);
    return true;
  }
}

/** @param size as mount takes it: `2m` @throws Error when this user may not mount */
export function smallDisk(size: string): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-disk-'));
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder], { encoding: 'utf8' });
  if (mount.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(mount.error?.message ?? mount.stderr.trim());
  }
  const filler = join(folder, 'filler', 'file');
  mkdirSync(join(folder, 'filler'));
  return {
    folder,
    fill() {
      for (let size = 65_536; size >= 1; size = size > 1 ? size / 16 : 0) {
        try {
          for (;;) appendFileSync(filler, Buffer.alloc(size));
        } catch {
          // Full, for pieces of this size.
        }
      }
    },
    free: () => rmSync(filler, { force: true }),
    [Symbol.dispose]() {
      spawnSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
