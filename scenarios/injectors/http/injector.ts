import { z } from 'zod';
import type { Fault } from '../../fault.ts';
import type { Answer, Injector, InjectorContext, Target, Undo } from '../../injector.ts';
import { answer, DONE, failure, inexpressible, unknownTarget } from '../answers.ts';
import { lookedFor } from '../patience.ts';
import { counted, curl, seen, send, type Heard, type Seen } from './calls.ts';
import { changed } from '../counted.ts';
import { callSchema, clearSchema, proofSchema, type HttpTarget, type Proof } from './spec.ts';

const KIND = 'http';
const EXPRESSES = ['call'] as const satisfies readonly Fault['type'][];
const MARGIN_MS = 1_000;
const LOOK_EVERY_MS = 100;

const bodySchema = z.object({
  name: z.string(),
  undo: callSchema,
  clear: clearSchema,
  timeoutMs: z.number(),
  withinMs: z.number(),
  /** Null: nobody has said how its effect is to be seen. */
  proof: proofSchema.extend({ before: z.number() }).nullable().default(null),
});
type UndoBody = z.output<typeof bodySchema>;

/** Calls of the configuration: a scenario names one, and can add nothing to it. */
export function httpInjector(targets: readonly HttpTarget[], context: InjectorContext): Injector {
  const byName = new Map(targets.map((target) => [target.name, target]));

  function able(target: Target, fault: Fault): Answer<HttpTarget> {
    const spec = byName.get(target.name);
    if (spec === undefined) return unknownTarget(KIND, target.name, byName.keys());
    return fault.type === 'call' ? answer(spec) : inexpressible(KIND, fault, EXPRESSES);
  }

  async function look({ clear, timeoutMs }: Pick<UndoBody, 'clear' | 'timeoutMs'>, signal: AbortSignal): Promise<Seen> {
    return seen(await send({ method: 'GET', ...clear, body: undefined }, timeoutMs, signal), clear);
  }

  /** Null when it was seen in time; otherwise what was seen last. */
  async function waitFor(wanted: 'clear' | 'there', body: UndoBody, signal: AbortSignal): Promise<Seen | null> {
    let last: Seen = wanted;
    const isSeen = async () => {
      last = await look(body, signal);
      return last === wanted ? true : null;
    };
    return (await lookedFor(isSeen, context.clock, body.withinMs, signal, LOOK_EVERY_MS)) === null ? last : null;
  }

  async function count(proof: Proof, timeoutMs: number, signal: AbortSignal): Promise<Answer<number>> {
    return counted(await send({ method: 'GET', ...proof, body: undefined }, timeoutMs, signal), proof);
  }

  async function prepare(target: Target, fault: Fault, signal: AbortSignal): Promise<Answer<Undo>> {
    const said = able(target, fault);
    if (!said.ok) return said;
    const { name, undo, clear, timeoutMs, withinMs, proof } = said.value;
    const now = await look(said.value, signal);
    if (now === 'there') return failure('conflict', `${name}: GET ${clear.url} says that the fault is there already`);
    if (now !== 'clear') return failure('unreachable', `${name}: ${now.untold}`);
    const before = proof === undefined ? null : await count(proof, timeoutMs, signal);
    if (before?.ok === false) return before;
    const read = proof === undefined || before === null ? null : { ...proof, before: before.value };
    const body = { name, undo, clear, timeoutMs, withinMs, proof: read } satisfies UndoBody;
    return answer({ injector: KIND, body, byHand: curl(undo) });
  }

  return {
    kind: KIND,
    isExclusive: true,
    patienceMs({ name }) {
      const spec = byName.get(name);
      return spec === undefined ? null : 2 * spec.timeoutMs + spec.withinMs + MARGIN_MS;
    },

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
      const { name, inject, timeoutMs } = said.value;
      if (!(await mayInject())) return failure('failed', `${name}: not injected, the lease is over`);
      const heard = await send(inject, timeoutMs, signal);
      const why = trouble(heard);
      if (why !== null) return failure('failed', `${name}: ${inject.method} ${inject.url}: ${why}`);
      const last = await waitFor('there', body.value, signal);
      return last === null ? DONE : failure('failed', `${name}: the call was accepted, but ${shown(last, body.value)}`);
    },

    /** The look decides: what is not there any more may well be refused to the call. */
    async undo(undo, signal) {
      const body = readUndo(undo);
      if (!body.ok) return body;
      const { name, undo: call, timeoutMs } = body.value;
      const why = trouble(await send(call, timeoutMs, signal));
      const last = await waitFor('clear', body.value, signal);
      if (last === null) return DONE;
      const said = why === null ? 'was accepted' : `came to nothing (${why})`;
      return failure('failed', `${name}: ${call.method} ${call.url} ${said}, and ${shown(last, body.value)}`);
    },

    async proof(_, _fault, undo, signal) {
      const body = readUndo(undo);
      if (!body.ok) return body;
      const { proof, timeoutMs } = body.value;
      if (proof === null) return answer({ bit: null, says: 'no proof is configured' });
      return changed(`${proof.json} of ${proof.url}`, proof.before, await count(proof, timeoutMs, signal));
    },

    async stands(undo, signal) {
      const body = readUndo(undo);
      if (!body.ok) return body;
      const now = await look(body.value, signal);
      return typeof now === 'object' ? failure('unreachable', now.untold) : answer(now === 'there');
    },
  };
}

function trouble(heard: Heard): string | null {
  if (heard.type === 'silent') return heard.why;
  if (heard.status < 300) return null;
  const said = heard.text.trim().slice(0, 200);
  return said === '' ? `status ${heard.status}` : `status ${heard.status}: ${said}`;
}

function shown(last: Seen, { clear, withinMs }: UndoBody): string {
  if (typeof last === 'object') return last.untold;
  const finding = last === 'clear' ? 'does not show it' : 'still shows the fault';
  return `GET ${clear.url} ${finding} within ${withinMs} ms`;
}

function readUndo(undo: Undo): Answer<UndoBody> {
  const parsed = bodySchema.safeParse(undo.body);
  if (parsed.success) return answer(parsed.data);
  return failure('failed', `this undo is not the http injector's: ${z.prettifyError(parsed.error)}`);
}
