import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJournal } from '../../runner/gameday/journal.ts';
import { startCli } from '../support/cli.ts';
import { eventually } from '../support/servers.ts';
import { IN_TIME_MS, kill, startConductor } from './conducted.ts';
import { stepsOf, type Ground } from './ground.ts';
import { toxiproxyGround } from './injectors/toxiproxy-ground.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await toxiproxyGround();
});
afterAll(() => ground[Symbol.asyncDispose]());

const left = async () => ground.left();
const isClean = async () => ((await left()).length === 0 ? true : undefined);
const isFaulty = async () => ((await left()).length > 0 ? true : undefined);

test('a conductor that is killed before its guardian has started leaves no fault behind', async () => {
  await using run = await startConductor(ground);
  await eventually(() => existsSync(run.journalPath) || undefined, 'the journal has begun');
  await kill(run.conductor);
  expect(await left()).toEqual([]);
  expect(await run.recover()).toMatchObject({ recovered: [], remaining: [] });
});

test('a conductor that hangs loses its lease, and injects nothing more when it wakes up', async () => {
  await using run = await startConductor(ground, { hold: '60s', leaseMs: 1000 });
  const { conductor, journalPath } = run;
  await eventually(isFaulty, 'a fault is there');
  conductor.kill('SIGSTOP');
  await eventually(isClean, 'the guardian has lifted it', IN_TIME_MS);
  conductor.kill('SIGCONT');
  const outcome = await eventually(
    () => run.lines.find((line) => line.startsWith('outcome ')),
    'the conductor has ended',
  );
  expect(outcome).toMatch(/^outcome aborted the guardian /);
  expect(await left()).toEqual([]);
  const { entries } = await readJournal(journalPath);
  expect(entries.filter((entry) => entry.type === 'injected')).toHaveLength(1);
  expect(entries.some((entry) => entry.type === 'lifted' && entry.by === 'guardian')).toBe(true);
});

test('a conductor that is killed has the lift of its guardian on record, counted from the injection', async () => {
  await using run = await startConductor(ground, { hold: '60s' });
  const injected = async () => {
    const { entries } = await readJournal(run.journalPath);
    return entries.some((entry) => entry.type === 'mark' && entry.what === 'injected') || undefined;
  };
  await eventually(injected, 'a fault is marked');
  await kill(run.conductor);
  await eventually(run.isClosed, 'the guardian has closed the journal', IN_TIME_MS);
  const { entries } = await readJournal(run.journalPath);
  const lift = entries.find((entry) => entry.type === 'mark' && entry.what === 'lifted');
  expect(lift).toMatchObject({ source: 'fault-0', afterMs: expect.any(Number) });
  const liftedAfterMs = lift?.type === 'mark' ? lift.afterMs : null;
  expect(liftedAfterMs).toBeGreaterThan(0);
  expect(entries.at(-1)).toMatchObject({ type: 'finished', verdict: 'aborted', liftedAfterMs });
});

test('a conductor that lives is not recovered from under its hands', async () => {
  await using run = await startConductor(ground, { hold: '60s' });
  await eventually(isFaulty, 'a fault is there');
  expect(await run.recover()).toMatchObject({ recovered: [], remaining: [], running: [expect.stringMatching(/^gd-/)] });
  expect((await left()).length).toBeGreaterThan(0);
});

test('a conductor that loses its guardian undoes everything itself', async () => {
  await using run = await startConductor(ground, { hold: '60s' });
  await eventually(isFaulty, 'a fault is there');
  const pid = await run.guardian();
  process.kill(pid, 'SIGKILL');
  const outcome = await eventually(
    () => run.lines.find((line) => line.startsWith('outcome ')),
    'the conductor has ended',
  );
  expect(outcome).toMatch(/^outcome aborted the guardian /);
  expect(await left()).toEqual([]);
});

test('what a conductor and its guardian leave when both are killed is undone by the next run, before it begins', async () => {
  await using run = await startConductor(ground, { hold: '60s' });
  await eventually(isFaulty, 'a fault is there');
  const pid = await run.guardian();
  process.kill(pid, 'SIGSTOP');
  await kill(run.conductor);
  process.kill(pid, 'SIGKILL');
  const gamedays = dirname(dirname(run.journalPath));
  const configuration = {
    environment: 'production',
    probes: [{ id: 'shop', kind: 'http', service: 'shop', url: 'http://127.0.0.1:9/', every: '1s', timeout: '500ms' }],
    objectives: [],
    listen: false,
    gamedays: { folder: gamedays, environments: ['sandbox'], injectors: [ground.injector] },
  };
  const scenario = {
    id: 'next',
    title: 'The next one',
    objective: 'It begins with what was left.',
    component: 'shop',
    settle: '1s',
    hypothesis: [{ name: 'the shop answers', probe: 'shop', outcome: 'good' }],
    steps: stepsOf(ground, '1s').slice(0, 3),
  };
  await writeFile(join(gamedays, 'next.json'), JSON.stringify(scenario));
  await writeFile(join(gamedays, 'pulsedrill.config.json'), JSON.stringify(configuration));
  await using next = startCli(['gameday', 'run', './next.json'], { folder: gamedays });
  const { code, stderr } = await next.ended;
  expect(stderr).toMatch(/^gd-\S+-kill-\S+: fault-0 on feed was left behind and is undone$/m);
  expect(await left()).toEqual([]);
  // Not of this environment: the exercise itself is refused.
  expect(code).toBe(4);
}, 60_000);

test('a conductor that ends well leaves no guardian behind', async () => {
  await using run = await startConductor(ground);
  const { conductor, lines } = run;
  const pid = await run.guardian();
  await once(conductor, 'exit');
  expect(conductor.exitCode).toBe(0);
  expect(lines.at(-1)).toMatch(/^outcome held .*; fault-0 had no effect: nothing crossed the fault; /);
  expect(await left()).toEqual([]);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
