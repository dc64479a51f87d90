/** The peer: a `ws` client that parses every message and looks at nothing in it. */
import { WebSocket } from 'ws';
import type { Round } from '../arithmetic.ts';
import { answerOrders, Stopwatch } from '../contender.ts';

const [url = ''] = process.argv.slice(2);

function listen(ms: number): Promise<Round> {
  return new Promise((resolve, reject) => {
    const watch = new Stopwatch();
    const socket = new WebSocket(url, { perMessageDeflate: false });
    let ticks = 0;
    socket.on('open', () => {
      socket.send('{"action":"subscribe","channels":["trades"]}');
      setTimeout(() => {
        const round = watch.stop(ticks);
        socket.once('close', () => resolve(round));
        socket.terminate();
      }, ms);
    });
    socket.on('message', (data) => {
      if (!Buffer.isBuffer(data)) throw new TypeError('not one buffer');
      JSON.parse(data.toString());
      ticks += 1;
    });
    socket.on('error', reject);
  });
}

answerOrders(listen);
