/** Debian's prometheus-blackbox-exporter, our own copy on a free loopback port. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { cpuMsOf } from '../cpu.ts';
import type { Contender } from '../process.ts';
import { findProgram } from '../program.ts';
import { CONCURRENCY, type Asked } from './asked.ts';

const PROGRAM = 'prometheus-blackbox-exporter';
export const INSTALL = `${PROGRAM} is not on the PATH: apt-get install -y --no-install-recommends ${PROGRAM}`;

export function findBlackbox(): string | null {
  return findProgram(PROGRAM);
}

/** A round on a machine that has no time for us goes on until its CPU is well above the resolution of the clock. */
const LEAST_CPU_MS = 50;

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

export async function startBlackbox(program: string, { url, caFile }: Asked): Promise<Contender> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'blackbox.yml');
  writeFileSync(file, configuration(caFile));

  const port = await freePort();
  const address = `127.0.0.1:${port}`;
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
  const pool = stack.adopt(new Pool(`http://${address}`, { connections: CONCURRENCY, pipelining: 1 }), (pool) =>
    pool.destroy(),
  );
  const path = `/probe?target=${encodeURIComponent(url)}&module=http_2xx`;

  async function ask(): Promise<void> {
    const { statusCode, body } = await pool.request({ method: 'GET', path });
    const text = await body.text();
    if (statusCode !== 200 || !text.includes('\nprobe_success 1\n')) throw new Error(`a probe failed: ${text}`);
  }

  async function lane(untilMs: number): Promise<number> {
    let probes = 0;
    do {
      await ask();
      probes += 1;
    } while (performance.now() < untilMs);
    return probes;
  }

  for (let tries = 1; ; tries += 1) {
    try {
      await ask();
      break;
    } catch (error) {
      if (tries === 100 || child.exitCode !== null) throw new Error(`${program} does not answer`, { cause: error });
      await delay(50);
    }
  }

  const owned = stack.move();
  return {
    name: PROGRAM,
    async round(ms) {
      const fromMs = performance.now();
      const cpuMs = cpuMsOf(pid);
      let operations = 0;
      do {
        const probes = await Promise.all(Array.from({ length: CONCURRENCY }, () => lane(fromMs + ms)));
        operations += probes.reduce((sum, count) => sum + count, 0);
      } while (cpuMsOf(pid) - cpuMs < LEAST_CPU_MS);
      return {
        operations,
        cpuMs: cpuMsOf(pid) - cpuMs,
        wallMs: performance.now() - fromMs,
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
