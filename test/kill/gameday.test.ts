import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../runner/clock.ts';
import { seededRandom } from '../../scenarios/random.ts';
import { makeGamedayFolder } from '../../runner/gameday/gameday-id.ts';
import { injectorsByKind } from '../../runner/gameday/injectors.ts';
import { isFinished, readJournal } from '../../runner/gameday/journal.ts';
import { recover } from '../../runner/gameday/recover.ts';
import { spawnToxiproxy } from '../../scenarios/toxiproxy/spawn.ts';
import type { SpawnedToxiproxy } from '../../scenarios/toxiproxy/spawn.ts';
import { eventually } from '../support/servers.ts';

const KILLS = Number(process.env['PULSEDRILL_KILLS'] ?? '3');
/** The promise is five seconds; a machine with one core and many tests is given as much again. */
const IN_TIME_MS = 10_000;

let proxy: SpawnedToxiproxy;
let folder: string;
let child: ChildProcess | null = null;
let guardianPid: number | null = null;

beforeAll(async () => {
  const feed = { name: 'feed', listen: '127.0.0.1:0', upstream: '127.0.0.1:9', enabled: true };
  proxy = await spawnToxiproxy({ port: 0, seed: 1, config: [feed] });
});
afterAll(() => proxy.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulsedrill-kill-'));
});
afterEach(async () => {
  if (child !== null) await kill(child);
  if (guardianPid !== null) end(guardianPid);
  await recoverHere();
  child = null;
  guardianPid = null;
  await rm(folder, { recursive: true, force: true });
});

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

interface Run {
  readonly conductor: ChildProcess;
  readonly journalPath: string;
  readonly lines: string[];
}

async function start(count: number, hold = '150ms', leaseMs = 3000): Promise<Run> {
  const { gamedayId, journalPath } = await makeGamedayFolder(folder, `kill-${count}`, 1_795_000_000_000);
  const file = join(import.meta.dirname, 'conductor-child.ts');
  const conductor = spawn(process.execPath, [file, proxy.url, gamedayId, journalPath, hold, String(leaseMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = conductor;
  const lines: string[] = [];
  createInterface({ input: conductor.stdout }).on('line', (line) => {
    lines.push(line);
    if (line.startsWith('guardian ')) guardianPid = Number(line.slice(9));
  });
  return { conductor, journalPath, lines };
}

async function kill(conductor: ChildProcess): Promise<void> {
  if (conductor.exitCode !== null || conductor.signalCode !== null) return;
  const gone = once(conductor, 'exit');
  conductor.kill('SIGKILL');
  await gone;
}

const proxyState = z.object({ enabled: z.boolean(), toxics: z.array(z.object({ name: z.string() })) });

/** What is left of any fault; [] when there is nothing. */
async function left(): Promise<readonly string[]> {
  const response = await fetch(`${proxy.url}/proxies/feed`);
  const state = proxyState.parse(await response.json());
  return [...(state.enabled ? [] : ['disabled']), ...state.toxics.map(({ name }) => name)];
}

const isClean = async (): Promise<true | undefined> => ((await left()).length === 0 ? true : undefined);
const isFaulty = async (): Promise<true | undefined> => ((await left()).length > 0 ? true : undefined);

const recoverHere = () =>
  recover({
    folder,
    injectorFor: (kind) =>
      injectorsByKind([{ kind: 'toxiproxy', url: proxy.url, proxies: ['feed'] }]).get(kind) ?? null,
    clock: systemClock,
  });

async function isClosed(journalPath: string): Promise<true | undefined> {
  return isFinished((await readJournal(journalPath)).entries) ? true : undefined;
}

describe('a conductor that is killed', () => {
  const seed = Number(process.env['PULSEDRILL_SEED'] ?? '20261123');
  const random = seededRandom(seed);
  test.each(Array.from({ length: KILLS }, (_, count) => ({ count, afterMs: Math.round(random() * 1200) })))(
    `leaves no fault behind when it happens $afterMs ms after its guardian's start (seed ${seed})`,
    async ({ count, afterMs }) => {
      const { conductor, journalPath, lines } = await start(count);
      await eventually(() => lines[0], 'the guardian has started');
      await delay(afterMs);
      await kill(conductor);
      await eventually(isClean, 'nothing is left of any fault', IN_TIME_MS);
      await eventually(() => isClosed(journalPath), 'the guardian has closed the journal', IN_TIME_MS);
      expect(await left()).toEqual([]);
      expect(await recoverHere()).toEqual({ recovered: [], remaining: [], running: [] });
    },
  );

  test('leaves no fault behind when it happens before its guardian has started', async () => {
    const { conductor, journalPath } = await start(0);
    await eventually(() => existsSync(journalPath) || undefined, 'the journal has begun');
    await kill(conductor);
    expect(await left()).toEqual([]);
    expect(await recoverHere()).toMatchObject({ recovered: [], remaining: [] });
  });

  test('together with its guardian leaves its fault to be recovered from the journal', async () => {
    const { conductor, journalPath } = await start(0, '60s');
    await eventually(isFaulty, 'a fault is there');
    const pid = await eventually(() => guardianPid ?? undefined, 'the guardian has started');
    process.kill(pid, 'SIGSTOP');
    await kill(conductor);
    process.kill(pid, 'SIGKILL');
    expect((await left()).length).toBeGreaterThan(0);

    const first = await recoverHere();
    expect(first).toMatchObject({
      recovered: [{ fault: 'slow', injector: 'toxiproxy', target: 'feed' }],
      remaining: [],
    });
    expect(await left()).toEqual([]);
    expect(await recoverHere()).toEqual({ recovered: [], remaining: [], running: [] });
    const { entries } = await readJournal(journalPath);
    expect(entries.at(-1)).toMatchObject({ type: 'finished', verdict: 'aborted', passed: false });
  });
});

test('a conductor that hangs loses its lease, and injects nothing more when it wakes up', async () => {
  const { conductor, journalPath, lines } = await start(0, '60s', 1000);
  await eventually(isFaulty, 'a fault is there');
  conductor.kill('SIGSTOP');
  await eventually(isClean, 'the guardian has lifted it', IN_TIME_MS);
  conductor.kill('SIGCONT');
  const outcome = await eventually(() => lines.find((line) => line.startsWith('outcome ')), 'the conductor has ended');
  expect(outcome).toMatch(/^outcome aborted the guardian /);
  expect(await left()).toEqual([]);
  const { entries } = await readJournal(journalPath);
  expect(entries.filter((entry) => entry.type === 'injected')).toHaveLength(1);
  expect(entries.some((entry) => entry.type === 'lifted' && entry.by === 'guardian')).toBe(true);
});

test('a conductor that lives is not recovered from under its hands', async () => {
  await start(0, '60s');
  await eventually(isFaulty, 'a fault is there');
  expect(await recoverHere()).toMatchObject({ recovered: [], remaining: [], running: [expect.stringMatching(/^gd-/)] });
  expect((await left()).length).toBeGreaterThan(0);
});

test('a conductor that loses its guardian undoes everything itself', async () => {
  const { lines } = await start(0, '60s');
  await eventually(isFaulty, 'a fault is there');
  const pid = await eventually(() => guardianPid ?? undefined, 'the guardian has started');
  process.kill(pid, 'SIGKILL');
  const outcome = await eventually(() => lines.find((line) => line.startsWith('outcome ')), 'the conductor has ended');
  expect(outcome).toMatch(/^outcome aborted the guardian /);
  expect(await left()).toEqual([]);
});

test('a conductor that ends well leaves no guardian behind', async () => {
  const { conductor, lines } = await start(0);
  await once(conductor, 'exit');
  expect(conductor.exitCode).toBe(0);
  expect(lines.at(-1)).toMatch(/^outcome no-effect nothing crossed the fault, so nothing was learned; expected /);
  expect(await left()).toEqual([]);
  expect(guardianPid).not.toBeNull();
  expect(() => process.kill(guardianPid ?? 0, 0)).toThrow('ESRCH');
});
