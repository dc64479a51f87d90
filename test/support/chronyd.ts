/** A chrony daemon of the test's own that reads the clock and never sets it, and the time server that it follows. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { findProgram, freePort } from './servers.ts';

/** Seconds from 1900, the epoch of NTP, to 1970. */
const ERA = 2_208_988_800;

/** An NTP timestamp (RFC 5905): 32 bits of seconds, 32 of fraction. */
function stamp(ms: number): Buffer {
  const seconds = Math.floor(ms / 1000);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE((seconds + ERA) >>> 0, 0);
  bytes.writeUInt32BE(Math.floor((ms / 1000 - seconds) * 2 ** 32) >>> 0, 4);
  return bytes;
}

/** An NTP server of stratum 1 whose clock is `aheadMs` ahead of this machine's. */
async function timeServer(aheadMs: number): Promise<{ readonly port: number } & AsyncDisposable> {
  const socket = createSocket('udp4');
  const now = (): number => performance.timeOrigin + performance.now() + aheadMs;
  socket.on('message', (asked, from) => {
    const received = stamp(now());
    const answer = Buffer.alloc(48);
    answer[0] = (4 << 3) | 4; // version 4, mode: server
    answer[1] = 1;
    answer[2] = asked[2] ?? 0;
    answer.writeInt8(-20, 3);
    answer.write('GPS\0', 12, 'latin1');
    stamp(now() - 1000).copy(answer, 16);
    asked.copy(answer, 24, 40, 48);
    received.copy(answer, 32);
    stamp(now()).copy(answer, 40);
    socket.send(answer, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

export interface Chronyd extends AsyncDisposable {
  /** Asks this daemon, as `chronyc -c tracking` asks the machine's. */
  readonly command: readonly string[];
}

/** @param aheadMs how far the time server is ahead of this machine; null: none is followed. */
export async function startChronyd(aheadMs: number | null): Promise<Chronyd> {
  const folder = await mkdtemp(join(tmpdir(), 'chronyd-'));
  const server = aheadMs === null ? null : await timeServer(aheadMs);
  const port = await freePort();
  await writeFile(
    join(folder, 'conf'),
    [
      ...(server === null ? [] : [`server 127.0.0.1 port ${server.port} iburst minpoll -6 maxpoll -4`]),
      `cmdport ${port}`,
      'bindcmdaddress 127.0.0.1',
      `bindcmdaddress ${folder}/socket`,
      'port 0',
      `pidfile ${folder}/pid`,
      '',
    ].join('\n'),
  );
  // -x: the machine's clock is not touched.
  const daemon = spawn(findProgram('chronyd') ?? 'chronyd', ['-x', '-n', '-u', 'root', '-f', join(folder, 'conf')], {
    stdio: 'ignore',
  });
  return {
    command: [findProgram('chronyc') ?? 'chronyc', '-h', '127.0.0.1', '-p', String(port), '-c', 'tracking'],
    async [Symbol.asyncDispose]() {
      const ended = daemon.exitCode === null && daemon.signalCode === null ? once(daemon, 'exit') : null;
      daemon.kill();
      await ended;
      await server?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
