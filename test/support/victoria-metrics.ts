/** A real VictoriaMetrics of the test's own: own folder, a free loopback port. It keeps numbers, and takes everything. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, findProgram, freePort } from './servers.ts';

export interface VictoriaMetrics extends AsyncDisposable {
  readonly url: string;
  /** Everything of a metric, as its export has it. */
  exported(match: string): Promise<readonly Exported[]>;
}

export interface Exported {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  /** Milliseconds. */
  readonly timestamps: readonly number[];
}

export async function startVictoriaMetrics(): Promise<VictoriaMetrics> {
  const program = findProgram('victoria-metrics');
  if (program === null) throw new Error('victoria-metrics is not on the PATH');
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-victoria-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [`-storageDataPath=${folder}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=20y'];
  const child = spawn(program, [...args, '-loggerLevel=ERROR', '-search.latencyOffset=0s'], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await eventually(async () => ((await fetch(`${url}/health`)).ok ? true : undefined), 'VictoriaMetrics answers');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    async exported(match) {
      await fetch(`${url}/internal/force_flush`);
      const response = await fetch(`${url}/api/v1/export?match[]=${encodeURIComponent(match)}`);
      const lines = (await response.text()).split('\n').filter((line) => line !== '');
      return lines.map((line): Exported => JSON.parse(line));
    },
    [Symbol.asyncDispose]: stop,
  };
}
