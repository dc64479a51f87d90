/** Undoes what dead runs left: for `gameday recover`, and before a run starts. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../probes/probe.ts';
import type { Injector } from '../../scenarios/injector.ts';
import { isFinished, openJournal, outstandingFaults, readJournal } from './journal.ts';
import { liftOutstanding } from './lift-outstanding.ts';
import { isConducted } from './lock.ts';

export interface RecoverOptions {
  /** Where the game-days' folders are. */
  readonly folder: string;
  readonly injectorFor: (kind: string) => Injector | null;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

export interface Recovered {
  readonly gameday: string;
  readonly fault: string;
  readonly injector: string;
  readonly target: string;
}

export interface Remaining extends Recovered {
  readonly why: string;
  /** The command that undoes it by hand. */
  readonly byHand: string;
}

export interface Recovery {
  readonly recovered: readonly Recovered[];
  readonly remaining: readonly Remaining[];
  /** Game-days that are being conducted at this moment; nothing of theirs was touched. */
  readonly running: readonly string[];
}

export const JOURNAL_NAME = 'journal.ndjson';

/** Doing it twice, or while a guardian does it, is harmless. */
export async function recover(options: RecoverOptions): Promise<Recovery> {
  const recovered: Recovered[] = [];
  const remaining: Remaining[] = [];
  const running: string[] = [];
  for (const gameday of await gamedaysIn(options.folder)) {
    if (await isConducted(join(options.folder, gameday))) {
      running.push(gameday);
      continue;
    }
    const found = await recoverOne(gameday, options);
    recovered.push(...found.recovered);
    remaining.push(...found.remaining);
  }
  return { recovered, remaining, running };
}

async function recoverOne(gameday: string, options: RecoverOptions): Promise<Omit<Recovery, 'running'>> {
  const { clock, injectorFor, signal = new AbortController().signal } = options;
  const path = join(options.folder, gameday, JOURNAL_NAME);
  const { entries } = await readJournal(path);
  if (outstandingFaults(entries).length === 0 && isFinished(entries)) return { recovered: [], remaining: [] };
  const last = entries.at(-1);
  await using journal = await openJournal({
    path,
    gameday,
    wallMs: () => clock.wallMs(),
    // Another process, perhaps another boot: only the wall clock spans the gap, and it may not lead backwards.
    sinceStartMs: () => (last === undefined ? 0 : last.sinceStartMs + Math.max(0, clock.wallMs() - last.atMs)),
  });
  const common = { path, journal, by: 'recover', injectorFor, clock, signal, secondLookMs: 0, closes: true } as const;
  const { lifted, remaining } = await liftOutstanding({ ...common, tries: 3 });
  const name = (fault: (typeof lifted)[number]): Recovered => ({
    gameday,
    fault: fault.fault,
    injector: fault.target.injector,
    target: fault.target.name,
  });
  return {
    recovered: lifted.map(name),
    remaining: remaining.map((fault) => ({ ...name(fault), why: fault.why, byHand: fault.undo.byHand })),
  };
}

/** Oldest first: their names begin with the date. */
async function gamedaysIn(folder: string): Promise<readonly string[]> {
  if (!existsSync(folder)) return [];
  const found = await readdir(folder, { withFileTypes: true });
  return found
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, JOURNAL_NAME)))
    .map((entry) => entry.name)
    .toSorted();
}
