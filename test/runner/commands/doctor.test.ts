import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../runner/doctor/finding.ts';
import { listening } from '../../probes/context.ts';
import { startChronyd } from '../../support/chronyd.ts';
import { eventually, freePort, isMissing } from '../../support/servers.ts';
import { command } from './support.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function configure(more: object): void {
  const probes = [{ id: 'status', kind: 'http', service: 'api', url: 'http://127.0.0.1:1/' }];
  writeFileSync(join(folder, 'pulsedrill.config.json'), JSON.stringify({ probes, ...more }));
}

/** A command that prints what chrony would of a clock that is that much slow. */
const chrony = (slowS: number): readonly string[] => [
  process.execPath,
  '-e',
  `console.log("A9,ntp,3,0,${slowS},0,0,0,0,0,0.0002,0.0001,1,Normal")`,
];

describe('doctor --clock', () => {
  it('says without a configuration that nothing knows the clock of a machine without chrony, and is no pass', async () => {
    const { code, printed } = await command(folder, 'doctor', '--clock', '--json');
    const [finding]: Finding[] = JSON.parse(printed);
    expect(finding?.check).toBe('clock');
    // Where this runs a daemon may be there; what it says decides.
    expect(code).toBe({ ok: 0, warn: 0, fail: 1, unknown: 3 }[finding?.verdict ?? 'ok']);
  });

  it.each([
    [0.001, 'ok', 0],
    [0.026, 'warn', 0],
    [-0.041, 'fail', 1],
    [0.051, 'fail', 1],
  ])('of a clock that is %d s slow says %s, exit %d', async (slowS, verdict, exit) => {
    configure({ clock: { command: chrony(slowS) } });
    const { code, printed } = await command(folder, 'doctor', '--clock');
    expect(printed.split(' ')[0]).toBe(verdict);
    expect(code).toBe(exit);
  });

  it('holds the clock to limits of the user’s own', async () => {
    configure({ clock: { command: chrony(0.003), warning: '1ms', severe: '2ms', quarantine: '5ms' } });
    const { code, printed } = await command(folder, 'doctor', '--clock');
    expect(printed).toBe(
      'fail     clock: 3.000 ms slow, ± 0.200 ms, stratum 3 by ntp, leap normal; at 2 ms or more; freshness is only as good as this clock: let chronyd follow a good source',
    );
    expect(code).toBe(1);
  });

  it.skipIf(isMissing('chronyd', 'chrony'))('asks a live daemon', async () => {
    await using daemon = await startChronyd(60);
    configure({ clock: { command: daemon.command } });
    const printed = await eventually(async () => {
      const ran = await command(folder, 'doctor', '--clock');
      return ran.code === 1 ? ran.printed : undefined;
    }, 'the daemon follows its server');
    expect(printed).toMatch(/^fail {5}clock: (?:5|6)\d\.\d{3} ms slow, .* beyond 50 ms: ages cannot be measured here/);
  });
});

describe('doctor', () => {
  async function found(): Promise<{ code: number; findings: ReadonlyMap<string, Finding> }> {
    const { code, printed } = await command(folder, 'doctor', '--json');
    const findings: Finding[] = JSON.parse(printed);
    return { code, findings: new Map(findings.map((finding) => [finding.check, finding])) };
  }

  it('finds everything in order: one line each, exit 0', async () => {
    await using target = await listening(createServer());
    await using http = await listening(
      createHttpServer((request, response) => {
        if (request.method === 'POST') response.statusCode = 204;
        response.end();
      }),
    );
    const url = `http://127.0.0.1:${http.port}`;
    configure({
      probes: [
        { id: 'status', kind: 'http', service: 'api', url: `http://127.0.0.1:${target.port}/status` },
        { id: 'orders', kind: 'http', service: 'api', url: `http://127.0.0.1:${target.port}/orders` },
      ],
      clock: { command: chrony(0) },
      loopTolerance: '10s',
      store: { influx: { url, database: 'd' } },
      gamedays: { injectors: [{ kind: 'toxiproxy', url, proxies: ['feed'] }] },
    });
    const { code, printed } = await command(folder, 'doctor');
    const lines = printed.trim().split('\n');
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'ok       clock',
      'ok       event loop',
      `ok       ledger ${join(folder, 'pulsedrill.db')}`,
      `ok       InfluxDB http`,
      'ok       InfluxDB writing',
      'ok       InfluxDB lag',
      `ok       fault proxy http`,
      `ok       target http`,
    ]);
    expect(lines.at(-1)).toMatch(/: connected in \d+\.\d ms \(status, orders\)$/);
    expect(code).toBe(0);
  });

  it('finds everything out of order, each with its reason, exit 1', async () => {
    const dead = await freePort();
    configure({
      probes: [
        { id: 'ticks', kind: 'market-data', service: 'feed', url: `ws://127.0.0.1:${dead}/ws` },
        { id: 'name', kind: 'http', service: 'api', url: 'https://no-such-host.invalid/' },
      ],
      clock: { command: ['no-such-chronyc'] },
      store: { ledger: '/proc/none/pulsedrill.db', influx: { url: `http://127.0.0.1:${dead}`, database: 'd' } },
      gamedays: { injectors: [{ kind: 'toxiproxy', url: `http://127.0.0.1:${dead}`, proxies: ['feed'] }] },
    });
    const { code, findings } = await found();
    expect(code).toBe(1);
    const refused = `connect ECONNREFUSED 127.0.0.1:${dead}`;
    expect(findings.get('clock')?.verdict).toBe('unknown');
    expect(findings.get(`target ws://127.0.0.1:${dead}`)?.found).toBe(`connect-refused: ${refused} (ticks)`);
    expect(findings.get('target https://no-such-host.invalid')?.found).toMatch(/^dns: .* \(name\)$/);
    expect(findings.get(`InfluxDB http://127.0.0.1:${dead}`)).toMatchObject({ verdict: 'fail', found: refused });
    expect(findings.get(`fault proxy http://127.0.0.1:${dead}`)).toMatchObject({
      verdict: 'fail',
      found: refused,
      mend: 'no game-day can inject by toxiproxy; "pulsedrill toxiproxy" starts one',
    });
  });

  it('finds the browser that a probe needs', async () => {
    configure({
      probes: [{ id: 'page', kind: 'browser', service: 'api', url: 'http://127.0.0.1:1/', executable: '/opt/own' }],
    });
    expect((await found()).findings.get('browser')).toMatchObject({
      verdict: 'fail',
      found: '/opt/own: not a program',
    });
  });
});
