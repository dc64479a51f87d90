import { once } from 'node:events';
import { readConfig } from './config.ts';
import { startToxiproxy, ToxiproxyStartError, type StartProblemCode } from './server.ts';

export interface RunToxiproxyOptions {
  readonly host: string;
  readonly port: number;
  readonly seed: number;
  /** A file of proxies to begin with. */
  readonly config?: string | undefined;
  readonly allowedHosts?: readonly string[] | undefined;
  /** Ends the server. */
  readonly signal: AbortSignal;
  /** Where the line that says the address goes. */
  readonly print: (line: string) => void;
  /** Where the line that says why it cannot start goes. */
  readonly complain: (line: string) => void;
}

const EXIT: Readonly<Record<StartProblemCode, number>> = { 'bad-config': 2, 'port-in-use': 3, 'cannot-listen': 3 };

/** `pulsedrill toxiproxy`: serves until the signal aborts. Resolves with the exit code. */
export async function runToxiproxy(options: RunToxiproxyOptions): Promise<number> {
  const { host, port, seed, config, allowedHosts, signal, print, complain } = options;
  try {
    const proxies = config === undefined ? [] : await readConfig(config);
    await using server = await startToxiproxy({ host, port, seed, config: proxies, allowedHosts });
    print(`toxiproxy: listening on ${server.url}, ${proxies.length} proxies, seed ${seed}`);
    if (!signal.aborted) await once(signal, 'abort');
    return 0;
  } catch (error) {
    if (!(error instanceof ToxiproxyStartError)) throw error;
    complain(`toxiproxy: ${error.message}`);
    return EXIT[error.code];
  }
}
