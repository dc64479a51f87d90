/** A real InfluxDB 1.x of the test's own: own configuration, own folder, free loopback ports. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authorizationOf } from '../../store/influx/connection.ts';
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

/** @param admin whoever asks has to say who it is; this one may do all, and is who `query` asks as. Null: anybody may */
export async function startInfluxd(
  database = 'pulsedrill',
  admin: { readonly username: string; readonly password: string } | null = null,
): Promise<Influxd> {
  const program = findProgram('influxd');
  if (program === null) throw new Error('influxd is not on the PATH');
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-influxd-'));
  const [http, rpc] = [await freePort(), await freePort()];
  const config = join(folder, 'influxdb.conf');
  writeFileSync(config, configuration(folder, http, rpc, admin !== null));
  const headers = admin === null ? {} : authorizationOf({ url: '', database, ...admin });
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
    // Without an administrator, one may be made by anybody.
    if (admin !== null)
      await query(`CREATE USER "${admin.username}" WITH PASSWORD '${admin.password}' WITH ALL PRIVILEGES`);
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
      headers,
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

function configuration(folder: string, http: number, rpc: number, isGuarded: boolean): string {
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
  auth-enabled = ${isGuarded}
[logging]
  level = "error"
`;
}
