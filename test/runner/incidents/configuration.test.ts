import { describe, expect, it } from 'vitest';
import { addresseeOf, ladderOf } from '../../../runner/config/incidents.ts';
import { checkIncidents } from '../../../runner/doctor/incidents.ts';
import { PLAYBOOK_LADDER } from '../../../slo/incidents/ladder.ts';
import { configured } from '../configured.ts';

const environment = { KEY: 'a-routing-key', PD: 'a-secret-of-pagerduty', OLD: 'the-secret-before-it' };
const probe = { id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/' };
const objective = {
  id: 'availability',
  service: 'client-api',
  target: '0.99',
  window: '30d',
  sli: 'availability',
  probes: ['status'],
};
const PAGER = { kind: 'pagerduty', routingKey: '${KEY}', to: ['on-call'] };

const configuration = (part: Readonly<Record<string, unknown>> = {}) =>
  configured({ probes: [probe], objectives: [objective], ...part }, '/nowhere', environment);
const warnings = (part: Readonly<Record<string, unknown>>) =>
  configuration(part).warnings.filter((each) => each.startsWith('incidents'));

describe('the incidents section', () => {
  it('is the playbook where nothing is said', () => {
    expect(ladderOf(configuration().incidents)).toEqual(PLAYBOOK_LADDER);
    expect(warnings({})).toEqual([]);
  });

  it('names people for everybody, and for a service', () => {
    const { incidents } = configuration({
      incidents: {
        people: { engineeringManager: 'em', leadership: 'board' },
        services: { 'client-api': { engineeringManager: 'em-execution' } },
      },
    });
    expect(addresseeOf(incidents, 'client-api', 'engineering-manager')).toBe('em-execution');
    expect(addresseeOf(incidents, 'client-api', 'leadership')).toBe('board');
    expect(addresseeOf(incidents, null, 'engineering-manager')).toBe('em');
    expect(addresseeOf(incidents, 'client-api', 'vp-engineering')).toBe('vp-engineering');
    expect(addresseeOf(incidents, 'client-api', 'on-call')).toBe('on-call');
  });

  it('is warned of where nobody hears what is escalated, nobody agreed to other minutes, and PagerDuty cannot deliver', () => {
    const unheard = warnings({ notify: [PAGER], incidents: { people: { productLead: 'vp-engineering' } } });
    expect(unheard).toContain(
      'incidents: no notifier has vp-engineering in its "to" (client-api, client-api): what is escalated there is only recorded',
    );
    expect(unheard).toHaveLength(6);
    expect(warnings({ notify: [PAGER, { kind: 'log' }] })).toEqual([]);
    const intervals = { sev1: { escalate: '20m' } };
    expect(warnings({ incidents: { intervals } })).toEqual([
      "incidents.intervals: other than the playbook's, and incidents.rfc names nothing that agreed to it",
    ]);
    expect(warnings({ incidents: { intervals, rfc: 'RFC-12' } })).toEqual([]);
    expect(warnings({ listen: false, incidents: { pagerduty: { secret: '${PD}' } } })).toEqual([
      'incidents.pagerduty: listen is false, so that PagerDuty can deliver nothing',
    ]);
  });
});

describe('the doctor', () => {
  const found = (part: Readonly<Record<string, unknown>>) =>
    checkIncidents(configuration(part)).map(({ verdict, found }) => `${verdict} ${found}`);
  const incidents = { pagerduty: { secret: '${PD}', previousSecret: '${OLD}' } };

  it('says whether an acknowledgement in PagerDuty can be heard of', () => {
    expect(found({})).toEqual([]);
    expect(found({ notify: [PAGER] })).toEqual([
      'warn incidents.pagerduty has no secret: who acknowledges there is not heard of here',
    ]);
    expect(found({ incidents, listen: false })).toEqual([
      'fail there is a secret, and listen is false: nobody can deliver',
    ]);
    expect(found({ incidents, listen: '0.0.0.0:9464' })).toEqual([
      'ok two secrets; POST http://0.0.0.0:9464/pagerduty',
    ]);
  });

  it('is not even asked where the secret is not set', () => {
    expect(() => configured({ probes: [probe], incidents: { pagerduty: { secret: '${UNSET}' } } })).toThrow(
      'incidents.pagerduty.secret: expected the environment variable UNSET to be set, got no such variable',
    );
  });
});
