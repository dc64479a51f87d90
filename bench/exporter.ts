/** Debian's prometheus-blackbox-exporter, our own copy on a free loopback port. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { findProgram } from './program.ts';

export const EXPORTER = 'prometheus-blackbox-exporter';
export const INSTALL = `${EXPORTER} is not on the PATH: apt-get install -y --no-install-recommends ${EXPORTER}`;

export function findExporter(): string | null {
  return findProgram(EXPORTER);
}

export interface Exporter extends AsyncDisposable {
  readonly pid: number;
  /** One probe, as its metrics; any that does not succeed is an error. */
  probe(url: string): Promise<string>;
}

function configuration(caFile: string | null): string {
  return `modules:
  http_2xx:
    prober: http
    timeout: 5s
    http:
      preferred_ip_protocol: ip4
      ip_protocol_fallback: false
${caFile === null ? '' : `      tls_config:\n        ca_file: ${JSON.stringify(caFile)}\n`}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** @param connections how many probes may be asked for at the same time */
export async function startExporter(program: string, caFile: string | null, connections: number): Promise<Exporter> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'blackbox.yml');
  writeFileSync(file, configuration(caFile));

  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${file}`, `--web.listen-address=${address}`, '--log.level=error'];
  const child = spawn(program, args, { stdio: 'ignore' });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} did not start`);
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  stack.defer(async () => {
    process.off('exit', end);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    end();
    await gone;
  });

  // Kept connections: what the exporter needs to be asked shall cost it as little as it can.
  const pool = stack.adopt(new Pool(`http://${address}`, { connections, pipelining: 1 }), (pool) => pool.destroy());

  for (let tries = 1; ; tries += 1) {
    try {
      const { body } = await pool.request({ method: 'GET', path: '/-/healthy' });
      await body.dump();
      break;
    } catch (error) {
      if (tries === 100 || child.exitCode !== null) throw new Error(`${program} does not answer`, { cause: error });
      await delay(50);
    }
  }

  const owned = stack.move();
  return {
    pid,
    async probe(url) {
      const path = `/probe?target=${encodeURIComponent(url)}&module=http_2xx`;
      const { statusCode, body } = await pool.request({ method: 'GET', path });
      const text = await body.text();
      if (statusCode !== 200 || !text.includes('\nprobe_success 1\n')) throw new Error(`a probe failed: ${text}`);
      return text;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
