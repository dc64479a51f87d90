/** Network namespaces for tests, two of them joined by a cable of which each holds an end. Made by root, gone at the end. */
import { execFileSync, spawnSync } from 'node:child_process';
import process from 'node:process';
import { z } from 'zod';
import { findProgram } from './servers.ts';

export interface Cable extends Disposable {
  /** Name of the namespace whose interface `wan` is to be made ill, and its address. */
  readonly near: string;
  readonly nearAddress: string;
  readonly far: string;
  readonly farAddress: string;
}

let count = 0;

/** Each end is called `wan`. */
export function layCable(): Cable {
  count += 1;
  const [near, far] = [`pd-${process.pid}-${count}a`, `pd-${process.pid}-${count}b`];
  const ip = (...args: readonly string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const remove = (): void => {
    for (const name of [near, far]) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  };
  try {
    for (const name of [near, far]) ip('netns', 'add', name);
    ip('-n', near, 'link', 'add', 'name', 'wan', 'type', 'veth', 'peer', 'name', 'wan', 'netns', far);
    for (const [name, address] of [
      [near, '10.99.0.1/24'],
      [far, '10.99.0.2/24'],
    ] as const) {
      ip('-n', name, 'addr', 'add', address, 'dev', 'wan');
      ip('-n', name, 'link', 'set', 'wan', 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  } catch (error) {
    remove();
    throw error;
  }
  return { near, nearAddress: '10.99.0.1', far, farAddress: '10.99.0.2', [Symbol.dispose]: remove };
}

const linkSchema = z.array(z.object({ address: z.string() })).length(1);

/** Lets the two ends know each other for good: what is lost is then what was sent, and not the question who is there. */
export function introduce({ near, nearAddress, far, farAddress }: Cable): void {
  const hardwareOf = (name: string): string => {
    const told = execFileSync('ip', ['-n', name, '-j', 'link', 'show', 'dev', 'wan'], { encoding: 'utf8' });
    return linkSchema.parse(JSON.parse(told))[0]?.address ?? '';
  };
  for (const [here, address, there] of [
    [near, farAddress, far],
    [far, nearAddress, near],
  ] as const) {
    const entry = [address, 'lladdr', hardwareOf(there), 'dev', 'wan', 'nud', 'permanent'];
    execFileSync('ip', ['-n', here, 'neigh', 'replace', ...entry]);
  }
}

/** For `describe.skipIf`: why none can be made here, or null. Under CI that is a failure. */
export function whyNoNamespaces(): string | null {
  const why = obstacle();
  if (why !== null && process.env['CI'] === 'true') throw new Error(why);
  if (why !== null) console.warn(`skipped: ${why}`);
  return why;
}

function obstacle(): string | null {
  if (findProgram('tc') === null || findProgram('ip') === null)
    return 'apt-get install -y --no-install-recommends iproute2';
  const tried = spawnSync('unshare', ['--net', '--', 'ip', 'link', 'add', 'type', 'veth'], { encoding: 'utf8' });
  return tried.status === 0 ? null : `network namespaces need root: ${tried.stderr.trim()}`;
}

/** Whether this kernel has the queue of this kind. */
export function hasQueue(kind: 'netem' | 'tbf'): boolean {
  const args = kind === 'tbf' ? ['rate', '8kbit', 'burst', '3000', 'limit', '3000'] : [];
  const argv = ['--net', '--', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', kind, ...args];
  return spawnSync('unshare', argv, { stdio: 'ignore' }).status === 0;
}
