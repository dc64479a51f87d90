import type { Clock } from '../probes/probe.ts';

import type { Terminal } from './live/canvas.ts';

/** What a command may touch of the outside; tests hand in their own. */
export interface Io {
  /** Standard output: the answer, nothing else. */
  readonly print: (text: string) => void;
  /** Standard output for what is long: resolves when the text was taken, with false when nobody reads any more. */
  readonly write: (text: string) => Promise<boolean>;
  /** Standard error: progress, logs, complaints. */
  readonly complain: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** Standard output is a terminal: live tables, colours. */
  readonly isTerminal: boolean;
  readonly columns: number;
  /** What is typed at a terminal, line by line, until the signal aborts; absent where standard input is none. */
  readonly lines?: (signal: AbortSignal) => AsyncIterable<string>;
  /** The terminal to draw pictures on; absent where standard output is none. Null: it knows no escape sequences. */
  readonly terminal?: () => Terminal | null;
  /** Aborts at SIGINT or SIGTERM; the reason is the signal's name. */
  readonly stop: AbortSignal;
  /** Told of a configuration how it masks its secrets: no error is said but through it, whoever's words it holds. */
  readonly keepSecret?: (redact: (text: string) => string) => void;
  /** What time it is: whatever a command judges, it judges at this moment. */
  readonly clock: Clock;
}

/** The exit codes of the command line, a contract (docs/cli.md). */
export const EXIT = {
  ok: 0,
  /** What was asked does not hold. */
  failed: 1,
  usage: 2,
  /** The prober itself failed. */
  prober: 3,
  /** Refused by a safety rule; nothing was injected. */
  refused: 4,
  /** A fault could not be undone. */
  notUndone: 5,
  interrupted: 130,
  /** Ended by SIGTERM before it was done; a command that serves until then ends with `ok`. */
  terminated: 143,
} as const;

/** An error that is told to the user as it stands, without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
