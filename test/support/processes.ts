/** Processes to be frozen and killed: nobody's children but the first process's, as a service is. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isAlive, readProcess } from '../../scenarios/injectors/processes.ts';
import { shellWords } from '../../scenarios/injectors/program.ts';

const SLEEPER = 'setInterval(() => undefined, 1000)';

/** A command line that no other process has. */
export function sleeper(mark: string): readonly string[] {
  return [process.execPath, '-e', SLEEPER, mark];
}

/** Started in a session of its own by a shell that ends at once. @returns its process id */
export function startOrphan(argv: readonly string[], user: string | null = null): number {
  const as = user === null ? '' : `setpriv --reuid=${user} --clear-groups `;
  const script = `${as}setsid ${shellWords(argv)} >/dev/null 2>&1 & echo $!`;
  const pid = Number(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }));
  // For a moment it is still the shell's child, with the shell's command line.
  for (let tries = 0; tries < 1000 && commandOf(pid)[0] !== argv[0]; tries += 1) execFileSync('/bin/sleep', ['0.005']);
  return pid;
}

function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

export function isRunning(pid: number): boolean {
  const found = readProcess(pid);
  return found !== null && isAlive(found);
}

export function stateOf(pid: number): string | null {
  return readProcess(pid)?.state ?? null;
}

/** Every living process whose command line holds the mark. */
export function marked(mark: string): readonly number[] {
  const out = execFileSync('/bin/sh', ['-c', 'ps -eo pid=,stat=,args= -ww'], { encoding: 'utf8' });
  return out
    .split('\n')
    .filter((line) => line.includes(mark) && !/^\s*\d+\s+Z/.test(line))
    .map((line) => Number(/^\s*(\d+)/.exec(line)?.[1]));
}

export function endMarked(mark: string): void {
  for (const pid of marked(mark)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
