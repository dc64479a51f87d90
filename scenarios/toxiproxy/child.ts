/**
 * The fault proxy as a child process: told over IPC what to serve, it answers with its address or with why not, and ends
 * with its parent, however that ended.
 */
import { startToxiproxy, ToxiproxyStartError, type ToxiproxyOptions } from './server.ts';
import type { ChildAnswer } from './spawn.ts';

function tell(answer: ChildAnswer): void {
  // A parent that is gone is no reason to fail: `disconnect` follows.
  process.send?.(answer, undefined, undefined, () => {});
}

// Ctrl-C reaches the whole process group; the parent still has faults to lift through this process.
process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));

process.once('message', (options: ToxiproxyOptions) => {
  startToxiproxy(options).then(
    (server) => tell({ url: server.url }),
    (error: unknown) => {
      const known = error instanceof ToxiproxyStartError ? error : null;
      tell({ code: known?.code ?? 'cannot-listen', message: known?.message ?? String(error) });
    },
  );
});
