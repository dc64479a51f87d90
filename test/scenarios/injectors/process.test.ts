import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { injectorsByKind } from '../../../runner/gameday/injectors.ts';
import type { Fault } from '../../../scenarios/fault.ts';
import type { Injector, Undo } from '../../../scenarios/injector.ts';
import { injectorSchema } from '../../../scenarios/injectors/specs.ts';
import { readProcess } from '../../../scenarios/injectors/processes.ts';
import { endMarked, isRunning, marked, sleeper, startOrphan, stateOf } from '../../support/processes.ts';
import { eventually } from '../../support/servers.ts';
import { inject, MAY, PATIENT, problemOf, reread, valueOf } from './answers.ts';

const TARGET = { injector: 'process', name: 'venue' };
const FREEZE = { type: 'freeze' } as const;
const KILL = { type: 'kill' } as const;

let mark: string;
let folder: string;
let count = 0;

beforeEach(async () => {
  mark = `pulsedrill-victim-${process.pid}-${(count += 1)}-`;
  folder = await mkdtemp(join(tmpdir(), 'pulsedrill-process-'));
});
afterEach(async () => {
  endMarked(mark);
  await rm(folder, { recursive: true, force: true });
});

function injectorOf(target: object, context: Parameters<typeof injectorsByKind>[1] = {}): Injector {
  const spec = injectorSchema.parse({ kind: 'process', targets: [{ name: 'venue', ...target }] });
  const injector = injectorsByKind([spec], context).get('process');
  if (injector === undefined) throw new Error('no injector was made');
  return injector;
}

const proofOf = async (injector: Injector, fault: Fault, undo: Undo) =>
  valueOf((await injector.proof?.(TARGET, fault, undo, PATIENT)) ?? { ok: true, value: { bit: null, says: '' } });
const oneVictim = () => eventually(() => (marked(mark).length === 1 ? marked(mark)[0] : undefined), 'one victim runs');

describe('freezing', () => {
  test('stops the process, and another process wakes it up from what was written down', async () => {
    const pid = startOrphan(sleeper(mark));
    const injector = injectorOf({ command: mark });
    const undo = await inject(injector, TARGET, FREEZE);
    expect(stateOf(pid)).toBe('T');
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: false })).toBe(true);
    expect(undo.byHand).toBe(`kill -CONT ${pid}`);
    expect(await proofOf(injector, FREEZE, undo)).toEqual({ bit: true, says: `process ${pid} stands still` });

    const another = injectorOf({ command: 'nothing of the kind' });
    valueOf(await another.undo(undo, PATIENT));
    expect(stateOf(pid)).not.toBe('T');
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: true })).toBe(false);
    valueOf(await another.undo(undo, PATIENT));
  });

  test('of a process that was never frozen, or has ended, is undone by doing nothing', async () => {
    const pid = startOrphan(sleeper(mark));
    const injector = injectorOf({ command: mark });
    const undo = valueOf(await injector.prepare(TARGET, FREEZE, PATIENT));
    valueOf(await injector.undo(undo, PATIENT));
    process.kill(pid, 'SIGKILL');
    await eventually(() => !isRunning(pid) || undefined, 'it has ended');
    valueOf(await injector.undo(undo, PATIENT));
    expect(problemOf(await injector.inject(TARGET, FREEZE, undo, PATIENT, MAY))).toEqual({
      code: 'unknown-target',
      message: `process ${pid} (venue) has ended meanwhile`,
    });
  });

  test('wakes no other process that has the same id by now', async () => {
    const pid = startOrphan(sleeper(mark));
    const injector = injectorOf({ command: mark });
    const undo = reread(valueOf(await injector.prepare(TARGET, FREEZE, PATIENT)));
    const another = { ...undo, body: { ...undo.body, was: { pid, started: '1', boot: 'another' } } };
    process.kill(pid, 'SIGSTOP');
    await eventually(() => (stateOf(pid) === 'T' ? true : undefined), 'it is stopped');
    valueOf(await injector.undo(another, PATIENT));
    expect(stateOf(pid)).toBe('T');
  });

  test('is refused where the process is stopped already', async () => {
    const pid = startOrphan(sleeper(mark));
    process.kill(pid, 'SIGSTOP');
    await eventually(() => (stateOf(pid) === 'T' ? true : undefined), 'it is stopped');
    expect(problemOf(await injectorOf({ command: mark }).check(TARGET, FREEZE, PATIENT))).toEqual({
      code: 'conflict',
      message: `process ${pid} (venue) is stopped already`,
    });
  });
});

describe('a process is found', () => {
  test('by a part of its command line that is nobody else’s', async () => {
    const [first, second] = [startOrphan(sleeper(`${mark}a`)), startOrphan(sleeper(`${mark}b`))];
    const problem = problemOf(await injectorOf({ command: mark }).check(TARGET, FREEZE, PATIENT));
    expect(problem.code).toBe('conflict');
    expect(problem.message).toMatch(/ is part of 2 command lines \(processes \d+, \d+\), not of one$/);
    expect(problem.message).toContain(String(first));
    const undo = valueOf(await injectorOf({ command: `${mark}b` }).prepare(TARGET, FREEZE, PATIENT));
    expect(undo.byHand).toBe(`kill -CONT ${second}`);
  });

  test('by its pid file', async () => {
    const pid = startOrphan(sleeper(mark));
    const pidFile = join(folder, 'venue.pid');
    const injector = injectorOf({ pidFile });
    expect(problemOf(await injector.check(TARGET, FREEZE, PATIENT)).message).toBe('no process of venue runs');
    await writeFile(pidFile, 'soon\n');
    expect(problemOf(await injector.check(TARGET, FREEZE, PATIENT)).message).toBe(`${pidFile} holds no process id`);
    await writeFile(pidFile, `${pid}\n`);
    await inject(injector, TARGET, FREEZE);
    expect(stateOf(pid)).toBe('T');
  });

  test('by its systemd unit, as systemctl answers', async () => {
    const pid = startOrphan(sleeper(mark));
    // Without a systemd to ask: a program of its name that answers in its form.
    const systemctl = join(folder, 'systemctl');
    const answers = `case "$*" in *venue.service) echo LoadState=loaded; echo MainPID=${pid};; *) echo LoadState=not-found; echo MainPID=0;; esac`;
    await writeFile(systemctl, `#!/bin/sh\nprintf '%s\\n' "$*" >>'${folder}/calls'\n${answers}\n`);
    await chmod(systemctl, 0o755);
    const path = `${folder}:/usr/bin:/bin`;
    const undo = valueOf(await injectorOf({ unit: 'venue.service' }, { path }).prepare(TARGET, KILL, PATIENT));
    expect(undo.byHand).toBe('systemctl start -- venue.service');
    expect(await readFile(join(folder, 'calls'), 'utf8')).toBe('show --property=LoadState,MainPID -- venue.service\n');
    expect(problemOf(await injectorOf({ unit: 'nope.service' }, { path }).check(TARGET, KILL, PATIENT))).toEqual({
      code: 'unknown-target',
      message: 'systemd knows of no nope.service',
    });
  });
});

describe('no signal goes to', () => {
  const refusal = async (pid: number, context = {}) => {
    const pidFile = join(folder, 'pid');
    await writeFile(pidFile, String(pid));
    return problemOf(await injectorOf({ pidFile }, context).check(TARGET, FREEZE, PATIENT)).message;
  };

  test('the conductor, those above it, its guardian or the first process', async () => {
    expect(await refusal(process.pid)).toBe(
      `process ${process.pid} (venue) is not touched: it is the conductor itself`,
    );
    expect(await refusal(process.ppid)).toBe(
      `process ${process.ppid} (venue) is not touched: the conductor runs below it`,
    );
    const pid = startOrphan(sleeper(mark));
    expect(await refusal(pid, { spared: new Set([pid]) })).toBe(
      `process ${pid} (venue) is not touched: it is the guardian of this game-day`,
    );
    expect(await refusal(1)).toMatch(/^process 1 \(venue\) is not touched: it is the first process/);
  });

  test('a process of another user, unless the configuration permits it', async ({ skip }) => {
    if (process.geteuid?.() !== 0) skip('only root can start a process as another user');
    const pid = startOrphan(['/bin/sleep', '60.0123'], '65534');
    try {
      await eventually(() => (readProcess(pid)?.uid === 65534 ? true : undefined), 'it belongs to nobody');
      expect(await refusal(pid)).toBe(
        `process ${pid} (venue) is not touched: it belongs to another user (65534), and otherUsers is not set`,
      );
      const pidFile = join(folder, 'pid');
      valueOf(await injectorOf({ pidFile, otherUsers: true }).check(TARGET, FREEZE, PATIENT));
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });
});

describe('killing', () => {
  test('ends the process, and undoing starts it again, once', async () => {
    const pid = startOrphan(sleeper(mark));
    const injector = injectorOf({ command: mark, restart: sleeper(mark) });
    const undo = await inject(injector, TARGET, KILL);
    expect(isRunning(pid)).toBe(false);
    const another = injectorOf({ command: 'nothing of the kind', restart: ['/bin/false'] });
    valueOf(await another.undo(undo, PATIENT));
    expect(await oneVictim()).not.toBe(pid);
    valueOf(await another.undo(undo, PATIENT));
    expect(marked(mark)).toHaveLength(1);
  });

  test('a process that was never killed, or that its supervisor has started, is left as it is', async () => {
    const injector = injectorOf({ command: mark, supervised: true, within: '2s' });
    const pid = startOrphan(sleeper(mark));
    const undo = valueOf(await injector.prepare(TARGET, KILL, PATIENT));
    valueOf(await injector.undo(undo, PATIENT));
    expect(marked(mark)).toEqual([pid]);
    valueOf(await injector.inject(TARGET, KILL, undo, PATIENT, MAY));
    const restarted = startOrphan(sleeper(mark));
    valueOf(await injector.undo(undo, PATIENT));
    expect(marked(mark)).toEqual([restarted]);
  });

  test('a process that nobody starts again is said, with what was tried', async () => {
    startOrphan(sleeper(mark));
    const injector = injectorOf({ command: mark, restart: ['/bin/false'], within: '500ms' });
    const undo = await inject(injector, TARGET, KILL);
    expect(problemOf(await injector.undo(undo, PATIENT))).toEqual({
      code: 'failed',
      message: 'venue is not back within 500 ms: /bin/false: exit code 1',
    });
    expect(undo.byHand).toBe('/bin/false');
  });

  test('is refused where nothing would start it again', async () => {
    startOrphan(sleeper(mark));
    expect(problemOf(await injectorOf({ command: mark }).check(TARGET, KILL, PATIENT))).toEqual({
      code: 'cannot-express',
      message: 'kill on venue: nothing would start it again (restart, or supervised: true)',
    });
  });

  test('hands none of our environment on to what is started again', async () => {
    startOrphan(sleeper(mark));
    process.env['PULSEDRILL_TEST_SECRET'] = 'hush';
    try {
      const injector = injectorOf({ command: mark, restart: sleeper(mark), env: { VENUE: 'xetra' } });
      const undo = await inject(injector, TARGET, KILL);
      valueOf(await injector.undo(undo, PATIENT));
      const environment = await readFile(`/proc/${await oneVictim()}/environ`, 'utf8');
      expect(environment).toContain('VENUE=xetra');
      expect(environment).not.toContain('hush');
    } finally {
      delete process.env['PULSEDRILL_TEST_SECRET'];
    }
  });
});

describe('terminating', () => {
  const STUBBORN = (text: string) => [process.execPath, '-e', `process.on('SIGTERM',()=>undefined);${text}`, mark];

  test('asks the process to end, and undoing waits until it has before it starts it again', async () => {
    const slow = STUBBORN('setTimeout(()=>process.exit(0),700)');
    const pid = startOrphan(slow);
    const injector = injectorOf({ command: mark, restart: sleeper(mark) });
    const undo = valueOf(await injector.prepare(TARGET, { type: 'terminate' }, PATIENT));
    process.kill(pid, 'SIGTERM');
    valueOf(await injector.undo(undo, PATIENT));
    expect(isRunning(pid)).toBe(false);
    expect(marked(mark)).toHaveLength(1);
  });

  test('says so when the process does not end', async () => {
    // One process all the time: a shell that forks has for a moment a child by the same name. What is ignored stays so over exec.
    const pid = startOrphan(['/bin/sh', '-c', 'trap "" TERM; exec tail -f /dev/null "$0" 2>/dev/null', mark]);
    const isDeaf = async () => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      return /^Name:\s+tail$/m.test(status) && /^SigIgn:\s+\w*[4-7c-f]\w{3}$/m.test(status);
    };
    await eventually(async () => (await isDeaf()) || undefined, 'it ignores SIGTERM');
    const injector = injectorOf({ command: mark, supervised: true, endsWithin: '300ms' });
    const undo = valueOf(await injector.prepare(TARGET, { type: 'terminate' }, PATIENT));
    expect(problemOf(await injector.inject(TARGET, { type: 'terminate' }, undo, PATIENT, MAY))).toEqual({
      code: 'failed',
      message: `process ${pid} (venue) has not ended within 300 ms of SIGTERM`,
    });
    valueOf(await injector.undo(undo, PATIENT));
    expect(isRunning(pid)).toBe(true);
  });
});

describe('a crash loop', () => {
  const LOOP = { type: 'crashLoop', everyMs: 100 } as const;

  test('kills the process as often as it is back, and ends with it running', async () => {
    const first = startOrphan(sleeper(mark));
    const injector = injectorOf({ command: mark, restart: sleeper(mark) });
    const undo = await inject(injector, TARGET, LOOP);
    const seen = new Set<number>();
    await eventually(() => {
      for (const pid of marked(mark)) seen.add(pid);
      return seen.size >= 3 ? true : undefined;
    }, 'it was back three times');
    expect((await proofOf(injector, LOOP, undo)).says).toMatch(/^venue was killed \d+ times$/);
    expect(seen.has(first)).toBe(false);
    valueOf(await injector.undo(undo, PATIENT));
    const last = await oneVictim();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(marked(mark)).toEqual([last]);
  });

  test('kills nothing more once the lease is lost', async () => {
    startOrphan(sleeper(mark));
    let may = true;
    const injector = injectorOf({ command: mark, supervised: true });
    const undo = reread(valueOf(await injector.prepare(TARGET, LOOP, PATIENT)));
    valueOf(await injector.inject(TARGET, LOOP, undo, PATIENT, () => Promise.resolve(may)));
    may = false;
    await eventually(async () => {
      const stands = await injector.stands?.(undo, PATIENT);
      return stands?.ok === true && !stands.value ? true : undefined;
    }, 'the loop is over');
    const pid = startOrphan(sleeper(mark));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(marked(mark)).toEqual([pid]);
    valueOf(await injector.undo(undo, PATIENT));
  });
});

test('a fault that is not of processes is refused, and what can be done is told', async () => {
  startOrphan(sleeper(mark));
  expect(problemOf(await injectorOf({ command: mark }).check(TARGET, { type: 'blackhole' }, PATIENT))).toEqual({
    code: 'cannot-express',
    message: 'process cannot express blackhole; it can: freeze, terminate, kill, crashLoop',
  });
  const other = { injector: 'process', name: 'another' };
  expect(problemOf(await injectorOf({ command: mark }).check(other, FREEZE, PATIENT))).toEqual({
    code: 'unknown-target',
    message: 'process another is not among the targets that may be touched: venue',
  });
});
