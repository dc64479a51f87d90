import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** They end by themselves should nobody end them. */
const LONGEST_MS = 120_000;

/** Keeps every core busy, one process each, until disposed of. */
export function keepBusy(): AsyncDisposable {
  const spin = `const end = performance.now() + ${LONGEST_MS}; while (performance.now() < end);`;
  const children = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', spin], { stdio: 'ignore' }),
  );
  const end = () => children.forEach((child) => child.kill('SIGKILL'));
  process.once('exit', end);
  return {
    async [Symbol.asyncDispose]() {
      process.off('exit', end);
      const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
      const gone = Promise.all(running.map((child) => once(child, 'exit')));
      end();
      await gone;
    },
  };
}
