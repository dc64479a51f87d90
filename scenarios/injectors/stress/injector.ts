import { mkdir, readFile, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Fault } from '../../fault.ts';
import type { Answer, Injector, InjectorContext, Target, Undo } from '../../injector.ts';
import { answer, DONE, failure, unknownTarget } from '../answers.ts';
import { carriers, markAs } from '../marks.ts';
import { lookedFor } from '../patience.ts';
import { complaint, launch, run, surroundings } from '../program.ts';
import { consumedBy } from './consumed.ts';
import { planOf, type Machine } from './plan.ts';
import type { StressTarget } from './spec.ts';
import { folderName, KIND, newUndo, readUndo, undoStress } from './undo.ts';

const PROGRAM = 'stress-ng';
const ASK_MS = 2_000;
const BEGINS_WITHIN_MS = 3_000;
const MB = 1024 * 1024;

/** Load on this machine, never more of it than the configuration permits. */
export function stressInjector(targets: readonly StressTarget[], context: InjectorContext): Injector {
  const byName = new Map(targets.map((target) => [target.name, target]));
  let count = 0;

  async function prepare(target: Target, fault: Fault, signal: AbortSignal): Promise<Answer<Undo>> {
    const spec = byName.get(target.name);
    if (spec === undefined) return unknownTarget(KIND, target.name, byName.keys());
    const machine = await machineOf(spec);
    if (!machine.ok) return machine;
    const planned = planOf(fault, spec, machine.value, '/');
    if (!planned.ok) return planned;
    const asked = await run([PROGRAM, '--version'], { env: surroundings(context), withinMs: ASK_MS, signal });
    if (asked.type === 'failed') return failure('unreachable', `${asked.why} (stress-ng is a package of its own)`);
    if (asked.code !== 0) return failure('failed', `${PROGRAM} --version: ${complaint(asked)}`);
    const mark = `${context.gameday}/${KIND}/${(count += 1)}`;
    return answer(newUndo({ name: spec.name, mark, folder: join(spec.folder, folderName(mark)) }));
  }

  return {
    kind: KIND,

    async check(target, fault, signal) {
      const prepared = await prepare(target, fault, signal);
      return prepared.ok ? DONE : prepared;
    },

    prepare,

    async inject(target, fault, undo, signal, mayInject) {
      const spec = byName.get(target.name);
      if (spec === undefined) return unknownTarget(KIND, target.name, byName.keys());
      const body = readUndo(undo);
      if (!body.ok) return body;
      const { mark, folder, name } = body.value;
      const machine = await machineOf(spec);
      if (!machine.ok) return machine;
      const planned = planOf(fault, spec, machine.value, folder);
      if (!planned.ok) return planned;
      const log = join(folder, 'stress-ng.log');
      const limits = ['--timeout', `${Math.ceil(spec.longestMs / 1000)}s`, '--oomable'];
      // Its workers keep the command line, and with it the environment that they are found by.
      const argv = [PROGRAM, '--keep-name', ...limits, '--log-file', log, ...planned.value.args];
      const nicely = spec.nice === 0 ? argv : ['nice', '-n', String(spec.nice), ...argv];
      try {
        await mkdir(folder, { mode: 0o700 });
      } catch (error) {
        return failure('failed', `${name}: ${folder}: ${error instanceof Error ? error.message : String(error)}`);
      }
      if (!(await mayInject())) return failure('failed', `${name}: not injected, the lease is over`);
      const launched = launch(nicely, { ...surroundings(context), ...markAs(mark) });
      const wanted = 1 + planned.value.workers;
      const begun = await lookedFor(
        () => launched.failed() ?? (carriers(mark).length >= wanted || null),
        context.clock,
        BEGINS_WITHIN_MS,
        signal,
      );
      if (begun === true) return DONE;
      const said = begun ?? `${PROGRAM} has not begun within ${BEGINS_WITHIN_MS} ms`;
      return failure('failed', `${name}: ${said}${await lastLine(log)}`);
    },

    proof(_, fault, undo) {
      const body = readUndo(undo);
      return Promise.resolve(body.ok ? answer(consumedBy(carriers(body.value.mark), fault)) : body);
    },

    async undo(undo, signal) {
      const body = readUndo(undo);
      return body.ok ? await undoStress(body.value, context, signal) : body;
    },

    stands(undo) {
      const body = readUndo(undo);
      // Its own parent and at least one worker.
      return Promise.resolve(body.ok ? answer(carriers(body.value.mark).length > 1) : body);
    },
  };
}

async function machineOf({ name, folder }: StressTarget): Promise<Answer<Machine>> {
  try {
    const disk = await statfs(folder);
    return answer({
      processors: availableParallelism(),
      // Knows of the limits of a container as well.
      availableMB: Math.floor(process.availableMemory() / MB),
      freeDiskMB: Math.floor((disk.bavail * disk.bsize) / MB),
    });
  } catch (error) {
    return failure('unknown-target', `${name}: ${folder}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function lastLine(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const line = text.trim().split('\n').at(-1)?.trim().slice(0, 300) ?? '';
  return line === '' ? '' : `: ${line}`;
}
