/** The journal of a game-day on disk. Its words are in scenarios/journal.ts. */
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Fault } from '../../scenarios/fault.ts';
import type { Target, Undo } from '../../scenarios/injector.ts';
import type { JournalBody, JournalEntry } from '../../scenarios/journal.ts';

export interface Journal extends AsyncDisposable {
  /** Durable when it resolves; entries keep the order of the calls. Rejects when the disk does not take it. */
  append(body: JournalBody): Promise<JournalEntry>;
}

export interface JournalOptions {
  readonly path: string;
  readonly gameday: string;
  readonly wallMs: () => number;
  /** Monotonic ms since the start of the game-day. */
  readonly sinceStartMs: () => number;
  readonly onEntry?: ((entry: JournalEntry) => void) | undefined;
}

/** Opens the journal to append to it, also one that another process began. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { path, gameday, onEntry } = options;
  const file = await open(path, 'a+');
  try {
    const text = await file.readFile('utf8');
    await syncFolder(dirname(path));
    let seq = parse(text).entries.reduce((highest, entry) => Math.max(highest, entry.seq), 0);
    // A line that a kill tore off must not swallow ours.
    let isTorn = text !== '' && !text.endsWith('\n');
    let last: Promise<unknown> = Promise.resolve();

    const write = async (entry: JournalEntry): Promise<JournalEntry> => {
      const line = `${isTorn ? '\n' : ''}${JSON.stringify(entry)}\n`;
      isTorn = true;
      await file.appendFile(line);
      isTorn = false;
      await file.datasync();
      onEntry?.(entry);
      return entry;
    };
    return {
      append(body) {
        seq += 1;
        const entry = {
          ...body,
          seq,
          gameday,
          atMs: Math.round(options.wallMs()),
          sinceStartMs: options.sinceStartMs(),
        };
        const written = last.then(() => write(entry));
        last = written.catch(() => undefined);
        return written;
      },
      async [Symbol.asyncDispose]() {
        await last;
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A file whose name is not durable is as good as lost. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** For `check`: nothing is kept, but whoever watches hears of it. */
export function transientJournal(options: Omit<JournalOptions, 'path'>): Journal {
  let seq = 0;
  return {
    append(body) {
      seq += 1;
      const { gameday, wallMs, sinceStartMs } = options;
      const entry = { ...body, seq, gameday, atMs: Math.round(wallMs()), sinceStartMs: sinceStartMs() };
      options.onEntry?.(entry);
      return Promise.resolve(entry);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

export interface ReadJournal {
  readonly entries: readonly JournalEntry[];
  /** Lines that could not be read: what a kill in the middle of a write leaves. Their numbers, from 1. */
  readonly tornLines: readonly number[];
}

export async function readJournal(path: string): Promise<ReadJournal> {
  return parse(await readFile(path, 'utf8'));
}

function parse(text: string): ReadJournal {
  const entries: JournalEntry[] = [];
  const tornLines: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const entry = parseLine(line);
    if (entry === null) tornLines.push(index + 1);
    else entries.push(entry);
  }
  return { entries, tornLines };
}

function parseLine(line: string): JournalEntry | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : null;
  } catch {
    return null;
  }
}

/** Only our own processes write journals, whole lines or torn ones: the frame tells the two apart. */
function isEntry(value: unknown): value is JournalEntry {
  if (typeof value !== 'object' || value === null) return false;
  return 'type' in value && typeof value.type === 'string' && 'seq' in value && typeof value.seq === 'number';
}

/** A fault that may still be there. */
export interface Outstanding {
  readonly fault: string;
  readonly target: Target;
  readonly what: Fault;
  readonly undo: Undo;
}

/**
 * Faults whose undo was written down and of which nobody has read back that they are gone, in the order of undoing: the
 * last one first. A fault that was prepared and never applied is among them; undoing it is harmless.
 */
export function outstandingFaults(entries: readonly JournalEntry[]): readonly Outstanding[] {
  const left = new Map<string, Outstanding>();
  for (const entry of entries) {
    if (entry.type === 'undo-prepared') {
      const { fault, target, what, undo } = entry;
      left.set(fault, { fault, target, what, undo });
    } else if (entry.type === 'lifted' && entry.verified) {
      left.delete(entry.fault);
    }
  }
  return [...left.values()].toReversed();
}

export function isFinished(entries: readonly JournalEntry[]): boolean {
  return entries.some((entry) => entry.type === 'finished');
}
