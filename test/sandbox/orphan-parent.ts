/** A parent that starts the sandbox, says what it started, and waits to be killed. */
import { startSandbox } from '../../sandbox/start.ts';

const { pids } = await startSandbox();
process.stdout.write(`${JSON.stringify(pids)}\n`);
setInterval(() => undefined, 60_000);
