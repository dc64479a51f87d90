/** Debian's prometheus-alertmanager, our own copy on free loopback ports. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, findProgram, freePort } from './servers.ts';

export const ALERTMANAGER = 'prometheus-alertmanager';

export interface Alertmanager extends AsyncDisposable {
  readonly url: string;
  /** JSON of `path`, below `/api/v2`. */
  get(path: string): Promise<unknown>;
}

export async function startAlertmanager(): Promise<Alertmanager> {
  const folder = mkdtempSync(join(tmpdir(), 'alertmanager-'));
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(file, 'route: { receiver: nobody, group_wait: 0s }\nreceivers: [{ name: nobody }]\n');
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    findProgram(ALERTMANAGER) ?? ALERTMANAGER,
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  const url = `http://${address}`;
  const get = async (path: string): Promise<unknown> => (await fetch(`${url}/api/v2${path}`)).json();
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(folder, { recursive: true });
  };
  try {
    await eventually(
      async () => ((await fetch(`${url}/-/ready`)).ok ? true : undefined),
      'Alertmanager is ready',
      30_000,
    );
  } catch (error) {
    await end();
    throw error;
  }
  return { url, get, [Symbol.asyncDispose]: end };
}
