import type { Fault } from '../../fault.ts';
import type { Answer, Injector, InjectorContext, Target } from '../../injector.ts';
import { answer, DONE, failure, inexpressible, unknownTarget } from '../answers.ts';
import { lookedFor } from '../patience.ts';
import { type Process } from '../processes.ts';
import { find, objection } from './find.ts';
import { keepCrashing } from './crash-loop.ts';
import type { ProcessTarget } from './spec.ts';
import { KIND, newUndo, original, readUndo, restartOf, undoProcess, type UndoBody } from './undo.ts';

const EXPRESSES = ['freeze', 'terminate', 'kill', 'crashLoop'] as const satisfies readonly Fault['type'][];
type ProcessFault = Extract<Fault, { type: (typeof EXPRESSES)[number] }>;

/** How long the kernel may take to do what a signal says that nobody can refuse. */
const AT_ONCE_MS = 2_000;
const MARGIN_MS = 3_000;

/** Signals to processes of this machine. */
export function processInjector(targets: readonly ProcessTarget[], context: InjectorContext): Injector {
  const byName = new Map(targets.map((target) => [target.name, target]));
  /** By the name of the target. */
  const crashing = new Map<string, ReturnType<typeof keepCrashing>>();

  /** The fault is one of ours, the target one of ours too, and there is a way back. */
  function able(target: Target, fault: Fault): Answer<{ spec: ProcessTarget; fault: ProcessFault }> {
    const spec = byName.get(target.name);
    if (spec === undefined) return unknownTarget(KIND, target.name, byName.keys());
    if (!isExpressible(fault)) return inexpressible(KIND, fault, EXPRESSES);
    if (fault.type !== 'freeze' && !spec.supervised && restartOf(spec) === null) {
      return failure(
        'cannot-express',
        `${fault.type} on ${spec.name}: nothing would start it again (restart, or supervised: true)`,
      );
    }
    return answer({ spec, fault });
  }

  async function look(spec: ProcessTarget, signal: AbortSignal): Promise<Answer<Process>> {
    const found = await find(spec, context, signal);
    if (!found.ok) return found;
    const there = found.value;
    if (there === null) return failure('unknown-target', `no process of ${spec.name} runs`);
    const why = objection(there, spec.otherUsers, context.spared);
    if (why !== null) return failure('conflict', `process ${there.pid} (${spec.name}) is not touched: ${why}`);
    return there.state === 'T'
      ? failure('conflict', `process ${there.pid} (${spec.name}) is stopped already`)
      : answer(there);
  }

  async function prepare(target: Target, fault: Fault, signal: AbortSignal) {
    const said = able(target, fault);
    if (!said.ok) return said;
    const found = await look(said.value.spec, signal);
    if (!found.ok) return found;
    const action = fault.type === 'freeze' ? 'wake' : 'restart';
    // Only who is asked to end may take its time.
    const endsWithinMs = fault.type === 'terminate' ? said.value.spec.endsWithinMs : 0;
    return answer(newUndo(said.value.spec, found.value, action, endsWithinMs));
  }

  return {
    kind: KIND,
    isExclusive: true,
    patienceMs: ({ name }) => (byName.get(name)?.withinMs ?? 0) + (byName.get(name)?.endsWithinMs ?? 0) + MARGIN_MS,

    async check(target, fault, signal) {
      const prepared = await prepare(target, fault, signal);
      return prepared.ok ? DONE : prepared;
    },

    prepare,

    async inject(target, fault, undo, signal, mayInject) {
      const said = able(target, fault);
      if (!said.ok) return said;
      const body = readUndo(undo);
      if (!body.ok) return body;
      const { spec } = said.value;
      const sent = signalTo(body.value, said.value.fault, spec, context);
      if (!sent.ok) return sent;
      if (said.value.fault.type === 'crashLoop') {
        const { everyMs } = said.value.fault;
        crashing.set(spec.name, keepCrashing({ spec, body: body.value, everyMs, context, mayInject }));
      }
      return await hasTaken(body.value, said.value.fault, spec, signal);
    },

    async undo(undo, signal) {
      const body = readUndo(undo);
      if (!body.ok) return body;
      const { name } = body.value.where;
      await crashing.get(name)?.[Symbol.asyncDispose]();
      crashing.delete(name);
      return undoProcess(body.value, context, signal);
    },

    proof(_, fault, undo) {
      const body = readUndo(undo);
      if (!body.ok) return Promise.resolve(body);
      const { was, where } = body.value;
      const kills = crashing.get(where.name)?.kills();
      if (kills !== undefined)
        return Promise.resolve(answer({ bit: true, says: `${where.name} was killed ${times(kills + 1)}` }));
      const now = original(body.value);
      if (fault.type !== 'freeze') {
        const says = now === null ? `process ${was.pid} has ended` : `process ${was.pid} has not ended`;
        return Promise.resolve(answer({ bit: now === null, says }));
      }
      const says = `process ${was.pid} ${now?.state === 'T' ? 'stands still' : 'does not stand still'}`;
      return Promise.resolve(answer({ bit: now?.state === 'T', says }));
    },

    stands(undo) {
      const body = readUndo(undo);
      if (!body.ok) return Promise.resolve(body);
      const isThere =
        body.value.action === 'wake'
          ? original(body.value)?.state === 'T'
          : // What was killed may be back: that is what the exercise wants to see.
            crashing.get(body.value.where.name)?.isOver() !== true;
      return Promise.resolve(answer(isThere));
    },
  };

  async function hasTaken(body: UndoBody, fault: ProcessFault, spec: ProcessTarget, signal: AbortSignal) {
    const { pid } = body.was;
    if (fault.type === 'freeze') {
      const isStopped = await lookedFor(() => original(body)?.state === 'T' || null, context.clock, AT_ONCE_MS, signal);
      return isStopped === null
        ? failure('failed', `process ${pid} (${spec.name}) is not stopped after SIGSTOP`)
        : DONE;
    }
    const withinMs = fault.type === 'terminate' ? spec.endsWithinMs : AT_ONCE_MS;
    const hasEnded = await lookedFor(() => original(body) === null || null, context.clock, withinMs, signal);
    if (hasEnded !== null) return DONE;
    return failure(
      'failed',
      `process ${pid} (${spec.name}) has not ended within ${withinMs} ms of ${SIGNAL[fault.type]}`,
    );
  }
}

const times = (n: number): string => (n === 1 ? 'once' : `${n} times`);

const SIGNAL = { freeze: 'SIGSTOP', terminate: 'SIGTERM', kill: 'SIGKILL', crashLoop: 'SIGKILL' } as const;

const isExpressible = (fault: Fault): fault is ProcessFault => EXPRESSES.some((type) => type === fault.type);

/** Looked at and signalled in one breath: nothing comes between that could hand the id to another process. */
function signalTo(body: UndoBody, fault: ProcessFault, spec: ProcessTarget, { spared }: InjectorContext): Answer<void> {
  const there = original(body);
  if (there === null) return failure('unknown-target', `process ${body.was.pid} (${spec.name}) has ended meanwhile`);
  const why = objection(there, spec.otherUsers, spared);
  if (why !== null) return failure('conflict', `process ${there.pid} (${spec.name}) is not touched: ${why}`);
  try {
    process.kill(there.pid, SIGNAL[fault.type]);
    return DONE;
  } catch (error) {
    return failure(
      'failed',
      `process ${there.pid} (${spec.name}): ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
