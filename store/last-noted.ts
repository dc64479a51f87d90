/**
 * Which result was stored last, noted in a small file beside the ledger. What a killed process leaves is in the file and its
 * `-wal` together; without the `-wal` the file is whole in itself, only shorter, and nothing in it says so. This does.
 *
 * It is written once a transaction is on the disk, and not flushed: it never says more than was stored. After a kill it says
 * all of it, after a power cut it may say less.
 */
import { closeSync, openSync, readFileSync, realpathSync, writeSync } from 'node:fs';

export interface Noted {
  /** Of the ledger. */
  readonly identity: string;
  /** Number of the last result, the head of the chain after it, and when it was stored (wall-clock ms; 0: nobody knows). */
  readonly seq: number;
  readonly head: string;
  readonly recordedMs: number;
}

/** Results that had been stored, and are not in the file. */
export interface Gone {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** When the last of them was stored, wall-clock ms; 0: nobody knows. */
  readonly recordedMs: number;
  readonly head: string;
}

/** Always as long, so that nothing of an earlier note is left behind a shorter one. */
const LINE = 192;

export class LastNoted {
  readonly #path: string;
  /** Null: not tried yet. False: it cannot be opened, and nothing is noted. */
  #file: number | false | null = null;

  constructor(ledger: string) {
    this.#path = ledger;
  }

  /** Never in the way of a result: what cannot be noted is not. */
  note({ identity, seq, head, recordedMs }: Noted): void {
    this.#file ??= opened(notePath(this.#path));
    if (this.#file === false) return;
    const line = `${JSON.stringify({ identity, seq, head, recordedMs }).padEnd(LINE - 1)}\n`;
    try {
      // Twice: whoever reads it while it is written sees that it is not done.
      writeSync(this.#file, line + line, 0);
    } catch {
      // A full disk says so by the ledger itself.
    }
  }

  close(): void {
    if (typeof this.#file === 'number') closeSync(this.#file);
    this.#file = false;
  }
}

/** Null: nothing is noted, or nothing that can be believed. */
export function lastNoted(ledger: string): Noted | null {
  try {
    const text = readFileSync(notePath(ledger), 'utf8');
    if (text.length !== 2 * LINE || text.slice(0, LINE) !== text.slice(LINE)) return null;
    const value: unknown = JSON.parse(text.slice(0, LINE));
    return isNoted(value) ? value : null;
  } catch {
    return null;
  }
}

/** @param noted as it was before `lastSeq` was looked up: while others write it says less, never more */
export function goneSince(noted: Noted | null, identity: string, lastSeq: number): Gone | null {
  if (noted === null || noted.identity !== identity || noted.seq <= lastSeq) return null;
  return { firstSeq: lastSeq + 1, lastSeq: noted.seq, recordedMs: noted.recordedMs, head: noted.head };
}

export function goneText({ firstSeq, lastSeq, recordedMs }: Omit<Gone, 'head'>): string {
  const which = firstSeq === lastSeq ? `result ${lastSeq}` : `results ${firstSeq} to ${lastSeq}`;
  const when = recordedMs > 0 ? `, stored until ${new Date(recordedMs).toISOString()},` : '';
  return `${which}${when} ${firstSeq === lastSeq ? 'is' : 'are'} gone with a -wal that was removed, or this is an older or a recovered copy`;
}

/** By its real name, as everything that belongs to a ledger. */
function notePath(ledger: string): string {
  return `${realpathSync(ledger)}-last`;
}

function opened(path: string): number | false {
  for (const flags of ['r+', 'wx+']) {
    try {
      return openSync(path, flags, 0o644);
    } catch {
      // Not there yet; or this user may not.
    }
  }
  return false;
}

function isNoted(value: unknown): value is Noted {
  if (typeof value !== 'object' || value === null) return false;
  const { identity, seq, head, recordedMs }: Partial<Record<keyof Noted, unknown>> = value;
  return (
    typeof identity === 'string' &&
    identity !== '' &&
    typeof head === 'string' &&
    Number.isSafeInteger(seq) &&
    Number.isSafeInteger(recordedMs)
  );
}
