/** Processes as /proc tells them. Read synchronously: between a look and a signal, a process id must not change hands. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  readonly ppid: number;
  /** "R", "S", "T" (stopped), "Z" (ended, not yet buried), … */
  readonly state: string;
  /** Ticks since boot: with the pid, and the boot, the identity of a process. */
  readonly started: string;
  /** Whose rights it has. */
  readonly uid: number;
  readonly argv: readonly string[];
}

/** Null: no such process. */
export function readProcess(pid: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const uids = /^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    const [state = '', ppid = ''] = fields;
    return { pid, ppid: Number(ppid), state, started: fields[19] ?? '', uid: Number(uids?.[1]), argv };
  } catch {
    return null;
  }
}

/** Those that have not ended. */
export function listProcesses(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? [])
    .filter(isAlive);
}

/** "Z" and "X" have ended, whatever their entry says. */
export function isAlive({ state }: Process): boolean {
  return state !== 'Z' && state !== 'X';
}

/** Ours, our parent's, its parent's, … up to the first process. */
export function lineage(): readonly number[] {
  const found: number[] = [];
  for (let pid = process.pid; pid > 0; pid = readProcess(pid)?.ppid ?? 0) found.push(pid);
  return found;
}

/** Different after each start of the machine; "" where nobody tells. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
