import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runToxiproxy } from '../../../scenarios/toxiproxy/main.ts';
import { startToxiproxy } from '../../../scenarios/toxiproxy/server.ts';
import { spawnToxiproxy } from '../../../scenarios/toxiproxy/spawn.ts';
import { eventually } from '../../support/servers.ts';
import { client, dial, echoServer, keysOf, listenOf, tcpServer } from './support.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const gone = (pid: number) => eventually(() => (isAlive(pid) ? undefined : true), `the end of process ${pid}`);

describe('the fault proxy in this process', () => {
  test('says that its port is in use, with a code', async () => {
    await using taken = await tcpServer(() => {});
    await expect(startToxiproxy({ port: taken.port, seed: 1 })).rejects.toMatchObject({
      name: 'ToxiproxyStartError',
      code: 'port-in-use',
      message: `${taken.address} is in use: stop what listens there, or give another --port`,
    });
  });

  test('says which of its first proxies cannot be, and leaves nothing behind', async () => {
    await using taken = await tcpServer(() => {});
    const config = [
      { name: 'a', upstream: 'localhost:1' },
      { name: 'b', upstream: 'localhost:1', listen: taken.address },
    ];
    await expect(startToxiproxy({ port: 0, seed: 1, config })).rejects.toMatchObject({
      code: 'bad-config',
      message: `listen tcp ${taken.address}: bind: address already in use`,
    });
  });

  test('closes its connections, its ports and its interface', async () => {
    await using echo = await echoServer();
    const server = await startToxiproxy({ port: 0, seed: 1, config: [{ name: 'p', upstream: echo.address }] });
    const address = listenOf(await client(server.url)('GET', '/proxies/p'));
    using peer = await dial(address);
    peer.write('x');
    await peer.received(1);
    await server.close();
    await peer.ended;
    await expect(dial(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(fetch(`${server.url}/version`)).rejects.toThrow('fetch failed');
  });
});

describe('the fault proxy in a process of its own', () => {
  test('serves the proxies that it was given until it is stopped', async () => {
    await using echo = await echoServer();
    const server = await spawnToxiproxy({ port: 0, seed: 1, config: [{ name: 'p', upstream: echo.address }] });
    expect(server.pid).not.toBe(process.pid);
    using peer = await dial(listenOf(await client(server.url)('GET', '/proxies/p')));
    peer.write('x');
    await peer.received(1);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    await server.stop();
  });

  test('tells why it cannot start, as a value with a code', async () => {
    await using taken = await tcpServer(() => {});
    await expect(spawnToxiproxy({ port: taken.port, seed: 1 })).rejects.toMatchObject({
      code: 'port-in-use',
      message: `${taken.address} is in use: stop what listens there, or give another --port`,
    });
  });

  test('ends when its parent is killed, and not on Ctrl-C', async () => {
    const source = new URL('../../../scenarios/toxiproxy/spawn.ts', import.meta.url).href;
    const code = `const { spawnToxiproxy } = await import(${JSON.stringify(source)});
      const { pid, url } = await spawnToxiproxy({ port: 0, seed: 1 });
      console.log(JSON.stringify({ pid, url }));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = await once(parent.stdout, 'data');
      const { pid, url } = JSON.parse(String(line));
      process.kill(pid, 'SIGINT');
      expect((await fetch(`${url}/version`)).status).toBe(200);
      parent.kill('SIGKILL');
      await gone(pid);
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

describe('the toxiproxy command', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pulsedrill-toxiproxy-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs it until it ends, or has printed; tells the exit code and all lines. */
  async function run(options: { readonly port?: number; readonly config?: string }) {
    const lines: string[] = [];
    const stop = new AbortController();
    const printed = Promise.withResolvers<void>();
    const ended = runToxiproxy({
      host: '127.0.0.1',
      port: 0,
      seed: 5,
      ...options,
      signal: stop.signal,
      print: (line) => {
        lines.push(line);
        printed.resolve();
      },
      complain: (line) => lines.push(line),
    });
    await Promise.race([ended, printed.promise]);
    return {
      lines,
      end: () => {
        stop.abort();
        return ended;
      },
    };
  }

  test('serves until it is told to end, and ends with 0', async () => {
    const config = join(folder, 'proxies.json');
    writeFileSync(
      config,
      '[{"name":"p","upstream":"localhost:1"},{"name":"q","upstream":"localhost:1","enabled":false}]',
    );
    const { lines, end } = await run({ config });
    expect(lines).toEqual([
      expect.stringMatching(/^toxiproxy: listening on http:\/\/127\.0\.0\.1:\d+, 2 proxies, seed 5$/),
    ]);
    const url = /http\S+\d/.exec(lines[0] ?? '')?.[0] ?? '';
    expect(keysOf(await client(url)('GET', '/proxies'))).toEqual(['p', 'q']);
    expect(await end()).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  test('says in one line that its port is in use, and ends with 3', async () => {
    await using taken = await tcpServer(() => {});
    const { lines, end } = await run({ port: taken.port });
    expect(await end()).toBe(3);
    expect(lines).toEqual([`toxiproxy: ${taken.address} is in use: stop what listens there, or give another --port`]);
  });

  test.each([
    ['', 'EOF'],
    ['{}', 'expected an array of proxies'],
    ['[{"upstream":"a:1"}]', '[0].name: missing'],
    ['[{"name":"a","upstream":"a:1"},{"name":"b"}]', '[1].upstream: missing'],
    ['[{"name":5,"upstream":"a:1"}]', '[0].name: expected a string'],
  ])('says in one line what is wrong with the file %j, and ends with 2', async (text, problem) => {
    const config = join(folder, 'bad.json');
    writeFileSync(config, text);
    const { lines, end } = await run({ config });
    expect(await end()).toBe(2);
    expect(lines).toEqual([`toxiproxy: ${config}: ${problem}`]);
  });

  test('says that there is no such file, and ends with 2', async () => {
    const config = join(folder, 'none.json');
    const { lines, end } = await run({ config });
    expect(await end()).toBe(2);
    expect(lines).toEqual([`toxiproxy: ${config}: no such file`]);
  });
});
