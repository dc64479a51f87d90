import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENTER, LEAVE } from '../../../runner/live/canvas.ts';
import { startToxiproxy } from '../../../scenarios/toxiproxy/server.ts';
import { atTerminal } from '../../support/pseudo-terminal.ts';
import { eventually } from '../../support/servers.ts';
import { slowServer, type SlowServer } from '../../support/slow-server.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MAIN = join(ROOT, 'runner/main.ts');

let folder = '';
let server: SlowServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'terminal-'));
  server = await slowServer();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A game-day that holds its fault for a minute; a probe that answers and a proxy that nothing goes through. */
async function prepare() {
  const toxiproxy = await startToxiproxy({ port: 0, seed: 1 });
  await fetch(`${toxiproxy.url}/proxies`, {
    method: 'POST',
    body: JSON.stringify({ name: 'edge', listen: '127.0.0.1:0', upstream: '127.0.0.1:9' }),
  });
  const configuration = {
    environment: 'staging',
    listen: false,
    loopTolerance: '10s',
    probes: [{ id: 'status', kind: 'http', service: 'shop', url: server.url, every: '1s', timeout: '900ms' }],
    objectives: [],
    gamedays: { injectors: [{ kind: 'toxiproxy', url: toxiproxy.url, proxies: ['edge'] }] },
  };
  const scenario = {
    id: 'held',
    title: 'A fault that is held',
    objective: 'There is time to look at it.',
    component: 'shop',
    settle: '20s',
    hypothesis: [{ name: 'the shop answers', probe: 'status', outcome: 'good' }],
    steps: [
      {
        inject: {
          id: 'slow',
          fault: { type: 'latency', delay: '1s' },
          target: { injector: 'toxiproxy', name: 'edge' },
        },
      },
      { hold: { for: '60s' } },
      { lift: { fault: 'slow' } },
    ],
  };
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), JSON.stringify(configuration));
  writeFileSync(join(folder, 'held.yaml'), JSON.stringify(scenario));
  return {
    async toxics(): Promise<readonly unknown[]> {
      const found: unknown = await (await fetch(`${toxiproxy.url}/proxies/edge/toxics`)).json();
      return Array.isArray(found) ? found : [found];
    },
    [Symbol.asyncDispose]: () => toxiproxy[Symbol.asyncDispose](),
  };
}

const RUN = [MAIN, 'gameday', 'run', './held.yaml'];

describe('a game-day at a terminal', { timeout: 90_000 }, () => {
  it('shows its picture, hears what is typed, and gives the terminal back with what was said when it is aborted', async () => {
    await using world = await prepare();
    const terminal = atTerminal(folder, RUN);
    await eventually(() => (terminal.output().includes('slow, for') ? true : undefined), 'the fault is shown', 45_000);
    terminal.type('diagnosed the edge lags\n');
    await eventually(() => (/diagnosed .*by ana/.test(terminal.output()) ? true : undefined), 'the mark is shown');
    terminal.type('abort enough seen\n');
    const { code, output } = await terminal.ended;
    expect(code).toBe(1);
    expect(output.split(ENTER)).toHaveLength(2);
    const [picture = '', rest = ''] = output.split(LEAVE);
    expect(picture).toContain('Ctrl-C stops and undoes');
    expect(rest).toContain('injected: slow\r\n');
    expect(rest).toContain('mark diagnosed ');
    expect(rest).toContain('aborted: aborted by ana: enough seen\r\n');
    expect(rest).not.toContain('\u001B[');
    expect(await world.toxics()).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('gives the terminal back after %s', async (signal) => {
    await using world = await prepare();
    const terminal = atTerminal(folder, RUN);
    await eventually(() => (terminal.output().includes('slow, for') ? true : undefined), 'the fault is shown', 45_000);
    process.kill(await terminal.pid(), signal);
    const { output } = await terminal.ended;
    const [, rest = ''] = output.split(LEAVE);
    expect(rest).toContain(`aborted: stopped by ${signal}\r\n`);
    expect(await world.toxics()).toEqual([]);
  });

  it('prints lines and no escape sequence where the terminal knows none', async () => {
    await using world = await prepare();
    const terminal = atTerminal(folder, RUN, { TERM: 'dumb' });
    await eventually(() => (terminal.output().includes('injected: slow') ? true : undefined), 'it is injected', 45_000);
    process.kill(await terminal.pid(), 'SIGTERM');
    expect((await terminal.ended).output).not.toContain('\u001B');
    expect(await world.toxics()).toEqual([]);
  });

  it('goes on while the terminal is stopped', async () => {
    await using world = await prepare();
    const terminal = atTerminal(folder, RUN);
    await eventually(
      () => (terminal.output().includes('DURING') ? undefined : terminal.output().includes('BEFORE') || undefined),
      'it is shown',
      45_000,
    );
    terminal.type('\u0013');
    await eventually(async () => (await world.toxics()).length > 0 || undefined, 'it is injected', 45_000);
    const before = terminal.output().length;
    terminal.type('\u0003');
    await eventually(async () => (await world.toxics()).length === 0 || undefined, 'it is undone');
    terminal.type('\u0011');
    const { output } = await terminal.ended;
    expect(output.length).toBeGreaterThan(before);
    expect(output.split(LEAVE)[1]).toContain('aborted: stopped by SIGINT\r\n');
  });
});

describe('the terminal', { timeout: 30_000 }, () => {
  const script = (then: string): readonly string[] => [
    '--input-type=module',
    '-e',
    `import { openTerminal } from "${ROOT}/runner/terminal.ts";
     const terminal = openTerminal();
     terminal.write(${JSON.stringify(ENTER)});
     ${then}`,
  ];

  it.each([
    ['a throw that nobody catches', 'throw new Error("lost");'],
    ['a rejection that nobody hears', 'await Promise.reject(new Error("lost"));'],
    ['an exit in the middle of it', 'process.exit(7);'],
    ['its end', 'terminal.restore(); terminal.restore();'],
  ])('is given back once after %s', async (_what, then) => {
    const { output } = await atTerminal(folder, script(then)).ended;
    expect(output.indexOf(ENTER)).toBeGreaterThanOrEqual(0);
    expect(output.split(LEAVE)).toHaveLength(2);
  });

  it('counts as 80 by 24 where nobody has told it its size', async () => {
    const asked = script('terminal.restore(); console.log(JSON.stringify(terminal.size()));');
    const { output } = await atTerminal(folder, asked, {}, { columns: 0, rows: 0 }).ended;
    expect(output).toContain('{"columns":80,"rows":24}');
  });
});
