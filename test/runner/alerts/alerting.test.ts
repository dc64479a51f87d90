/** The whole way: a target that fails, a budget that burns, somebody who is told, a restart in between, and the end of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { cli, startCli } from '../../support/cli.ts';
import { eventually } from '../../support/servers.ts';
import { startHook, type Hook } from './hook.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alerting-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const event = z.object({
  type: z.string(),
  data: z.object({ dedupeKey: z.string(), severity: z.string(), as: z.string(), objective: z.string().nullable() }),
});
/** What was said of one alert: that it got worse is said as well, once. */
const said = ({ type, data }: z.infer<typeof event>) => `${type} ${data.dedupeKey} ${data.severity} ${data.as}`;
/** Of the objective; the machine's clock is none of this test's business. */
const told = ({ received }: Hook) =>
  received.map(({ json }) => event.parse(json)).filter(({ data }) => data.objective === 'availability');

it('a failing target is told once, stays told over a restart, and is resolved when it is well again', async () => {
  let status = 500;
  const target = createServer((_, response) => response.writeHead(status).end('{}'));
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  const address = target.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  await using hook = await startHook();
  writeFileSync(
    join(folder, 'pulsedrill.config.yaml'),
    `
timeScale: 600
listen: false
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:${port}/", every: 100ms, yellow: 90ms, fastest: 50ms, timeout: 80ms }
objectives:
  - { id: availability, service: client-api, target: "0.9", window: 6h, sli: availability, probes: [status], minEvents: 10 }
notify:
  - { kind: webhook, url: "${hook.url}/hook", secret: "\${HOOK_SECRET}" }
`,
  );
  const env = { HOOK_SECRET: 'a-secret-of-some-length' };
  try {
    await using first = startCli(['run'], { folder, env });
    await eventually(() => (told(hook).length > 0 ? true : undefined), 'somebody is told', 40_000);
    first.process.kill('SIGKILL');
    await first.ended;
    const [firing] = told(hook);
    expect(firing).toMatchObject({ type: 'alert.firing', data: { severity: expect.stringMatching(/^SEV-[123]$/) } });
    expect(told(hook)).toHaveLength(new Set(told(hook).map(said)).size);

    await using second = startCli(['run'], { folder, env });
    await new Promise((resolve) => setTimeout(resolve, 3000));
    status = 200;
    const key = firing?.data.dedupeKey;
    const isOver = () => told(hook).some(({ type, data }) => type === 'alert.resolved' && data.dedupeKey === key);
    await eventually(() => (isOver() ? true : undefined), 'its end is told', 60_000);
    // At least once: one that was killed before it had written down that it was said says it again, by the same id.
    const firings = hook.received
      .map(({ json, headers }) => ({ told: event.parse(json), id: headers['webhook-id'] }))
      .filter(({ told: { type, data } }) => type === 'alert.firing' && data.dedupeKey === key);
    const ids = new Set(firings.map(({ id }) => id));
    expect(ids.size).toBe(new Set(firings.map(({ told: { data } }) => `${data.severity} ${data.as}`)).size);
    second.process.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0 });
    expect(second.stderr()).not.toContain(env.HOOK_SECRET);

    const checked = await cli(['doctor', '--notify'], { folder, env });
    expect(checked).toMatchObject({ code: 0, stdout: 'ok       notifier webhook: took a test notice and its end\n' });
  } finally {
    target.closeAllConnections();
    target.close();
  }
}, 150_000);
