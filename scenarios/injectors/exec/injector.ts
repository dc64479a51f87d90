import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Fault } from '../../fault.ts';
import type { Answer, Injector, InjectorContext, Target, Undo } from '../../injector.ts';
import { answer, DONE, failure, inexpressible, unknownTarget } from '../answers.ts';
import { changed } from '../counted.ts';
import { carriers, endAll, kill, markAs } from '../marks.ts';
import { lookedFor } from '../patience.ts';
import type { Process } from '../processes.ts';
import { complaint, run, shellWords, surroundings } from '../program.ts';
import type { ExecTarget } from './spec.ts';

const KIND = 'exec';
const EXPRESSES = ['command'] as const satisfies readonly Fault['type'][];
const MARGIN_MS = 2_000;

const bodySchema = z.object({
  name: z.string(),
  /** Of the processes that the injection starts. */
  mark: z.string(),
  inject: z.array(z.string()),
  undo: z.array(z.string()),
  check: z.array(z.string()).nullable(),
  env: z.record(z.string(), z.string()),
  withinMs: z.number(),
  /** Null: nobody has said how its effect is to be seen. */
  proof: z.array(z.string()).nullable().default(null),
  /** What the proof said before the injection. */
  before: z.number().nullable().default(null),
});
type UndoBody = z.output<typeof bodySchema>;
type Commands = Pick<UndoBody, 'name' | 'inject' | 'undo' | 'check' | 'env' | 'withinMs' | 'proof'>;

/** Commands of the configuration: a scenario names one, and can add nothing to it. */
export function execInjector(targets: readonly ExecTarget[], context: InjectorContext): Injector {
  const byName = new Map(targets.map((target) => [target.name, target]));
  let count = 0;

  function able(target: Target, fault: Fault): Answer<Commands> {
    const spec = byName.get(target.name);
    if (spec === undefined) return unknownTarget(KIND, target.name, byName.keys());
    if (fault.type !== 'command') return inexpressible(KIND, fault, EXPRESSES);
    return answer({ ...spec, check: spec.check ?? null, proof: spec.proof ?? null });
  }

  async function prepare(target: Target, fault: Fault, signal: AbortSignal): Promise<Answer<Undo>> {
    const said = able(target, fault);
    if (!said.ok) return said;
    const { name, inject, undo, check, env, withinMs, proof } = said.value;
    for (const [program] of [inject, undo, check ?? [], proof ?? []].filter((argv) => argv.length > 0)) {
      const why = await objection(program ?? '');
      if (why !== null) return failure('unknown-target', `${name}: ${program} ${why}`);
    }
    const now = await stands(said.value, signal);
    if (!now.ok) return now;
    if (now.value === true) return failure('conflict', `${name}: its check says that the fault is there already`);
    const before = await figure(said.value, signal);
    if (!before.ok) return before;
    const mark = `${context.gameday}/${KIND}/${(count += 1)}`;
    return answer({
      injector: KIND,
      body: { name, mark, inject, undo, check, env, withinMs, proof, before: before.value } satisfies UndoBody,
      byHand: shellWords(undo),
    });
  }

  /** Null: there is no check to ask. */
  async function stands(
    { name, check, env, withinMs }: Commands,
    signal: AbortSignal,
  ): Promise<Answer<boolean | null>> {
    if (check === null) return answer(null);
    const ran = await run(check, { env: surroundings(context, env), withinMs, signal });
    if (ran.type === 'failed') return failure('failed', `${name}: check: ${ran.why}`);
    if (ran.code === 0 || ran.code === 1) return answer(ran.code === 1);
    return failure('failed', `${name}: check cannot tell, exit code ${ran.code}: ${complaint(ran)}`);
  }

  /** Null: no proof is configured. */
  async function figure({ name, proof, env, withinMs }: Commands, signal: AbortSignal): Promise<Answer<number | null>> {
    if (proof === null) return answer(null);
    const ran = await run(proof, { env: surroundings(context, env), withinMs, signal });
    if (ran.type === 'failed') return failure('failed', `${name}: proof: ${ran.why}`);
    if (ran.code !== 0) return failure('failed', `${name}: proof: ${complaint(ran)}`);
    const said = ran.stdout.trim();
    if (/^-?\d+(?:\.\d+)?$/.test(said)) return answer(Number(said));
    return failure('failed', `${name}: proof: expected one number, got ${JSON.stringify(said.slice(0, 80))}`);
  }

  return {
    kind: KIND,
    isExclusive: true,
    // Undoing may end a command, run one, and check for as long again.
    patienceMs: ({ name }) => 2 * (byName.get(name)?.withinMs ?? 0) + MARGIN_MS,

    async check(target, fault, signal) {
      const prepared = await prepare(target, fault, signal);
      return prepared.ok ? DONE : prepared;
    },

    prepare,

    async inject(target, fault, undo, signal, mayInject) {
      const said = able(target, fault);
      if (!said.ok) return said;
      const read = readUndo(undo);
      if (!read.ok) return read;
      const { name, inject, env, withinMs, mark } = read.value;
      if (!(await mayInject())) return failure('failed', `${name}: not injected, the lease is over`);
      const ran = await run(inject, { env: { ...surroundings(context, env), ...markAs(mark) }, withinMs, signal });
      if (ran.type === 'failed') return failure('failed', `${name}: inject: ${ran.why}`);
      if (ran.code !== 0) return failure('failed', `${name}: inject: ${complaint(ran)}`);
      const now = await stands(read.value, signal);
      if (!now.ok) return now;
      return now.value === false
        ? failure('failed', `${name}: inject has ended well, but its check finds no fault`)
        : DONE;
    },

    async undo(undo, signal) {
      const read = readUndo(undo);
      if (!read.ok) return read;
      const { name, undo: back, env, withinMs } = read.value;
      const left = await endAll(() => underWay(read.value), { clock: context.clock, withinMs: 1_000, signal });
      if (left.length > 0) return failure('failed', `${name}: inject still runs (process ${left[0]?.pid})`);
      const ran = await run(back, { env: surroundings(context, env), withinMs, signal });
      if (ran.type === 'failed') return failure('failed', `${name}: undo: ${ran.why}`);
      if (ran.code !== 0) return failure('failed', `${name}: undo: ${complaint(ran)}`);
      let last: Answer<boolean | null> = answer(null);
      const isClear = async () => {
        last = await stands(read.value, signal);
        return last.ok && last.value !== true ? true : null;
      };
      const cleared = await lookedFor(isClear, context.clock, withinMs, signal, 100);
      if (cleared !== null) return DONE;
      return last.ok ? failure('failed', `${name}: undo has ended well, but its check still finds the fault`) : last;
    },

    async proof(_, _fault, undo, signal) {
      const read = readUndo(undo);
      if (!read.ok) return read;
      const now = await figure(read.value, signal);
      if (!now.ok) return now;
      if (now.value === null) return answer({ bit: null, says: 'no proof is configured' });
      return changed('its proof', read.value.before, answer(now.value));
    },

    async stands(undo, signal) {
      const read = readUndo(undo);
      if (!read.ok) return read;
      const now = await stands(read.value, signal);
      return now.ok ? answer(now.value ?? true) : now;
    },
  };
}

function readUndo(undo: Undo): Answer<UndoBody> {
  const parsed = bodySchema.safeParse(undo.body);
  if (parsed.success) return answer(parsed.data);
  return failure('failed', `this undo is not the exec injector's: ${z.prettifyError(parsed.error)}`);
}

/**
 * The injection's own command, if its conductor died before it ended: what came after its undo would stay. What it has
 * started on purpose, in sessions of their own, is left to the undo. Killed with its group.
 */
function underWay({ mark, inject }: UndoBody): readonly Process[] {
  const wanted = inject.join('\0');
  // A script's command line begins with its interpreter.
  const found = carriers(mark).filter(({ argv }) => `\0${argv.join('\0')}`.endsWith(`\0${wanted}`));
  for (const { pid } of found) kill(-pid);
  return found;
}

/** Null: a program that only its owner, or a group, can change. */
async function objection(program: string): Promise<string | null> {
  try {
    const { mode, isFile } = await stat(program).then((found) => ({ mode: found.mode, isFile: found.isFile() }));
    if (!isFile || (mode & 0o111) === 0) return 'is no program';
    return (mode & 0o002) === 0 ? null : 'can be changed by anybody (chmod o-w)';
  } catch {
    return 'does not exist';
  }
}
