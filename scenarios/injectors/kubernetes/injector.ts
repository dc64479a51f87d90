import { z } from 'zod';
import type { Fault } from '../../fault.ts';
import type { Answer, Injector, InjectorContext, Target, Undo } from '../../injector.ts';
import { answer, DONE, failure, unknownTarget } from '../answers.ts';
import { lookedFor } from '../patience.ts';
import { shellWords } from '../program.ts';
import { isMet, openCluster, type Cluster, type Place, type Standing, type Where } from './cluster.ts';
import { manifestOf, pluralOf, type Manifest } from './manifest.ts';
import type { KubernetesSpec, KubernetesTarget } from './spec.ts';

const KIND = 'kubernetes';
const MARGIN_MS = 6_000;
const LOOK_EVERY_MS = 250;

const bodySchema = z.object({
  kubeconfig: z.string(),
  context: z.string().nullable(),
  kind: z.enum(['PodChaos', 'NetworkChaos', 'StressChaos', 'TimeChaos']),
  namespace: z.string(),
  name: z.string(),
  withinMs: z.number(),
  /** So many pods with these labels were ready, and are to be again: what is killed is made anew. */
  labels: z.record(z.string(), z.string()),
  ready: z.int(),
});
type UndoBody = z.output<typeof bodySchema>;

type Known = KubernetesTarget & Where;

/** Pods of clusters, by resources of Chaos Mesh: made, followed until every pod has the fault, and deleted. */
export function kubernetesInjector(specs: readonly KubernetesSpec[], context: InjectorContext): Injector {
  const byName = new Map(
    specs.flatMap(({ kubeconfig, context: at = null, targets }) =>
      targets.map((target): [string, Known] => [target.name, { ...target, kubeconfig, context: at }]),
    ),
  );
  const prefix = `pd-${context.gameday}`
    .toLowerCase()
    .replaceAll(/[^a-z\d-]/g, '-')
    .slice(0, 200);
  let count = 0;

  async function ready(target: Target, fault: Fault, signal: AbortSignal) {
    const spec = byName.get(target.name);
    if (spec === undefined) return unknownTarget(KIND, target.name, byName.keys());
    const manifest = manifestOf(fault, spec, `${prefix}-${count + 1}`);
    if (!manifest.ok) return manifest;
    const opened = await open(spec);
    if (!opened.ok) return opened;
    const cluster = opened.value;
    const pods = await cluster.pods(spec.namespace, spec.labels, signal);
    if (!pods.ok) return failure(pods.status === 0 ? 'unreachable' : 'failed', `${spec.name}: pods: ${pods.why}`);
    const labels = JSON.stringify(spec.labels);
    if (pods.value.all === 0)
      return failure('unknown-target', `${spec.name}: no pod of ${spec.namespace} has ${labels}`);
    const { ready, alone } = pods.value;
    if (fault.type === 'kill' && alone > 0) {
      return failure('cannot-express', `kill on ${spec.name}: nobody would make ${alone} of its pods again`);
    }
    // The server looks at all of it, the rights and Chaos Mesh's own rules included, and keeps nothing.
    const tried = await cluster.create(manifest.value, true, signal);
    if (tried.ok) return answer({ spec, manifest: manifest.value, ready: fault.type === 'kill' ? ready : 0 });
    const code = tried.status === 409 ? 'conflict' : tried.status === 0 ? 'unreachable' : 'failed';
    return failure(code, `${spec.name}: ${manifest.value.kind}: ${tried.why}`);
  }

  return {
    kind: KIND,
    patienceMs: ({ name }) => 2 * (byName.get(name)?.withinMs ?? 0) + MARGIN_MS,

    async check(target, fault, signal) {
      const said = await ready(target, fault, signal);
      return said.ok ? DONE : said;
    },

    async prepare(target, fault, signal) {
      const said = await ready(target, fault, signal);
      if (!said.ok) return said;
      count += 1;
      return answer(newUndo(said.value.manifest, said.value.spec, said.value.ready));
    },

    async inject(target, fault, undo, signal, mayInject) {
      const spec = byName.get(target.name);
      if (spec === undefined) return unknownTarget(KIND, target.name, byName.keys());
      const body = readUndo(undo);
      if (!body.ok) return body;
      const manifest = manifestOf(fault, spec, body.value.name);
      if (!manifest.ok) return manifest;
      const opened = await open(spec);
      if (!opened.ok) return opened;
      if (!(await mayInject())) return failure('failed', `${spec.name}: not injected, the lease is over`);
      const made = await opened.value.create(manifest.value, false, signal);
      if (!made.ok) return failure(made.status === 409 ? 'conflict' : 'failed', `${spec.name}: ${made.why}`);
      return follow(opened.value, body.value, spec.name, signal);
    },

    async undo(undo, signal) {
      const body = readUndo(undo);
      if (!body.ok) return body;
      const opened = await open(body.value);
      return opened.ok ? await remove(opened.value, body.value, signal) : opened;
    },

    async stands(undo, signal) {
      const body = readUndo(undo);
      if (!body.ok) return body;
      const opened = await open(body.value);
      if (!opened.ok) return opened;
      const now = await opened.value.read(body.value, signal);
      if (!now.ok) return now.status === 404 ? answer(false) : failure('unreachable', now.why);
      return answer(now.value.metadata.deletionTimestamp === undefined && isMet(now.value, 'AllInjected'));
    },
  };

  /** Until every pod that was selected has it. */
  async function follow(cluster: Cluster, body: UndoBody, name: string, signal: AbortSignal): Promise<Answer<void>> {
    let last = 'it has not been looked at yet';
    const look = async () => {
      const now = await cluster.read(body, signal);
      last = now.ok ? conditionsText(now.value) : now.why;
      return now.ok && isMet(now.value, 'AllInjected') ? true : null;
    };
    const isThere = await lookedFor(look, context.clock, body.withinMs, signal, LOOK_EVERY_MS);
    return isThere === null
      ? failure('failed', `${name}: ${body.kind} ${body.name} is not injected within ${body.withinMs} ms: ${last}`)
      : DONE;
  }

  /** Chaos Mesh holds the resource by a finalizer until every pod has recovered: it is gone when they have, and not before. */
  async function remove(cluster: Cluster, body: UndoBody, signal: AbortSignal): Promise<Answer<void>> {
    const asked = await cluster.remove(body, signal);
    let last = asked.ok ? '' : asked.why;
    const look = async () => {
      const now = await cluster.read(body, signal);
      if (!now.ok && now.status === 404) return true;
      last = now.ok ? conditionsText(now.value) : now.why;
      return null;
    };
    const isGone = await lookedFor(look, context.clock, body.withinMs, signal, LOOK_EVERY_MS);
    if (isGone !== null) return body.ready === 0 ? DONE : await madeAgain(cluster, body, signal);
    return failure(
      'failed',
      `${body.kind} ${body.name} in ${body.namespace} is not gone within ${body.withinMs} ms: ${last}`,
    );
  }

  async function madeAgain(cluster: Cluster, body: UndoBody, signal: AbortSignal): Promise<Answer<void>> {
    const { namespace, labels, ready, withinMs } = body;
    let last = '';
    const look = async () => {
      const pods = await cluster.pods(namespace, labels, signal);
      last = pods.ok ? `${pods.value.ready} of ${ready} pods are ready` : pods.why;
      return pods.ok && pods.value.ready >= ready ? true : null;
    };
    const isBack = await lookedFor(look, context.clock, withinMs, signal, LOOK_EVERY_MS);
    return isBack === null ? failure('failed', `${namespace}: within ${withinMs} ms ${last}`) : DONE;
  }
}

async function open(where: Where): Promise<Answer<Cluster>> {
  try {
    return answer(await openCluster(where));
  } catch (error) {
    return failure('unreachable', `kubeconfig ${where.kubeconfig}: ${messageOf(error)}`);
  }
}

function conditionsText({ metadata: { finalizers }, status }: Standing): string {
  const conditions = (status?.conditions ?? []).map(({ type, status: is, reason }) =>
    [`${type} ${is}`, ...(reason === undefined || reason === '' ? [] : [`(${reason})`])].join(' '),
  );
  const held = finalizers.length === 0 ? [] : [`held by ${finalizers.join(', ')}`];
  return [...conditions, ...held].join(', ') || 'no condition yet';
}

function newUndo({ kind, metadata: { name, namespace } }: Manifest, spec: Known, ready: number): Undo {
  const { kubeconfig, context, withinMs, labels } = spec;
  const body = { kubeconfig, context, kind, namespace, name, withinMs, labels, ready } satisfies UndoBody & Place;
  const where = ['--kubeconfig', kubeconfig, ...(context === null ? [] : ['--context', context]), '-n', namespace];
  return {
    injector: KIND,
    body,
    byHand: shellWords(['kubectl', ...where, 'delete', `${pluralOf(kind)}.chaos-mesh.org`, name]),
  };
}

function readUndo(undo: Undo): Answer<UndoBody> {
  const parsed = bodySchema.safeParse(undo.body);
  if (parsed.success) return answer(parsed.data);
  return failure('failed', `this undo is not the kubernetes injector's: ${z.prettifyError(parsed.error)}`);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
