import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { injectorsByKind } from '../../../runner/gameday/injectors.ts';
import type { Fault } from '../../../scenarios/fault.ts';
import type { Crossing, Injector, Undo } from '../../../scenarios/injector.ts';
import { injectorSchema } from '../../../scenarios/injectors/specs.ts';
import { planOf } from '../../../scenarios/injectors/netem/plan.ts';
import { hasQueue, introduce, layCable, whyNoNamespaces, type Cable } from '../../support/netns.ts';
import { eventually } from '../../support/servers.ts';
import { inject, MAY, PATIENT, problemOf, valueOf } from './answers.ts';

const TARGET = { injector: 'netem', name: 'line' };
const PARTITION = { type: 'partition' } as const;
const why = whyNoNamespaces();
const hasNetem = why === null && hasQueue('netem');
if (why === null && !hasNetem)
  console.warn('skipped in part: this kernel has no sch_netem (docs/faults.md says how it was tested)');

let cable: Cable;
let count = 0;

function injectorOf(target: object = {}, context: Parameters<typeof injectorsByKind>[1] = {}): Injector {
  const spec = injectorSchema.parse({
    kind: 'netem',
    targets: [{ name: 'line', interface: 'wan', namespace: cable.near, ...target }],
  });
  const injector = injectorsByKind([spec], { gameday: `netem-${process.pid}-${(count += 1)}`, ...context }).get(
    'netem',
  );
  if (injector === undefined) throw new Error('no injector was made');
  return injector;
}

const tc = (...args: readonly string[]) => execFileSync('tc', ['-n', cable.near, ...args], { encoding: 'utf8' });
const queues = () => tc('qdisc', 'show', 'dev', 'wan').trim();
const heardSchema = z.array(z.object({ number: z.number(), afterMs: z.number(), intact: z.boolean() }));
const DATAGRAMS = join(import.meta.dirname, '..', '..', 'support', 'datagrams.ts');

async function crossed(injector: Injector): Promise<Crossing> {
  const counted = valueOf((await injector.effect?.(TARGET, PATIENT)) ?? { ok: true, value: null });
  if (counted === null) throw new Error('nobody counted');
  return counted;
}

/** Asks the other end of the cable through the interface that is made ill. */
async function ask({ many = 20, gapMs = 2, waitMs = 300 }) {
  const echo = await startEcho();
  const argv = ['netns', 'exec', cable.near, process.execPath, DATAGRAMS];
  try {
    const told = [cable.farAddress, '7007', String(many), String(gapMs), String(waitMs)];
    return heardSchema.parse(JSON.parse(execFileSync('ip', [...argv, 'ask', ...told], { encoding: 'utf8' })));
  } finally {
    echo.kill('SIGKILL');
  }
}

async function startEcho(): Promise<ChildProcess> {
  const echo = spawn('ip', ['netns', 'exec', cable.far, process.execPath, DATAGRAMS, 'echo', '7007'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(echo.stdout, 'data');
  return echo;
}

async function undone(undo: Undo): Promise<void> {
  const another = injectorOf({ interface: 'other' });
  valueOf(await another.undo(undo, PATIENT));
  valueOf(await another.undo(undo, PATIENT));
}

describe.skipIf(why !== null)('an interface', () => {
  beforeEach(() => {
    cable = layCable();
  });
  afterEach(() => cable[Symbol.dispose]());

  test('is cut both ways, counted, and given back by another process', async () => {
    const before = queues();
    const injector = injectorOf();
    expect(await crossed(injector)).toEqual({ bytes: 0, connections: 0, cut: 0 });
    const undo = await inject(injector, TARGET, PARTITION);
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: false })).toBe(true);
    expect(undo.byHand).toBe(`tc -n ${cable.near} qdisc del dev wan clsact`);
    expect(await ask({ many: 5, waitMs: 100 })).toEqual([]);
    expect((await crossed(injector)).cut).toBeGreaterThan(0);
    await undone(undo);
    expect(queues()).toBe(before);
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: true })).toBe(false);
    // Who is behind an address has to be asked for again.
    const isWhole = async () => ((await ask({ many: 5, waitMs: 100 })).length === 5 ? true : undefined);
    await eventually(isWhole, 'what is sent comes back');
  });

  test('hears nothing either while it is cut', async () => {
    const undo = await inject(injectorOf(), TARGET, PARTITION);
    // What the other end sends is dropped as it enters.
    const flood = [
      'netns',
      'exec',
      cable.far,
      process.execPath,
      DATAGRAMS,
      'ask',
      cable.nearAddress,
      '7007',
      '3',
      '5',
      '50',
    ];
    execFileSync('ip', flood);
    const neighbours = execFileSync('ip', ['-n', cable.near, 'neigh', 'show', 'dev', 'wan'], { encoding: 'utf8' });
    expect(neighbours).not.toContain('REACHABLE');
    await undone(undo);
  });

  test('sends no faster than it may, and as fast as before afterwards', async () => {
    const before = queues();
    const injector = injectorOf();
    const undo = await inject(injector, TARGET, { type: 'packetRate', kilobits: 400 });
    expect(queues()).toMatch(/^qdisc tbf 7[\da-f]{3}: root refcnt \d+ rate 400Kbit burst 3000b/);
    expect(undo.byHand).toMatch(/^tc -n \S+ qdisc del dev wan root handle 7[\da-f]{3}:$/);
    // 30 kB at 50 kB/s: the last one has waited for more than 400 ms.
    const heard = await ask({ many: 30, gapMs: 0, waitMs: 1_200 });
    expect(heard).toHaveLength(30);
    expect(Math.max(...heard.map(({ afterMs }) => afterMs))).toBeGreaterThan(400);
    expect((await crossed(injector)).bytes).toBeGreaterThan(30_000);
    await undone(undo);
    expect(queues()).toBe(before);
  });

  test('that has a queue, or filters, of somebody else is left alone, at the check and at the undo', async () => {
    const injector = injectorOf();
    const refusal = async () => problemOf(await injector.check(TARGET, PARTITION, PATIENT));
    const undo = valueOf(await injector.prepare(TARGET, PARTITION, PATIENT));
    const rate = valueOf(await injector.prepare(TARGET, { type: 'packetRate', kilobits: 100 }, PATIENT));
    tc('qdisc', 'add', 'dev', 'wan', 'root', 'handle', '1:', 'tbf', 'rate', '1mbit', 'burst', '5000', 'limit', '9000');
    expect(await refusal()).toEqual({
      code: 'conflict',
      message: `line: wan in namespace ${cable.near} has a qdisc of somebody else: tbf 1:`,
    });
    const theirs = queues();
    await undone(rate);
    expect(queues()).toBe(theirs);
    tc('qdisc', 'del', 'dev', 'wan', 'root');
    tc('qdisc', 'add', 'dev', 'wan', 'clsact');
    expect((await refusal()).message).toBe(
      `line: wan in namespace ${cable.near} has a qdisc of somebody else: clsact ffff:`,
    );
    expect(problemOf(await injector.inject(TARGET, PARTITION, undo, PATIENT, MAY)).code).toBe('conflict');
    await undone(undo);
    expect(queues()).toContain('clsact');
  });

  test('that is the loopback, leads to everywhere, or does not exist, is not touched', async () => {
    const refusal = async (target: object) => problemOf(await injectorOf(target).check(TARGET, PARTITION, PATIENT));
    expect(await refusal({ interface: 'lo' })).toEqual({
      code: 'conflict',
      message: `line: lo in namespace ${cable.near} is not touched: it is the loopback, and loopback is not set`,
    });
    valueOf(await injectorOf({ interface: 'lo', loopback: true }).check(TARGET, PARTITION, PATIENT));
    expect(await refusal({ interface: 'wan9' })).toEqual({
      code: 'unknown-target',
      message: `line: there is no interface wan9 in namespace ${cable.near}`,
    });
    execFileSync('ip', ['-n', cable.near, 'route', 'add', 'default', 'via', cable.farAddress]);
    expect(await refusal({})).toEqual({
      code: 'conflict',
      message: `line: wan in namespace ${cable.near} is not touched: the default route leads through it, and defaultRoute is not set`,
    });
    valueOf(await injectorOf({ defaultRoute: true }).check(TARGET, PARTITION, PATIENT));
    expect((await refusal({ namespace: 'pd-none' })).message).toMatch(
      /^line: .*Cannot open network namespace "pd-none"/,
    );
  });

  test('is not touched without a lease', async () => {
    const before = queues();
    const injector = injectorOf();
    const undo = valueOf(await injector.prepare(TARGET, PARTITION, PATIENT));
    const may = () => Promise.resolve(false);
    expect(problemOf(await injector.inject(TARGET, PARTITION, undo, PATIENT, may)).message).toBe(
      'line: not injected, the lease is over',
    );
    expect(queues()).toBe(before);
  });

  test('that is gone, or whose namespace is, counts as given back', async () => {
    const undo = await inject(injectorOf(), TARGET, PARTITION);
    execFileSync('ip', ['-n', cable.far, 'link', 'del', 'wan']);
    await undone(undo);
    cable[Symbol.dispose]();
    expect(valueOf(await injectorOf().undo(undo, PATIENT))).toBeUndefined();
  });

  test('of a namespace that has lost only its name is said to be out of reach', async () => {
    const undo = await inject(injectorOf(), TARGET, PARTITION);
    const echo = spawn('ip', ['netns', 'exec', cable.near, process.execPath, DATAGRAMS, 'echo', '7007']);
    await once(echo.stdout, 'data');
    execFileSync('ip', ['netns', 'del', cable.near]);
    try {
      const problem = problemOf(await injectorOf().undo(undo, PATIENT));
      expect(problem.message).toBe(
        `line: namespace ${cable.near} has lost its name, but process ${echo.pid} is still in it (nsenter -n -t ${echo.pid} tc …)`,
      );
    } finally {
      echo.kill('SIGKILL');
      await once(echo, 'exit');
    }
    await undone(undo);
  });

  test.skipIf(hasNetem)('is not made lossy by a kernel that does not know how, and the check says so', async () => {
    expect(problemOf(await injectorOf().check(TARGET, { type: 'packetLoss', percent: 1 }, PATIENT))).toEqual({
      code: 'cannot-express',
      message: 'packetLoss on line: this machine cannot: Error: Specified qdisc kind is unknown.',
    });
  });
});

describe.skipIf(!hasNetem)('packets', () => {
  beforeEach(() => {
    cable = layCable();
    introduce(cable);
  });
  afterEach(() => cable[Symbol.dispose]());

  async function during(fault: Fault, options: Parameters<typeof ask>[0] = {}) {
    const before = queues();
    const injector = injectorOf();
    const undo = await inject(injector, TARGET, fault);
    expect(queues()).toMatch(/^qdisc netem 7[\da-f]{3}: root refcnt \d+ limit 100000 /);
    const heard = await ask(options);
    const crossing = await crossed(injector);
    await undone(undo);
    expect(queues()).toBe(before);
    return { heard, crossing };
  }

  test('leave late, by the delay and at most its jitter more', async () => {
    const { heard, crossing } = await during({ type: 'packetDelay', ms: 200, jitterMs: 50 }, { waitMs: 1_500 });
    expect(heard).toHaveLength(20);
    for (const { afterMs } of heard) expect(afterMs).toBeGreaterThanOrEqual(149);
    expect(crossing.bytes).toBeGreaterThan(20_000);
  });

  test('are lost, a share or all of them', async () => {
    const all = await during({ type: 'packetLoss', percent: 100 });
    expect(all.heard).toEqual([]);
    expect(all.crossing).toMatchObject({ bytes: 0 });
    expect(all.crossing.cut).toBeGreaterThan(0);
    const half = await during({ type: 'packetLoss', percent: 50 }, { many: 200, gapMs: 0 });
    // 200 throws of a coin, by the queue's own count: outside of this once in a million times.
    expect(half.crossing.cut).toBeGreaterThan(60);
    expect(half.crossing.cut).toBeLessThan(140);
    expect(half.heard.length).toBeGreaterThan(0);
  });

  test('come twice', async () => {
    const { heard } = await during({ type: 'packetDuplicate', percent: 100 });
    expect(heard.filter(({ number }) => number === 19).length).toBeGreaterThan(1);
  });

  test('are damaged, and whoever checks their sums throws them away', async () => {
    const { heard } = await during({ type: 'packetCorrupt', percent: 100 }, { many: 100, gapMs: 0 });
    expect(heard.length).toBeLessThan(50);
    expect(heard.every(({ intact }) => intact)).toBe(true);
  });

  test('overtake each other', async () => {
    const { heard } = await during({ type: 'packetReorder', percent: 50, ms: 100 }, { many: 100, waitMs: 800 });
    const numbers = heard.map(({ number }) => number);
    expect(numbers).toHaveLength(100);
    expect(numbers).not.toEqual(numbers.toSorted((a, b) => a - b));
  });
});

describe('a fault in the terms of tc', () => {
  test.each<[Fault, string]>([
    [{ type: 'packetDelay', ms: 100, jitterMs: 0 }, 'netem limit 100000 delay 100ms'],
    [{ type: 'packetDelay', ms: 100, jitterMs: 10 }, 'netem limit 100000 delay 100ms 10ms'],
    [{ type: 'packetLoss', percent: 0.5 }, 'netem limit 100000 loss 0.5%'],
    [{ type: 'packetDuplicate', percent: 2 }, 'netem limit 100000 duplicate 2%'],
    [{ type: 'packetCorrupt', percent: 0.001 }, 'netem limit 100000 corrupt 0.001%'],
    [{ type: 'packetReorder', percent: 25, ms: 20 }, 'netem limit 100000 delay 20ms reorder 25%'],
    [{ type: 'packetRate', kilobits: 512 }, 'tbf rate 512kbit burst 3000 limit 1000000'],
  ])('%j', (fault, text) => {
    const plan = valueOf(planOf(fault, 1500));
    expect(plan.type === 'root' ? [plan.queue, ...plan.args].join(' ') : plan.type).toBe(text);
  });

  test('lets at most two packets, or 10 ms of its rate, leave at once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 100_000_000 }), fc.integer({ min: 68, max: 65_536 }), (kilobits, mtu) => {
        const plan = valueOf(planOf({ type: 'packetRate', kilobits }, mtu));
        const burst = plan.type === 'root' ? Number(plan.args[3]) : 0;
        expect(burst).toBeGreaterThanOrEqual(2 * mtu);
        expect(burst).toBeLessThanOrEqual(Math.max(2 * mtu, kilobits * 1.25 + 1));
      }),
    );
  });

  test('that is none of packets is refused before anything is asked', async () => {
    const spec = injectorSchema.parse({
      kind: 'netem',
      targets: [{ name: 'line', interface: 'wan', namespace: 'pd-none' }],
    });
    const injector = injectorsByKind([spec], { path: '/nowhere' }).get('netem');
    const answer = await injector?.check(TARGET, { type: 'blackhole' }, PATIENT);
    expect(problemOf(answer ?? { ok: true, value: 0 })).toEqual({
      code: 'cannot-express',
      message:
        'netem cannot express blackhole; it can: packetDelay, packetLoss, packetDuplicate, packetCorrupt, packetReorder, packetRate, partition',
    });
  });
});

test('a name that tc would take for an option, or a path, is a configuration error', () => {
  const issues = (target: object) =>
    injectorSchema
      .safeParse({ kind: 'netem', targets: [{ name: 'line', interface: 'wan', ...target }] })
      .error?.issues.map(({ message }) => message);
  expect(issues({ interface: '-batch' })).toEqual(['the name of a network interface such as "eth1"']);
  expect(issues({ namespace: '../x' })).toEqual(['the name of a network namespace such as "venue"']);
  expect(issues({ loopback: 'yes' })).toEqual(['true or false']);
});
