/** Programs at a pseudo-terminal of their own, by `script` of util-linux. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './servers.ts';

export interface Typed {
  readonly output: () => string;
  /** Process id of what runs at the terminal. */
  readonly pid: () => Promise<number>;
  readonly type: (text: string) => void;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** Runs this runtime at a pseudo-terminal of its own; its output holds all that the terminal was sent. */
export function atTerminal(
  folder: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { columns, rows } = { columns: 80, rows: 24 },
): Typed {
  const pidFile = join(folder, 'pid');
  const command = `stty rows ${rows} cols ${columns}; echo $$ > ${pidFile}; exec ${[process.execPath, ...words].map((word) => `'${word}'`).join(' ')}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      TERM: 'xterm-256color',
      SHELL: '/bin/sh',
      USER: 'ana',
      TMPDIR: folder,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return {
    output: () => output,
    pid: () => eventually(() => Number(readFileSync(pidFile, 'utf8')) || undefined, 'it runs'),
    type: (text) => child.stdin.write(text),
    ended: new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, output }));
    }),
  };
}
