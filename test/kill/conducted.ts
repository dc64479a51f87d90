/** Conductors in processes of their own, to be killed, stopped and woken up; and what is found after them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../runner/clock.ts';
import { makeGamedayFolder } from '../../runner/gameday/gameday-id.ts';
import { injectorsByKind } from '../../runner/gameday/injectors.ts';
import { isFinished, readJournal } from '../../runner/gameday/journal.ts';
import { recover, type Recovery } from '../../runner/gameday/recover.ts';
import { injectorSchema } from '../../scenarios/injectors/specs.ts';
import { eventually } from '../support/servers.ts';
import { stepsOf, type Charge, type Ground } from './ground.ts';

/** The promise is five seconds; a machine with one core and many tests is given as much again. */
export const IN_TIME_MS = 10_000;

export interface Conducted extends AsyncDisposable {
  readonly conductor: ChildProcess;
  readonly journalPath: string;
  readonly lines: readonly string[];
  readonly guardian: () => Promise<number>;
  readonly recover: () => Promise<Recovery>;
  readonly isClosed: () => Promise<true | undefined>;
}

export interface ConductedOptions {
  /** How long each fault is there; default 150ms. */
  readonly hold?: string;
  readonly leaseMs?: number;
  readonly steps?: readonly object[];
}

/** In the names of game-days: the marks of two rounds must differ. */
let count = 0;

/** Disposing of it ends everything, and undoes what is left. */
export async function startConductor(ground: Ground, options: ConductedOptions = {}): Promise<Conducted> {
  const { hold = '150ms', leaseMs = 3000, steps = stepsOf(ground, hold) } = options;
  const folder = await mkdtemp(join(tmpdir(), 'pulsedrill-kill-'));
  const { gamedayId, journalPath } = await makeGamedayFolder(
    folder,
    `kill-${process.pid}-${(count += 1)}`,
    1_795_000_000_000,
  );
  const charge: Charge = {
    gamedayId,
    journalPath,
    leaseMs,
    injectors: [ground.injector],
    steps: [...steps],
  };
  const file = join(folder, 'charge.json');
  await writeFile(file, JSON.stringify(charge));
  const conductor = spawn(process.execPath, [join(import.meta.dirname, 'conductor-child.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: conductor.stdout }).on('line', (line) => void lines.push(line));
  const guardianPid = () => {
    const line = lines.find((each) => each.startsWith('guardian '));
    return line === undefined ? undefined : Number(line.slice(9));
  };
  const recoverHere = () => {
    const injectors = injectorsByKind([injectorSchema.parse(ground.injector)]);
    return recover({ folder, injectorFor: (kind) => injectors.get(kind) ?? null, clock: systemClock });
  };
  return {
    conductor,
    journalPath,
    lines,
    guardian: () => eventually(guardianPid, 'the guardian has started'),
    recover: recoverHere,
    isClosed: async () => (isFinished((await readJournal(journalPath)).entries) ? true : undefined),
    async [Symbol.asyncDispose]() {
      await kill(conductor);
      const pid = guardianPid();
      if (pid !== undefined) end(pid);
      await recoverHere().catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function kill(conductor: ChildProcess): Promise<void> {
  if (conductor.exitCode !== null || conductor.signalCode !== null) return;
  const gone = once(conductor, 'exit');
  conductor.kill('SIGKILL');
  await gone;
}

export function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
