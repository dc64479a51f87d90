/** The clients: many that ask one small message at a time, some that take a flood, or one that asks now and then. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Round } from '../arithmetic.ts';
import { answerOrders, Stopwatch } from '../contender.ts';
import { FLOOD, MESSAGE_BYTES } from './asked.ts';

const CLIENTS = { messages: 32, flood: 2 } as const;

const [what = '', port = ''] = process.argv.slice(2);
const MESSAGE = Buffer.alloc(MESSAGE_BYTES, 'x');

async function open(): Promise<Socket> {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Each client has one message on its way, so that none can share a read or a write with the next one. */
async function messages(ms: number): Promise<Round> {
  const sockets = await Promise.all(Array.from({ length: CLIENTS.messages }, open));
  let passed = 0;
  for (const socket of sockets) {
    let bytes = 0;
    socket.on('data', (data) => {
      bytes += data.length;
      if (bytes < MESSAGE_BYTES) return;
      if (bytes > MESSAGE_BYTES) throw new Error(`${bytes} bytes came back of ${MESSAGE_BYTES}`);
      bytes = 0;
      // There and back.
      passed += 2;
      socket.write(MESSAGE);
    });
  }
  const watch = new Stopwatch();
  for (const socket of sockets) socket.write(MESSAGE);
  await delay(ms);
  const round = watch.stop(passed);
  for (const socket of sockets) socket.destroy();
  return round;
}

async function flood(ms: number): Promise<Round> {
  const sockets = await Promise.all(Array.from({ length: CLIENTS.flood }, open));
  let bytes = 0;
  const watch = new Stopwatch();
  for (const socket of sockets) {
    socket.on('data', (data) => {
      bytes += data.length;
    });
    socket.write(FLOOD);
  }
  await delay(ms);
  const round = watch.stop(bytes / 1e6);
  for (const socket of sockets) socket.destroy();
  return round;
}

const WORK = { messages, flood };
const work = Object.entries(WORK).find(([name]) => name === what)?.[1];
if (work === undefined) throw new Error(`expected some of ${Object.keys(WORK).join(', ')}, got ${what}`);
answerOrders(work);
