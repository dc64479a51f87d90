/** What the bench starts as the command: built, as who installed it has it, or for a quick look from its sources. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
export const SOURCE = join(ROOT, 'runner/main.ts');
const BUILT = join(ROOT, 'dist/runner/main.js');

/** As `npm run build` does it. @returns the command's own file */
export async function built(signal: AbortSignal): Promise<string> {
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: ROOT, signal });
  return BUILT;
}

/** The options of Node that its first line says. */
export function startOptions(main: string): readonly string[] {
  const [first = ''] = readFileSync(main, 'utf8').split('\n', 1);
  return first.split(' ').filter((word) => word.startsWith('--'));
}

export function startedText(main: string): string {
  return main === BUILT ? 'as it is installed' : 'from its sources';
}
