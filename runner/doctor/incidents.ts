/** Whether acknowledgements can come in from PagerDuty. */
import type { Configuration } from '../config/configuration.ts';
import { ok, type Finding } from './finding.ts';

export function checkIncidents({
  incidents: { pagerduty },
  listen,
  notify,
}: Pick<Configuration, 'incidents' | 'listen' | 'notify'>): readonly Finding[] {
  const check = 'pagerduty webhook';
  if (pagerduty === undefined) {
    if (!notify.some(({ kind }) => kind === 'pagerduty')) return [];
    const found = 'incidents.pagerduty has no secret: who acknowledges there is not heard of here';
    return [{ check, verdict: 'warn', found, mend: 'give it the secret of a webhook subscription, V3' }];
  }
  if (listen === null) {
    const found = 'there is a secret, and listen is false: nobody can deliver';
    return [{ check, verdict: 'fail', found, mend: 'give listen an address' }];
  }
  const secrets = pagerduty.previousSecret === undefined ? 'a secret' : 'two secrets';
  const address = `http://${listen.host}:${listen.port}/pagerduty`;
  if (!/^(?:127\.|localhost$|\[?::1\]?$)/.test(listen.host)) return [ok(check, `${secrets}; POST ${address}`)];
  return [ok(check, `${secrets}; POST ${address}, which only a proxy on this machine can pass on`)];
}
