/** The configuration of the prober whose three months are in the file. Nothing of it is ever asked: it is only judged by. */
import { stringify } from 'yaml';
import { PROBES, type Asked } from './asked.ts';

export function configurationText(): string {
  return stringify({
    environment: 'bench',
    location: 'fra1',
    listen: false,
    probes: PROBES.map(probeOf),
    objectives: { extends: 'tradepulse', settings: { brokerSlaMs: 400 } },
    store: { ledger: './pulsedrill.db' },
    reports: { folder: './reports' },
  });
}

const API = 'http://127.0.0.1:9';

function probeOf({ id, kind, service, endpoint, venue }: Asked): Readonly<Record<string, unknown>> {
  const shared = { id, kind, service, every: '60s' };
  if (kind === 'http') return { ...shared, endpoint, url: `${API}${endpoint}`, timeout: '5s' };
  if (kind === 'market-data') {
    return { ...shared, url: 'ws://127.0.0.1:9/ws', mode: 'session', for: '5s', timeout: '9s' };
  }
  return {
    ...shared,
    venue,
    submit: { url: `${API}/orders` },
    order: { symbol: 'BTCUSD', side: 'buy', quantity: '0.001', reference_price: '50000' },
    paper: { url: `${API}/account`, json: { path: '$.mode', equals: 'paper' }, hosts: ['127.0.0.1'] },
    limits: { maxQuantity: '0.01', maxNotional: '1000', maxPerMinute: 6 },
    flatten: true,
    timeout: '20s',
  };
}
