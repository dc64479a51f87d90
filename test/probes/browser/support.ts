/** What the browser probe's tests share: pages on free loopback ports, probes that are closed, the processes that run. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBrowser } from '../../../probes/browser/probe.ts';
import { browserSpec } from '../../../probes/browser/spec.ts';
import type { ProbeEnvironment } from '../../../probes/kind.ts';
import type { Probe } from '../../../probes/probe.ts';
import { listening, testEnvironment } from '../context.ts';

/** Starting a browser on a slow machine is not what these tests are about. */
export const ENOUGH_MS = 30_000;

export function openProbe(part: Record<string, unknown>, environment: ProbeEnvironment = testEnvironment): Probe {
  return openBrowser(browserSpec.parse({ id: 'p', kind: 'browser', service: 's', ...part }), environment);
}

export async function serving(listener: RequestListener) {
  const server = await listening(createServer(listener));
  return { url: `http://127.0.0.1:${server.port}/`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Answers every path with one page, and anything that is no page with 404. */
export function page(body: string, status = 200) {
  return serving((request, response) => {
    const isPage = request.url === '/';
    response.writeHead(isPage ? status : 404, { 'content-type': 'text/html' }).end(isPage ? body : '');
  });
}

/** Keeps artefacts in a folder of its own. */
export function keeping(secrets: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-artefacts-'));
  const environment: ProbeEnvironment = {
    ...testEnvironment,
    artefacts: { folder, secrets: new Map(Object.entries(secrets)) },
  };
  return {
    folder,
    environment,
    files: (probe = 'p'): readonly string[] => {
      try {
        return readdirSync(join(folder, probe)).toSorted();
      } catch {
        return [];
      }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Ids of the processes below this one, as the kernel knows them, that have not ended. */
export function childrenOf(parent: number, named: RegExp): readonly number[] {
  const processes = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // pid (comm) state ppid …; the name may hold anything, brackets too.
      const [state = '', ppid = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return [{ pid: Number(name), ppid: Number(ppid), state, command }];
    } catch {
      return [];
    }
  });
  const below = new Set([parent]);
  for (let size = 0; size !== below.size;) {
    size = below.size;
    for (const { pid, ppid } of processes) if (below.has(ppid)) below.add(pid);
  }
  return processes
    .filter(({ pid, state, command }) => pid !== parent && below.has(pid) && state !== 'Z' && named.test(command))
    .map(({ pid }) => pid);
}
