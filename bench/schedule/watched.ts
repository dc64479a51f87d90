/** A process that is let go on for a while, asked what memory it needed at most, and ended in order. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

export interface Watched {
  readonly stdout: string;
  /** Largest resident memory before it was asked to end, MB (10⁶ bytes). Linux only. */
  readonly peakMB: number;
}

/** @param args of Node. @throws Error when it ends by itself, or not with 0 */
export async function watch(args: readonly string[], ms: number, signal: AbortSignal): Promise<Watched> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    await Promise.race([delay(ms, undefined, { signal }), exited]);
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended early: ${(await said)[1]}`);
    const peakMB = peakOf(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
    child.kill('SIGTERM');
    await exited;
    const [stdout, stderr] = await said;
    if (child.exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${child.exitCode}: ${stderr}`);
    return { stdout, peakMB };
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await exited;
    }
  }
}

/** From the text of `/proc/<pid>/status` (proc_pid_status(5)), which counts in KiB. */
function peakOf(status: string): number {
  const kiB = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
  if (!Number.isInteger(kiB)) throw new TypeError(`not the text of /proc/<pid>/status: ${status.slice(0, 80)}`);
  return (kiB * 1024) / 1e6;
}
