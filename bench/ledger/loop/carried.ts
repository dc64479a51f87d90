/** What the measuring process carries: probes and rows, the same for who fills its ledger before. */
import { checkDocument } from '../../../runner/config/load.ts';
import type { Configuration } from '../../../runner/config/configuration.ts';

const PROBES = 100;
export const EVERY_MS = 500;
/** A ledger full of what was not shipped yet, in the bench's folder. */
export const BEHIND = 'behind.db';

export function carried(url: string): Configuration {
  const probes = Array.from({ length: PROBES }, (_, n) => ({
    id: `status-${n}`,
    kind: 'http',
    service: 'client-api',
    endpoint: n % 2 === 0 ? '/orders' : '/positions',
    url,
    every: `${EVERY_MS}ms`,
    timeout: `${EVERY_MS - 10}ms`,
  }));
  // Without brokerSlaMs and other probes these rows feed on what is there: availability of two windows, and latency.
  const loaded = checkDocument(
    { environment: 'bench', loopTolerance: '1000ms', probes, objectives: 'tradepulse' },
    'bench',
    process.cwd(),
    {},
  );
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  return loaded.configuration;
}
