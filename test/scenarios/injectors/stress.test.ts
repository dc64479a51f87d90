import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { injectorsByKind } from '../../../runner/gameday/injectors.ts';
import type { Fault } from '../../../scenarios/fault.ts';
import type { Injector } from '../../../scenarios/injector.ts';
import { injectorSchema } from '../../../scenarios/injectors/specs.ts';
import { carriers, kill } from '../../../scenarios/injectors/marks.ts';
import { planOf } from '../../../scenarios/injectors/stress/plan.ts';
import type { StressTarget } from '../../../scenarios/injectors/stress/spec.ts';
import { eventually, isMissing } from '../../support/servers.ts';
import { inject, MAY, PATIENT, problemOf, valueOf } from './answers.ts';

const TARGET = { injector: 'stress', name: 'here' };
const CPU = { type: 'cpuLoad', workers: 1, percent: 10 } as const;

let folder: string;
let marks: string[] = [];
let count = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulsedrill-stress-test-'));
});
afterEach(async () => {
  for (const { pid } of marks.flatMap((mark) => carriers(mark))) kill(pid);
  marks = [];
  await rm(folder, { recursive: true, force: true });
});

function injectorOf(target: object = {}, context: Parameters<typeof injectorsByKind>[1] = {}): Injector {
  const spec = injectorSchema.parse({ kind: 'stress', targets: [{ name: 'here', folder, ...target }] });
  const gameday = `stress-${process.pid}-${(count += 1)}`;
  marks.push(`${gameday}/stress/1`);
  const injector = injectorsByKind([spec], { gameday, ...context }).get('stress');
  if (injector === undefined) throw new Error('no injector was made');
  return injector;
}

const UNPROVEN = { ok: true, value: { bit: null, says: '' } } as const;
const running = () => marks.flatMap((mark) => carriers(mark));
const commands = () => running().map(({ argv }) => argv.join(' '));

describe.skipIf(isMissing('stress-ng', 'stress-ng'))('stress-ng', () => {
  test.each<[Fault, RegExp, RegExp]>([
    [CPU, / --timeout 60s --oomable .*--cpu 1 --cpu-load 10$/, /^stress-ng has used \d+\.\d s of processor time$/],
    [
      { type: 'memoryPressure', percent: 0.5 },
      / --vm 1 --vm-bytes \d+m --vm-keep --vm-hang 0 --vm-populate$/,
      /^stress-ng holds \d+ MB of \d+ MB asked for$/,
    ],
    [
      { type: 'ioPressure', workers: 1, megabytes: 2 },
      / --hdd 1 --hdd-bytes 2m --temp-path /,
      /^stress-ng has written \d+ MB$/,
    ],
  ])('does $type, and another process ends all of it', async (fault, commandLine, proven) => {
    const injector = injectorOf({ longest: '1m' });
    const undo = await inject(injector, TARGET, fault);
    expect(commands()[0]).toMatch(commandLine);
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: false })).toBe(true);
    await eventually(async () => {
      const { bit, says } = valueOf((await injector.proof?.(TARGET, fault, undo, PATIENT)) ?? UNPROVEN);
      return bit === true && proven.test(says) ? true : undefined;
    }, `it is seen to have an effect: ${proven.source}`);
    expect(undo.byHand).toMatch(/^pkill -KILL -f (\S+)\/; rm -rf \1$/);
    valueOf(await injectorOf().undo(undo, PATIENT));
    expect(running()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: true })).toBe(false);
    valueOf(await injectorOf().undo(undo, PATIENT));
  });

  test('ends by itself when everybody who could end it is gone', async () => {
    await inject(injectorOf({ longest: '1s' }), TARGET, CPU);
    expect(running().length).toBeGreaterThan(1);
    await eventually(() => running().length === 0 || undefined, 'it has ended');
  });

  test('takes the memory that it was told to, once, and holds it', async () => {
    const undo = await inject(injectorOf(), TARGET, { type: 'memoryPressure', percent: 0.5 });
    const asked = Number(/--vm-bytes (\d+)m/.exec(commands()[0] ?? '')?.[1]);
    expect(asked).toBeGreaterThan(0);
    const heldMB = async () => {
      const held = await Promise.all(
        running().map(async ({ pid }) => /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))),
      );
      return Math.max(...held.map((match) => Number(match?.[1] ?? 0) / 1024));
    };
    await eventually(async () => ((await heldMB()) >= asked * 0.95 ? true : undefined), `${asked} MB are held`);
    expect(await heldMB()).toBeLessThan(asked * 1.2 + 16);
    valueOf(await injectorOf().undo(undo, PATIENT));
  });

  test('is niced where the configuration says so', async () => {
    await inject(injectorOf({ nice: 19 }), TARGET, CPU);
    const [first] = running();
    const stat = await readFile(`/proc/${first?.pid}/stat`, 'utf8');
    expect(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]).toBe('19');
  });

  test('is not started without a lease, and its folder is taken back', async () => {
    const injector = injectorOf();
    const undo = valueOf(await injector.prepare(TARGET, CPU, PATIENT));
    const may = () => Promise.resolve(false);
    expect(problemOf(await injector.inject(TARGET, CPU, undo, PATIENT, may)).message).toBe(
      'here: not injected, the lease is over',
    );
    expect(running()).toEqual([]);
    valueOf(await injector.undo(undo, PATIENT));
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that cannot begin is said, with why', async () => {
    const injector = injectorOf();
    const undo = valueOf(await injector.prepare(TARGET, CPU, PATIENT));
    const nowhere = join(folder, 'none', 'pulsedrill-stress-x');
    const broken = { ...undo, body: { ...undo.body, folder: nowhere } };
    expect(problemOf(await injector.inject(TARGET, CPU, broken, PATIENT, MAY)).message).toBe(
      `here: ${nowhere}: ENOENT: no such file or directory, mkdir '${nowhere}'`,
    );
  });
});

test('where there is no stress-ng the check says so', async () => {
  expect(problemOf(await injectorOf({}, { path: '/nowhere' }).check(TARGET, CPU, PATIENT))).toEqual({
    code: 'unreachable',
    message: 'stress-ng: spawn stress-ng ENOENT (stress-ng is a package of its own)',
  });
});

test('undoing deletes no folder that is not the injector’s own', async () => {
  const undo = { injector: 'stress', body: { name: 'here', mark: 'none/stress/9', folder }, byHand: '' };
  const named = join(folder, 'precious');
  expect(problemOf(await injectorOf().undo({ ...undo, body: { ...undo.body, folder: named } }, PATIENT)).message).toBe(
    `here: ${named} is no folder of this injector`,
  );
  expect(existsSync(folder)).toBe(true);
});

describe('what may be taken of the machine', () => {
  const target: StressTarget = {
    name: 'here',
    maxCpu: 50,
    maxMemory: 40,
    maxDiskMB: 512,
    folder: '/var/tmp',
    longestMs: 60_000,
    nice: 0,
  };
  const machine = { processors: 4, availableMB: 1000, freeDiskMB: 800 };
  const refusal = (fault: Fault) => problemOf(planOf(fault, target, machine, '/f')).message;

  test('is said when it is not enough', () => {
    expect(refusal({ type: 'cpuLoad', workers: null, percent: 51 })).toBe(
      'cpuLoad on here: 4 at 51 % of 4 processors are more than 50 % of the machine (maxCpu)',
    );
    expect(refusal({ type: 'cpuLoad', workers: 5, percent: 1 })).toBe(
      'cpuLoad on here: 5 workers on 4 processors would share them',
    );
    expect(refusal({ type: 'memoryPressure', percent: 41 })).toBe(
      'memoryPressure on here: 41 % of what is available are more than 40 % (maxMemory)',
    );
    expect(refusal({ type: 'memoryPressure', percent: 0.01 })).toBe(
      'memoryPressure on here: 0.01 % of 1000 MB is nothing',
    );
    expect(refusal({ type: 'ioPressure', workers: 2, megabytes: 257 })).toBe(
      'ioPressure on here: 514 MB of files are more than 512 MB (maxDiskMB)',
    );
    expect(refusal({ type: 'ioPressure', workers: 2, megabytes: 201 })).toBe(
      'ioPressure on here: 402 MB of files are more than half of what is free in /var/tmp',
    );
    expect(refusal({ type: 'freeze' })).toBe(
      'stress cannot express freeze; it can: cpuLoad, memoryPressure, ioPressure',
    );
  });

  test('is never exceeded by what is asked of stress-ng', () => {
    fc.assert(
      fc.property(
        fc.record({ workers: fc.option(fc.integer({ min: 1, max: 64 })), percent: fc.integer({ min: 1, max: 100 }) }),
        fc.record({ processors: fc.integer({ min: 1, max: 64 }), maxCpu: fc.integer({ min: 1, max: 100 }) }),
        (load, { processors, maxCpu }) => {
          const fault = { type: 'cpuLoad', ...load } as const;
          const planned = planOf(fault, { ...target, maxCpu }, { ...machine, processors }, '/f');
          if (!planned.ok) return;
          const [, workers, , percent] = planned.value.args;
          expect(Number(workers) * Number(percent)).toBeLessThanOrEqual(processors * maxCpu);
        },
      ),
    );
  });

  test('is counted in the processors of this machine', async () => {
    const all = { type: 'cpuLoad', workers: null, percent: 100 } as const;
    expect(problemOf(await injectorOf().check(TARGET, all, PATIENT)).message).toBe(
      `cpuLoad on here: ${availableParallelism()} at 100 % of ${availableParallelism()} processors are more than 50 % of the machine (maxCpu)`,
    );
  });
});
