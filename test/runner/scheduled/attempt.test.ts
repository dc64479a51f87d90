import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cronRuns } from '../../../runner/engine/cron-runs.ts';
import { attempter, type AttemptOptions } from '../../../runner/scheduled/attempt.ts';
import type { Plan } from '../../../runner/scheduled/occurrence.ts';
import { marked } from '../../support/processes.ts';
import { eventually } from '../../support/servers.ts';
import { slowServer, type SlowServer } from '../../support/slow-server.ts';

const MAIN = join(import.meta.dirname, '../../../runner/main.ts');
const CANARY = 'http://canary-9d41.invalid/';

const plan: Plan = {
  id: 'weekly',
  scenario: './nothing-there.yaml',
  title: 'Nothing there',
  component: 'client-api',
  timeboxMs: 60_000,
  timezone: 'UTC',
  runs: cronRuns('0 10 * * 2', 'UTC'),
  lead: null,
  roles: {},
  announceMs: 1,
  dryRunMs: 1,
  remindMs: 1,
  runsAnyway: false,
};

const scenario = {
  id: 'nothing-there',
  title: 'Nothing there',
  objective: 'A target that nobody has is an objection.',
  component: 'client-api',
  settle: '2s',
  hypothesis: [{ name: 'status answers', probe: 'status', outcome: 'good' }],
  watch: [{ id: 'gauge', kind: 'http', url: '${GAUGE_URL}', every: '1s', timeout: '500ms' }],
  steps: [
    {
      inject: {
        id: 'slow',
        fault: { type: 'latency', delay: '100ms' },
        target: { injector: 'toxiproxy', name: 'edge' },
      },
    },
    { lift: { fault: 'slow' } },
  ],
};

let folder = '';
let server: SlowServer;
let said: string[] = [];
beforeEach(async () => {
  said = [];
  server = await slowServer();
  folder = mkdtempSync(join(tmpdir(), 'attempt-'));
  writeFileSync(join(folder, 'nothing-there.yaml'), JSON.stringify(scenario));
  const document = {
    environment: 'staging',
    loopTolerance: '10s',
    probes: [{ id: 'status', kind: 'http', service: 'client-api', url: server.url, every: '1s', timeout: '900ms' }],
    objectives: [],
    gamedays: {
      injectors: [{ kind: 'toxiproxy', url: 'http://127.0.0.1:1', proxies: ['edge'] }],
      schedule: [
        { id: 'weekly', scenario: './nothing-there.yaml', cron: '0 10 * * 2', set: { GAUGE_URL: server.url } },
      ],
    },
  };
  writeFileSync(join(folder, 'drill.yaml'), JSON.stringify(document));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function attempt(more: Partial<AttemptOptions> = {}) {
  return attempter({
    main: MAIN,
    execPath: process.execPath,
    execArgv: [],
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: folder },
    folder,
    config: 'drill.yaml',
    onLine: (line) => said.push(line),
    ...more,
  });
}

const never = new AbortController().signal;

describe('a try of a scheduled game-day', { timeout: 60_000 }, () => {
  it('is a check of its own process, with the values of the schedule, and says what speaks against it', async () => {
    const tried = await attempt()(plan, 'check', never);
    expect(tried).toMatchObject({ ok: false, verdict: 'refused', gameday: null });
    expect(tried.detail).toMatch(/^target slow: /);
    expect(said.join('\n')).toContain('check ok: watch gauge: it answers');
    expect(said.join('\n')).toContain('check ok: baseline: the hypothesis holds');
  });

  it('fails with the last thing said when there is no outcome', async () => {
    const tried = await attempt()({ ...plan, id: 'monthly' }, 'run', never);
    expect(tried).toEqual({
      ok: false,
      verdict: 'failed',
      detail: 'it ended by exit code 2 without an outcome: --scheduled: expected one of weekly, got "monthly"',
      gameday: null,
    });
  });

  it('fails when it cannot even be started', async () => {
    const tried = await attempt({ execPath: join(folder, 'no-such-node') })(plan, 'check', never);
    expect(tried.detail).toMatch(/^it could not be started: spawn .* ENOENT$/);
  });

  it('shows no value of the schedule to whoever lists processes', async () => {
    const tried = attempt({
      execPath: '/bin/sh',
      execArgv: ['-c', 'echo "$@" >&2; exit 9', 'sh'],
      main: CANARY,
    })(plan, 'check', never);
    await tried;
    expect(said.join('\n')).toContain('gameday check --scheduled weekly --json --config drill.yaml');
    expect(said.join('\n')).not.toContain(server.url);
  });

  it('ends when whoever began it is killed', async () => {
    const config = join(folder, 'drill.yaml');
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { attempter } from ${JSON.stringify(join(import.meta.dirname, '../../../runner/scheduled/attempt.ts'))};
         const plan = { id: 'weekly' };
         const options = ${JSON.stringify({ main: MAIN, execPath: process.execPath, execArgv: [], folder, config })};
         attempter({ ...options, env: process.env, onLine: (line) => console.log(line) })(plan, 'check', new AbortController().signal);`,
      ],
      { env: { PATH: process.env['PATH'] ?? '', TMPDIR: folder }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let out = '';
    parent.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    await eventually(() => (out.includes('check ok: environment') ? true : undefined), 'its check has begun', 20_000);
    expect(marked(config)).toHaveLength(2);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await eventually(() => (marked(config).length === 0 ? true : undefined), 'the check has ended', 20_000);
  });
});
