/** Debian's prometheus, our own copy on a free loopback port, with a folder of its own. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, findProgram, freePort } from './servers.ts';

export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  /** Ends the server; its data stays. */
  stop(): Promise<void>;
  /** Starts it again on the same port and the same data. */
  start(): Promise<void>;
}

export interface PrometheusOptions {
  /** `host:port` of what is scraped, at `/metrics`. */
  readonly targets?: readonly string[];
  readonly scrapeMs?: number;
  /** OpenMetrics text with timestamps that is there from the start. */
  readonly history?: string;
}

export async function startPrometheus(options: PrometheusOptions = {}): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-prometheus-'));
  const data = join(folder, 'data');
  const file = join(folder, 'prometheus.yml');
  const { targets = [], scrapeMs = 1000 } = options;
  const config = {
    global: { scrape_interval: `${scrapeMs}ms`, scrape_timeout: `${scrapeMs}ms` },
    scrape_configs: targets.length === 0 ? [] : [{ job_name: 'platform', static_configs: [{ targets }] }],
  };
  writeFileSync(file, JSON.stringify(config));
  if (options.history !== undefined) {
    const history = join(folder, 'history.txt');
    writeFileSync(history, options.history);
    execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', history, data], { stdio: 'ignore' });
  }
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    child = spawn(
      findProgram('prometheus') ?? 'prometheus',
      [`--config.file=${file}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${address}`, '--log.level=error'],
      { stdio: 'ignore' },
    );
    await eventually(
      async () => ((await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(1_000) })).ok ? true : undefined),
      'Prometheus is ready',
      30_000,
    );
  }

  async function stop(): Promise<void> {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = once(ending, 'exit');
    ending.kill('SIGKILL');
    await gone;
  }

  const end = async (): Promise<void> => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await end();
    throw error;
  }
  return { url, start, stop, [Symbol.asyncDispose]: end };
}
