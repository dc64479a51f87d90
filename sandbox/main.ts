/**
 * One role of the sandbox as a process of its own.
 *
 * Started by start.ts: options come as the first IPC message, the answer goes back as one, and the process ends when
 * the parent does. By hand: `node sandbox/main.ts '{"role":"exchange"}'`, the answer is a JSON line on stdout.
 */
import { createSystemClock } from './clock.ts';
import { startExchange } from './exchange.ts';
import { problems } from './knobs.ts';
import { startSchema } from './roles.ts';
import type { Ready } from './roles.ts';
import { startVenue } from './venue.ts';

/** A close that takes longer than this is not waited for. */
const CLOSE_MS = 2_000;

const closers: (() => Promise<void>)[] = [];
let isEnding = false;

function end(code: number): void {
  if (isEnding) return;
  isEnding = true;
  setTimeout(() => process.exit(code), CLOSE_MS).unref();
  void Promise.allSettled(closers.map((close) => close())).then(() => process.exit(code));
}

function answer(ready: Ready): void {
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(ready)}\n`);
  else if (process.connected) process.send(ready);
}

async function start(input: unknown): Promise<void> {
  const options = startSchema.safeParse(input);
  if (!options.success) {
    fail(problems(options.error));
    return;
  }
  const clock = createSystemClock();
  try {
    if (options.data.role === 'exchange') {
      const exchange = await startExchange({ ...options.data, clock });
      closers.push(() => exchange.close());
      const { feed, gateway, control } = exchange;
      answer({ type: 'ready', role: 'exchange', addresses: { feed, gateway, control } });
    } else {
      const { recordFile, ...venueOptions } = options.data;
      const venue = await startVenue({ ...venueOptions, ...(recordFile === undefined ? {} : { recordFile }), clock });
      closers.push(() => venue.close());
      answer({ type: 'ready', role: 'venue', addresses: { edge: venue.edge, control: venue.control } });
    }
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(message: string): void {
  answer({ type: 'failed', message });
  end(3);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(0));

if (process.send === undefined) {
  const [text = ''] = process.argv.slice(2);
  try {
    await start(JSON.parse(text));
  } catch {
    process.stderr.write('usage: node sandbox/main.ts \'{"role":"exchange"}\' (options: docs/sandbox.md)\n');
    process.exitCode = 2;
  }
} else {
  process.on('disconnect', () => end(0));
  // The parent may have died while this module was loading.
  if (!process.connected) end(0);
  process.once('message', (message) => void start(message));
}
