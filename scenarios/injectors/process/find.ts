/** Which process a target means at this moment, and whether it may be touched. */
import { readFile } from 'node:fs/promises';
import type { Answer, InjectorContext } from '../../injector.ts';
import { answer, failure } from '../answers.ts';
import { isAlive, lineage, listProcesses, readProcess, type Process } from '../processes.ts';
import { complaint, run, surroundings } from '../program.ts';

/** How to find it, as plain JSON: part of the configuration, and of each undo. */
export interface Whereabouts {
  readonly name: string;
  readonly pidFile?: string | undefined;
  readonly command?: string | undefined;
  readonly unit?: string | undefined;
}

export type Looking = Pick<InjectorContext, 'path' | 'home'>;

/** A manager that hangs must not hang us. */
const ASK_MS = 3_000;

/** Null: it does not run. */
export async function find(where: Whereabouts, context: Looking, signal: AbortSignal): Promise<Answer<Process | null>> {
  if (readProcess(process.pid) === null)
    return failure('unreachable', 'processes are found by /proc, and here is none');
  if (where.unit !== undefined) return findUnit(where.unit, context, signal);
  if (where.pidFile !== undefined) return findByFile(where.pidFile);
  return findByCommand(where.command ?? '');
}

function findByCommand(part: string): Answer<Process | null> {
  const own = new Set(lineage());
  const found = listProcesses().filter(({ pid, argv }) => !own.has(pid) && argv.join(' ').includes(part));
  if (found.length < 2) return answer(found[0] ?? null);
  const pids = found.map(({ pid }) => pid).join(', ');
  return failure(
    'conflict',
    `${JSON.stringify(part)} is part of ${found.length} command lines (processes ${pids}), not of one`,
  );
}

async function findByFile(path: string): Promise<Answer<Process | null>> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    if (!/^\d{1,9}$/.test(text)) return failure('failed', `${path} holds no process id`);
    return answer(alive(Number(text)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return answer(null);
    return failure('failed', `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function findUnit(unit: string, context: Looking, signal: AbortSignal): Promise<Answer<Process | null>> {
  const argv = ['systemctl', 'show', '--property=LoadState,MainPID', '--', unit];
  const ran = await run(argv, { env: surroundings(context), withinMs: ASK_MS, signal });
  if (ran.type === 'failed') return failure('unreachable', ran.why);
  if (ran.code !== 0) return failure('failed', `systemctl show ${unit}: ${complaint(ran)}`);
  const property = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(ran.stdout)?.[1] ?? '';
  if (property('LoadState') !== 'loaded') return failure('unknown-target', `systemd knows of no ${unit}`);
  return answer(alive(Number(property('MainPID'))));
}

function alive(pid: number): Process | null {
  const found = pid > 0 ? readProcess(pid) : null;
  return found !== null && isAlive(found) ? found : null;
}

/** Null: it may be touched. Never the first process, ourselves, those that brought us forth, or our guardian. */
export function objection({ pid, uid }: Process, otherUsers: boolean, spared: ReadonlySet<number>): string | null {
  if (pid === 1) return 'it is the first process, on which all others depend';
  if (pid === process.pid) return 'it is the conductor itself';
  if (spared.has(pid)) return 'it is the guardian of this game-day';
  if (lineage().includes(pid)) return 'the conductor runs below it';
  if (!otherUsers && uid !== process.geteuid?.())
    return `it belongs to another user (${uid}), and otherUsers is not set`;
  return null;
}
