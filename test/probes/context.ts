import type { Server } from 'node:net';
import type { ProbeEnvironment } from '../../probes/kind.ts';
import type { OrderIntent, RunContext } from '../../probes/probe.ts';
import { systemClock } from '../../runner/clock.ts';

export interface TestContext extends RunContext {
  /** What the probe wrote down about its orders, in order: `intend <id>`, `close <id> <how>`. */
  readonly orderLog: string[];
  readonly intents: OrderIntent[];
}

/** A run's context with a real deadline and clock; everything can be replaced. */
export function testContext(part: Partial<RunContext> = {}): TestContext {
  const timeoutMs = part.timeoutMs ?? 5000;
  const orderLog: string[] = [];
  const intents: OrderIntent[] = [];
  return {
    runId: 'probe/1/a',
    probe: 'probe',
    location: 'here',
    signal: AbortSignal.timeout(timeoutMs),
    timeoutMs,
    clock: systemClock,
    random: () => 0.5,
    thresholds: () => [],
    stepMs: 60_000,
    clockBoundMs: () => null,
    verbose: false,
    orders: {
      intend: (order) => {
        orderLog.push(`intend ${order.clientOrderId}`);
        intents.push(order);
        return Promise.resolve();
      },
      close: (clientOrderId, how) => {
        orderLog.push(`close ${clientOrderId} ${how}`);
        return Promise.resolve();
      },
    },
    ...part,
    orderLog,
    intents,
  };
}

export const testEnvironment: ProbeEnvironment = {
  clock: systemClock,
  random: () => 0.5,
  path: process.env['PATH'] ?? '',
};

/** Listens on a free loopback port; closes with everything that is still connected to it. */
export async function listening(server: Server, port = 0): Promise<{ readonly port: number } & AsyncDisposable> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
