/** Real servers for integration tests: found on the PATH, started on free loopback ports, ended by their process id. */
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

/** Where the program is, or null. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here
    }
  }
  return null;
}

/**
 * For `describe.skipIf`: true when the program is missing, after saying how to install it. Under CI a missing server is
 * a failure, because a suite that skips itself proves nothing.
 */
export function isMissing(name: string, debianPackage: string): boolean {
  if (findProgram(name) !== null) return false;
  const hint = `${name} is not on the PATH: apt-get install -y --no-install-recommends ${debianPackage}`;
  if (process.env['CI'] === 'true') throw new Error(hint);
  console.warn(`skipped: ${hint}`);
  return true;
}

/** A port on 127.0.0.1 that was free a moment ago; only for servers that cannot take port 0. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Polls until `check` returns a value other than undefined; rejects after `withinMs`. */
export async function eventually<T>(
  check: () => T | undefined | Promise<T | undefined>,
  what: string,
  withinMs = 45_000,
): Promise<T> {
  const until = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > until) throw new Error(`not within ${withinMs} ms: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
