/** A real InfluxDB 1.x of the test's own: own configuration, own folder, free loopback ports. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, findProgram, freePort } from './servers.ts';

export interface Influxd extends AsyncDisposable {
  readonly url: string;
  readonly database: string;
  /** Ends the server; its data stays. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again on the same port and the same data. */
  start(): Promise<void>;
  /** The rows of one InfluxQL statement, each as an object. */
  query(influxql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

interface Answer {
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly {
      readonly columns: readonly string[];
      readonly values: readonly (readonly unknown[])[];
      readonly tags?: Readonly<Record<string, string>>;
    }[];
  }[];
}

export async function startInfluxd(database = 'pulsedrill'): Promise<Influxd> {
  const program = findProgram('influxd');
  if (program === null) throw new Error('influxd is not on the PATH');
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-influxd-'));
  const [http, rpc] = [await freePort(), await freePort()];
  const config = join(folder, 'influxdb.conf');
  writeFileSync(config, configuration(folder, http, rpc));
  const url = `http://127.0.0.1:${http}`;
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    const started = spawn(program ?? '', ['-config', config], { stdio: 'ignore' });
    child = started;
    await eventually(
      async () =>
        (await fetch(`${url}/ping`, { signal: AbortSignal.timeout(1_000) })).status === 204 ? true : undefined,
      'influxd answers a ping',
    );
    await query(`CREATE DATABASE "${database}"`);
  }

  async function stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    await ended;
  }

  async function query(influxql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const response = await fetch(`${url}/query?db=${database}&epoch=ns`, {
      method: 'POST',
      body: new URLSearchParams({ q: influxql }),
    });
    const text = await response.text();
    // Nanoseconds do not fit a double: whole numbers that long are read as text.
    const answer: Answer = JSON.parse(text.replaceAll(/([[,:])(-?\d{16,})(?=[\],}])/g, '$1"$2"'));
    const [result] = answer.results ?? [];
    if (!response.ok || result?.error !== undefined) throw new Error(`${influxql}: ${response.status} ${text}`);
    return (result?.series ?? []).flatMap(({ columns, values, tags }) =>
      values.map((cells) => ({ ...tags, ...Object.fromEntries(columns.map((name, index) => [name, cells[index]])) })),
    );
  }

  try {
    await start();
  } catch (error) {
    await stop('SIGKILL');
    throw error;
  }
  return {
    url,
    database,
    start,
    stop,
    query,
    async [Symbol.asyncDispose]() {
      await stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, http: number, rpc: number): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = "${join(folder, 'meta')}"
[data]
  dir = "${join(folder, 'data')}"
  wal-dir = "${join(folder, 'wal')}"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${http}"
  log-enabled = false
[logging]
  level = "error"
`;
}
