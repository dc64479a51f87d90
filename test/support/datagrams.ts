/**
 * Sends numbered datagrams to an address and hears them come back, told by its arguments: `echo PORT`, or
 * `ask ADDRESS PORT COUNT GAP_MS WAIT_MS`, which prints what came back as JSON. Run inside network namespaces.
 */
import { createSocket } from 'node:dgram';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const [role = '', ...args] = process.argv.slice(2);
const socket = createSocket('udp4');

if (role === 'echo') {
  socket.on('message', (message, { port, address }) => socket.send(message, port, address));
  socket.bind(Number(args[0]), () => process.stdout.write('ready\n'));
} else {
  const [address = '', port, count, gapMs, waitMs] = args;
  const sentAtMs: number[] = [];
  const heard: { number: number; afterMs: number; intact: boolean }[] = [];
  socket.on('message', (message) => {
    const number = message.readUInt32BE(0);
    const afterMs = performance.now() - (sentAtMs[number] ?? Number.NaN);
    heard.push({ number, afterMs, intact: message.subarray(4).every((byte) => byte === 0x55) });
  });
  // A cut line says so to whoever sends; what came back is the answer.
  socket.on('error', () => undefined);
  for (let number = 0; number < Number(count); number += 1) {
    const message = Buffer.alloc(1000, 0x55);
    message.writeUInt32BE(number, 0);
    sentAtMs.push(performance.now());
    socket.send(message, Number(port), address, () => undefined);
    if (Number(gapMs) > 0) await delay(Number(gapMs));
  }
  await delay(Number(waitMs));
  process.stdout.write(JSON.stringify(heard));
  socket.close();
}
