/** The whole way, in processes of their own: PagerDuty's webhook, `/status`, commands in another shell, the gate, the doctor. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { cli, startCli } from '../../support/cli.ts';
import { eventually, freePort } from '../../support/servers.ts';
import { startHook } from '../alerts/hook.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'incident-process-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const env = { PD_SECRET: 'a-secret-of-pagerduty', PD_KEY: 'a-routing-key' };
const status = z.object({ incidents: z.array(z.looseObject({ id: z.string(), state: z.string() })) });
const pagerdutyEvent = z.object({ event_action: z.string(), dedup_key: z.string() });

it('an incident is opened in one shell, paged by the runner, acknowledged in PagerDuty and resolved in another shell', async () => {
  const port = await freePort();
  await using pager = await startHook();
  writeFileSync(
    join(folder, 'pulsedrill.config.yaml'),
    `
listen: 127.0.0.1:${port}
services: { client-api: {} }
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/", every: 30s }
objectives: []
notify:
  - { kind: pagerduty, url: "${pager.url}/enqueue", routingKey: "\${PD_KEY}", to: [on-call] }
incidents: { pagerduty: { secret: "\${PD_SECRET}" } }
`,
  );
  const url = `http://127.0.0.1:${port}`;
  const incidents = async () => status.parse(await (await fetch(`${url}/status`)).json()).incidents;
  const command = (...words: readonly string[]) => cli(words, { folder, env });

  await using running = startCli(['run'], { folder, env });
  await eventually(() => (/runner-started/.test(running.stderr()) ? true : undefined), 'it has started', 30_000);
  const about = ['--severity', 'SEV-2', '--service', 'client-api', '--by', 'cyd'];
  const opened = await command('incident', 'open', 'ACME cannot log in', ...about);
  expect(opened).toMatchObject({ code: 0, stderr: '' });
  const id = opened.stdout.split(' ')[0] ?? '';
  await eventually(() => (pager.received.length > 0 ? true : undefined), 'on-call is paged', 20_000);
  expect(pagerdutyEvent.parse(pager.received[0]?.json)).toEqual({ event_action: 'trigger', dedup_key: `${id}/page` });
  expect(await incidents()).toMatchObject([{ id, state: 'open', service: 'client-api', severity: 'SEV-2' }]);

  const body = JSON.stringify({
    event: {
      id: '01BRB6ZP4M6T8ZG4X6BP63ZB9O',
      event_type: 'incident.acknowledged',
      occurred_at: new Date().toISOString(),
      agent: { summary: 'Zoë', type: 'user_reference' },
      data: { id: 'PGR0VU2', type: 'incident', incident_key: `${id}/page`, title: 'SEV-2 x' },
    },
  });
  const signed = `v1=${createHmac('sha256', env.PD_SECRET).update(body).digest('hex')}`;
  const post = async (text: string, signature: string): Promise<number> =>
    (await fetch(`${url}/pagerduty`, { method: 'POST', headers: { 'x-pagerduty-signature': signature }, body: text }))
      .status;
  expect(await post(body.replace('Zoë', 'Eve'), signed)).toBe(403);
  expect(await tooMuch(port)).toBe(413);
  expect((await fetch(`${url}/pagerduty`)).status).toBe(405);
  expect(await post(body, `v1=${'0'.repeat(64)},${signed}`)).toBe(202);
  await eventually(
    async () => ((await incidents())[0]?.state === 'acknowledged' ? true : undefined),
    'it is acknowledged',
    20_000,
  );

  const gate = await command('gate', 'client-api');
  expect(gate.stdout).toContain(`${id} goes on (SEV-2, acknowledged): ACME cannot log in\n`);
  expect((await command('incident', 'resolve', id, '--by', 'ana', '--reason', 'rolled back')).code).toBe(0);
  await eventually(async () => ((await incidents()).length === 0 ? true : undefined), 'it is over', 20_000);
  const resolved = () => pager.received.some(({ json }) => pagerdutyEvent.parse(json).event_action === 'resolve');
  await eventually(() => (resolved() ? true : undefined), 'the page is over', 20_000);

  running.process.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
  expect(running.stderr()).not.toContain(env.PD_SECRET);
  const log = await command('incident', 'log', id);
  expect(log.stdout).toMatch(/\| acknowledged by Zoë in pagerduty \|/);
  const doctor = await command('doctor');
  expect(doctor.stdout).toContain(
    `ok       pagerduty webhook: a secret; POST ${url}/pagerduty, which only a proxy on this machine can pass on\n`,
  );
}, 120_000);

/** What is answered to a body that does not end. */
function tooMuch(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sending = request({ port, host: '127.0.0.1', path: '/pagerduty', method: 'POST' }, (answer) => {
      resolve(answer.statusCode);
      sending.destroy();
    });
    sending.on('error', reject);
    sending.write(Buffer.alloc(300 * 1024));
  });
}
