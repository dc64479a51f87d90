import { execFileSync, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { injectorsByKind } from '../../../runner/gameday/injectors.ts';
import type { Injector, Undo } from '../../../scenarios/injector.ts';
import { injectorSchema } from '../../../scenarios/injectors/specs.ts';
import { markAs } from '../../../scenarios/injectors/marks.ts';
import { endMarked, marked } from '../../support/processes.ts';
import { eventually } from '../../support/servers.ts';
import { inject, MAY, PATIENT, problemOf, valueOf } from './answers.ts';

const TARGET = { injector: 'exec', name: 'switch' };
const COMMAND = { type: 'command' } as const;
const UNPROVEN = { ok: true, value: { bit: null, says: '' } } as const;

let folder: string;
let program: string;
let count = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulsedrill-exec-'));
  program = join(folder, 'switch');
  // A switch that is a file: on, off, and asked.
  await script(`
case "$1" in
  on) touch ${folder}/on;;
  off) rm -f ${folder}/on; echo off >>${folder}/calls;;
  is-off) test ! -e ${folder}/on;;
esac`);
});
afterEach(async () => {
  endMarked(folder);
  await rm(folder, { recursive: true, force: true });
});

async function script(text: string, name = 'switch'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

function injectorOf(target: object = {}, context: Parameters<typeof injectorsByKind>[1] = {}): Injector {
  const [on, off, isOff] = ['on', 'off', 'is-off'].map((word) => [program, word]);
  const whole = { name: 'switch', inject: on, undo: off, check: isOff, ...target };
  const spec = injectorSchema.parse({ kind: 'exec', allow: [program, '/bin/sh', '/bin/false'], targets: [whole] });
  const injector = injectorsByKind([spec], { gameday: `exec-${process.pid}-${(count += 1)}`, ...context }).get('exec');
  if (injector === undefined) throw new Error('no injector was made');
  return injector;
}

const isOn = () =>
  readFile(join(folder, 'on')).then(
    () => true,
    () => false,
  );

describe('a command', () => {
  test('is run, seen to have worked, and undone by another process, as often as it likes', async () => {
    const injector = injectorOf();
    const undo = await inject(injector, TARGET, COMMAND);
    expect(await isOn()).toBe(true);
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: false })).toBe(true);
    expect(undo.byHand).toBe(`${program} off`);
    const another = injectorOf({ undo: ['/bin/false'] });
    valueOf(await another.undo(undo, PATIENT));
    expect(await isOn()).toBe(false);
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: true })).toBe(false);
    valueOf(await another.undo(undo, PATIENT));
    expect(await readFile(join(folder, 'calls'), 'utf8')).toBe('off\noff\n');
  });

  test('is proven by the number that its proof prints', async () => {
    const proof = await script(`cat ${folder}/count`, 'count-it');
    const injector = injectorOf({ proof: ['/bin/sh', proof] });
    const asked = async (undo: Undo) => valueOf((await injector.proof?.(TARGET, COMMAND, undo, PATIENT)) ?? UNPROVEN);
    await writeFile(join(folder, 'count'), 'many\n');
    expect(problemOf(await injector.check(TARGET, COMMAND, PATIENT)).message).toBe(
      'switch: proof: expected one number, got "many"',
    );
    await writeFile(join(folder, 'count'), '7\n');
    const undo = await inject(injector, TARGET, COMMAND);
    expect(await asked(undo)).toEqual({ bit: false, says: 'its proof is still 7' });
    await writeFile(join(folder, 'count'), '12.5\n');
    expect(await asked(undo)).toEqual({ bit: true, says: 'its proof went from 7 to 12.5' });
    const without = injectorOf();
    valueOf(await injector.undo(undo, PATIENT));
    const bare = await inject(without, TARGET, COMMAND);
    const said = valueOf((await without.proof?.(TARGET, COMMAND, bare, PATIENT)) ?? UNPROVEN);
    expect(said).toEqual({ bit: null, says: 'no proof is configured' });
  });

  test('is refused where its check finds the fault already, cannot tell, or takes too long', async () => {
    await script('touch on', 'on');
    const refusal = async (target: object) => problemOf(await injectorOf(target).check(TARGET, COMMAND, PATIENT));
    expect(await refusal({ check: ['/bin/false'] })).toEqual({
      code: 'conflict',
      message: 'switch: its check says that the fault is there already',
    });
    expect(await refusal({ check: ['/bin/sh', '-c', 'echo no idea >&2; exit 7'] })).toEqual({
      code: 'failed',
      message: 'switch: check cannot tell, exit code 7: no idea',
    });
    expect(await refusal({ check: ['/bin/sh', '-c', 'sleep 60'], within: '200ms' })).toEqual({
      code: 'failed',
      message: 'switch: check: /bin/sh: no end within 200 ms',
    });
  });

  test('is refused where its program is missing, is none, or can be changed by anybody', async () => {
    const refusal = async () => problemOf(await injectorOf().check(TARGET, COMMAND, PATIENT)).message;
    await chmod(program, 0o777);
    expect(await refusal()).toBe(`switch: ${program} can be changed by anybody (chmod o-w)`);
    await chmod(program, 0o644);
    expect(await refusal()).toBe(`switch: ${program} is no program`);
    await rm(program);
    expect(await refusal()).toBe(`switch: ${program} does not exist`);
  });

  test('that has no effect, or fails, is said', async () => {
    const failure = async (target: object) => {
      const injector = injectorOf(target);
      const undo = valueOf(await injector.prepare(TARGET, COMMAND, PATIENT));
      return problemOf(await injector.inject(TARGET, COMMAND, undo, PATIENT, MAY)).message;
    };
    expect(await failure({ inject: ['/bin/sh', '-c', ':'] })).toBe(
      'switch: inject has ended well, but its check finds no fault',
    );
    expect(await failure({ inject: ['/bin/sh', '-c', 'echo denied >&2; exit 3'] })).toBe('switch: inject: denied');
  });

  test('that cannot be undone is said, with what its undo said', async () => {
    const injector = injectorOf({ undo: ['/bin/sh', '-c', 'echo stuck; exit 1'] });
    const undo = await inject(injector, TARGET, COMMAND);
    expect(problemOf(await injector.undo(undo, PATIENT)).message).toBe('switch: undo: stuck');
    const idle = injectorOf({ undo: ['/bin/sh', '-c', ':'], within: '500ms' });
    await rm(join(folder, 'on'));
    const useless = await inject(idle, TARGET, COMMAND);
    expect(problemOf(await idle.undo(useless, PATIENT)).message).toBe(
      'switch: undo has ended well, but its check still finds the fault',
    );
  });

  test('is not run without a lease', async () => {
    const injector = injectorOf();
    const undo = valueOf(await injector.prepare(TARGET, COMMAND, PATIENT));
    const may = () => Promise.resolve(false);
    expect(problemOf(await injector.inject(TARGET, COMMAND, undo, PATIENT, may)).message).toBe(
      'switch: not injected, the lease is over',
    );
    expect(await isOn()).toBe(false);
  });

  test('sees none of our environment, and its output is capped and keeps secrets to itself', async () => {
    process.env['PULSEDRILL_TEST_SECRET'] = 'hush-hush';
    try {
      await script(
        'env >$1/seen; head -c 300000 /dev/zero | tr "\\0" x >&2; echo >&2; echo "said $TOKEN" >&2; exit 1',
        'tell',
      );
      const tell = join(folder, 'tell');
      const spec = injectorSchema.parse({
        kind: 'exec',
        allow: [tell],
        targets: [{ name: 'switch', inject: [tell, folder], undo: [tell, folder], env: { TOKEN: 'sesame-open' } }],
      });
      const secrets = new Map([['sesame-open', '${TOKEN}']]);
      const injector = injectorsByKind([spec], { secrets, gameday: 'g' }).get('exec');
      const undo = valueOf((await injector?.prepare(TARGET, COMMAND, PATIENT)) ?? { ok: true, value: EMPTY });
      expect(JSON.stringify(undo)).not.toContain('sesame-open');
      const { message } = problemOf(
        (await injector?.inject(TARGET, COMMAND, undo, PATIENT, MAY)) ?? { ok: true, value: 0 },
      );
      expect(message.length).toBeLessThan(400);
      expect(message).not.toContain('sesame-open');
      const seen = await readFile(join(folder, 'seen'), 'utf8');
      expect(seen).toContain('TOKEN=sesame-open');
      expect(seen).not.toContain('hush-hush');
    } finally {
      delete process.env['PULSEDRILL_TEST_SECRET'];
    }
  });

  test('that still runs when its conductor is dead is ended before it is undone; what it started on purpose is not', async () => {
    await script(`setsid /bin/sh -c 'sleep 61.25' ${folder} & sleep 1; sleep 0.2; touch ${folder}/on`, 'slow');
    const slow = join(folder, 'slow');
    const spec = injectorSchema.parse({
      kind: 'exec',
      allow: [slow, program],
      targets: [{ name: 'switch', inject: [slow], undo: [program, 'off'], check: [program, 'is-off'], within: '5s' }],
    });
    const injector = injectorsByKind([spec], { gameday: `exec-slow-${process.pid}` }).get('exec');
    const undo = valueOf((await injector?.prepare(TARGET, COMMAND, PATIENT)) ?? { ok: true, value: EMPTY });
    // As an injector starts it, whose process is gone.
    const env = { PATH: '/usr/bin:/bin', ...markAs(String(undo.body['mark'])) };
    spawn(slow, { detached: true, stdio: 'ignore', env }).unref();
    await eventually(() => marked('sleep 61.25').length > 0 || undefined, 'it has started something');
    valueOf((await injector?.undo(undo, PATIENT)) ?? { ok: true, value: undefined });
    expect(marked(slow)).toEqual([]);
    expect(marked('sleep 61.25')).not.toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await isOn()).toBe(false);
    endMarked('sleep 61.25');
  });
});

const EMPTY = { injector: 'exec', body: {}, byHand: '' };

test('a program that is not allowed by its whole path is a configuration error', () => {
  const problems = (allow: readonly string[]) =>
    injectorSchema
      .safeParse({ kind: 'exec', allow, targets: [{ name: 'switch', inject: ['/bin/a'], undo: ['/bin/b', 'x'] }] })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  expect(problems(['/bin/a'])).toEqual(['targets.0.undo: a program that stands in "allow" by its whole path']);
  expect(problems([])).toEqual([
    'targets.0.inject: a program that stands in "allow" by its whole path',
    'targets.0.undo: a program that stands in "allow" by its whole path',
  ]);
  expect(problems(['bin/a', '/bin/b'])).toContain('allow.0: a program by its whole path such as "/usr/bin/venue"');
});

test('a fault that is no command, and a target of no name, are refused', async () => {
  expect(problemOf(await injectorOf().check(TARGET, { type: 'blackhole' }, PATIENT)).message).toBe(
    'exec cannot express blackhole; it can: command',
  );
  const other = { injector: 'exec', name: 'other' };
  expect(problemOf(await injectorOf().check(other, COMMAND, PATIENT)).message).toBe(
    'exec other is not among the targets that may be touched: switch',
  );
  expect(execFileSync('/bin/ls', [folder], { encoding: 'utf8' })).toBe('switch\n');
});
