/** The cluster, through the official client. It is loaded only where a cluster is configured: it is large. */
import type { CoreV1Api, CustomObjectsApi } from '@kubernetes/client-node';
import { z } from 'zod';
import { GROUP, pluralOf, VERSION, type Manifest } from './manifest.ts';

/** `status`: what the server answered, 0 if it did not. */
export type Heard<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly why: string };

export interface Where {
  readonly kubeconfig: string;
  readonly context: string | null;
}

export interface Cluster {
  create(manifest: Manifest, isDry: boolean, signal: AbortSignal): Promise<Heard<Standing>>;
  read(place: Place, signal: AbortSignal): Promise<Heard<Standing>>;
  remove(place: Place, signal: AbortSignal): Promise<Heard<void>>;
  pods(namespace: string, labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Heard<Pods>>;
}

/** How many there are; `alone`: that nobody would make again. */
export interface Pods {
  readonly all: number;
  readonly ready: number;
  readonly alone: number;
}

export interface Place {
  readonly kind: Manifest['kind'];
  readonly namespace: string;
  readonly name: string;
}

const condition = z.object({ type: z.string(), status: z.string(), reason: z.string().optional() });
const standingSchema = z.object({
  metadata: z.object({ finalizers: z.array(z.string()).default([]), deletionTimestamp: z.string().optional() }),
  status: z
    .object({
      conditions: z
        .array(condition)
        .nullish()
        .transform((list) => list ?? []),
    })
    .optional(),
});
/** A resource as the server tells it. */
export type Standing = z.output<typeof standingSchema>;

export const isMet = ({ status }: Standing, type: string): boolean =>
  status?.conditions.some((each) => each.type === type && each.status === 'True') === true;

const MOST_MS = 5_000;
const said = z.object({ message: z.string() });

export async function openCluster({ kubeconfig, context }: Where): Promise<Cluster> {
  const { CoreV1Api, CustomObjectsApi, KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  if (context !== null) {
    if (config.getContextObject(context) === null) throw new Error(`${kubeconfig} has no context ${context}`);
    config.setCurrentContext(context);
  }
  return clusterOf(config.makeApiClient(CustomObjectsApi), config.makeApiClient(CoreV1Api));
}

function clusterOf(objects: CustomObjectsApi, core: CoreV1Api): Cluster {
  const common = { group: GROUP, version: VERSION };
  const at = ({ kind, namespace, name }: Place) => ({ ...common, namespace, plural: pluralOf(kind), name });
  return {
    create: (manifest, isDry, signal) =>
      heard(async () => {
        const { kind, metadata } = manifest;
        const dry = isDry ? { dryRun: 'All' } : {};
        const where = { ...common, namespace: metadata.namespace, plural: pluralOf(kind) };
        // A field that the server does not know would be dropped, and the fault another than the one asked for.
        const asked = { ...where, body: manifest, fieldValidation: 'Strict', fieldManager: 'pulsedrill', ...dry };
        return standingSchema.parse(await objects.createNamespacedCustomObject(asked));
      }, signal),
    read: (place, signal) =>
      heard(async () => standingSchema.parse(await objects.getNamespacedCustomObject(at(place))), signal),
    remove: (place, signal) =>
      heard(async () => {
        await objects.deleteNamespacedCustomObject({ ...at(place), propagationPolicy: 'Background' });
      }, signal),
    pods: (namespace, labels, signal) =>
      heard(async () => {
        const labelSelector = Object.entries(labels)
          .map(([name, value]) => `${name}=${value}`)
          .join(',');
        const { items } = await core.listNamespacedPod({ namespace, labelSelector });
        const isReady = ({ metadata, status }: (typeof items)[number]) =>
          metadata?.deletionTimestamp === undefined &&
          status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
        const isAlone = ({ metadata }: (typeof items)[number]) =>
          metadata?.ownerReferences?.some(({ controller }) => controller === true) !== true;
        return { all: items.length, ready: items.filter(isReady).length, alone: items.filter(isAlone).length };
      }, signal),
  };
}

/** The client's calls can hang: what takes longer is taken for unanswered. */
async function heard<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<Heard<T>> {
  if (signal.aborted) return { ok: false, status: 0, why: 'stopped' };
  const over = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new Error(signal.aborted ? 'stopped' : `no answer within ${MOST_MS} ms`));
  over.addEventListener('abort', stop, { once: true });
  try {
    return { ok: true, value: await Promise.race([ask(), late]) };
  } catch (error) {
    return { ok: false, ...objection(error) };
  } finally {
    over.removeEventListener('abort', stop);
  }
}

function objection(error: unknown): { readonly status: number; readonly why: string } {
  if (!(error instanceof Error)) return { status: 0, why: String(error) };
  const status = 'code' in error && typeof error.code === 'number' ? error.code : 0;
  const body = said.safeParse('body' in error ? bodyOf(error.body) : undefined);
  if (body.success) return { status, why: `${status} ${body.data.message}`.slice(0, 300) };
  const cause = error.cause instanceof Error ? error.cause.message : '';
  return { status, why: (cause || error.message).split('\n')[0]?.slice(0, 300) ?? '' };
}

function bodyOf(body: unknown): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
