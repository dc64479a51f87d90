import { createServer } from 'node:http';
import { killProof } from '../proof.ts';

killProof('http', null, async () => {
  let isOn = false;
  const server = createServer(({ method }, response) => {
    if (method === 'PUT') isOn = true;
    if (method === 'DELETE') isOn = false;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ on: isOn }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}/flag`;
  const flag = {
    name: 'flag',
    inject: { method: 'PUT', url },
    undo: { method: 'DELETE', url },
    clear: { url, json: { path: '$.on', equals: false } },
  };
  const call = { type: 'call' };
  return {
    injector: { kind: 'http', targets: [flag] },
    target: 'flag',
    faults: [call, call, call, call, call],
    left: () => (isOn ? ['the flag is on'] : []),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
});
