import type { Fault } from '../../fault.ts';
import type { Answer, Crossing, Injector, InjectorContext, Target, Undo } from '../../injector.ts';
import { seededRandom } from '../../random.ts';
import { answer, DONE, failure, unknownTarget } from '../answers.ts';
import { able, placeOf, put } from './able.ts';
import type { Plan } from './plan.ts';
import type { NetemTarget } from './spec.ts';
import { identityOf, qdiscsOf } from './tc.ts';
import { cutProblem, isThere, KIND, newUndo, readUndo, undoNetem } from './undo.ts';

/** Packets of an interface of this machine: late, lost, doubled, damaged, out of order, slow, or none at all. */
export function netemInjector(targets: readonly NetemTarget[], context: InjectorContext): Injector {
  const byName = new Map(targets.map((target) => [target.name, target]));
  let count = 0;

  /** From 0x7000 to 0x7fff, below which people number theirs. */
  const newId = () => 0x7000 + Math.floor(seededRandom(0, context.gameday, KIND, (count += 1))() * 0x1000);

  async function ready(
    target: Target,
    fault: Fault,
    signal: AbortSignal,
  ): Promise<Answer<{ spec: NetemTarget; plan: Plan }>> {
    const spec = byName.get(target.name);
    if (spec === undefined) return unknownTarget(KIND, target.name, byName.keys());
    const planned = await able(spec, placeOf(spec), fault, context, signal);
    return planned.ok ? answer({ spec, plan: planned.value }) : planned;
  }

  return {
    kind: KIND,
    isExclusive: true,
    cuts: 'packet',
    patienceMs: () => 12_000,

    async check(target, fault, signal) {
      const said = await ready(target, fault, signal);
      return said.ok ? DONE : said;
    },

    async prepare(target, fault, signal): Promise<Answer<Undo>> {
      const said = await ready(target, fault, signal);
      if (!said.ok) return said;
      const { spec, plan } = said.value;
      const place = placeOf(spec);
      const identity = place.namespace === null ? null : await identityOf(place.namespace);
      const queue = plan.type === 'root' ? plan.queue : null;
      return answer(newUndo({ ...place, identity, queue, id: newId() }));
    },

    async inject(target, fault, undo, signal, mayInject) {
      const body = readUndo(undo);
      if (!body.ok) return body;
      const said = await ready(target, fault, signal);
      if (!said.ok) return said;
      const { spec, plan } = said.value;
      if (!(await mayInject())) return failure('failed', `${spec.name}: not injected, the lease is over`);
      const done = await put(plan, body.value.id, placeOf(spec), context, signal);
      if (!done.ok) return done;
      const why = plan.type === 'cut' ? await cutProblem(body.value, context, signal) : null;
      if (why !== null) return failure('failed', `${spec.name}: ${why}`);
      const now = await isThere(body.value, context, signal);
      if (!now.ok || now.value) return now.ok ? DONE : now;
      return failure('failed', `${spec.name}: accepted, but not there on ${spec.interface}`);
    },

    async undo(undo, signal) {
      const body = readUndo(undo);
      return body.ok ? await undoNetem(body.value, context, signal) : body;
    },

    async stands(undo, signal) {
      const body = readUndo(undo);
      if (!body.ok) return body;
      return await isThere(body.value, context, signal);
    },

    /** By the counters of our own queue, which begin with it. What it dropped is cut. */
    async effect(target, signal) {
      const spec = byName.get(target.name);
      if (spec === undefined) return unknownTarget(KIND, target.name, byName.keys());
      const qdiscs = await qdiscsOf(placeOf(spec), context, signal);
      if (!qdiscs.ok) return qdiscs;
      const ours = (qdiscs.value ?? []).filter(
        ({ handle, kind }) => /^7[\da-f]{3}:$/.test(handle) || kind === 'clsact',
      );
      const sum = (key: 'bytes' | 'drops') => ours.reduce((all, qdisc) => all + (qdisc[key] ?? 0), 0);
      return answer<Crossing>({ bytes: sum('bytes'), connections: 0, cut: sum('drops') });
    },
  };
}
