import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { injectorsByKind } from '../../../runner/gameday/injectors.ts';
import type { Fault } from '../../../scenarios/fault.ts';
import type { Injector } from '../../../scenarios/injector.ts';
import { injectorSchema } from '../../../scenarios/injectors/specs.ts';
import { freePort } from '../../support/servers.ts';
import { startCluster, type FakeCluster } from '../../support/chaos-mesh.ts';
import { inject, MAY, PATIENT, problemOf, valueOf } from './answers.ts';

const TARGET = { injector: 'kubernetes', name: 'venue' };
const LOSS = { type: 'packetLoss', percent: 5 } as const;

let cluster: FakeCluster;
let folder: string;
let kubeconfig: string;

beforeEach(async () => {
  cluster = await startCluster();
  folder = await mkdtemp(join(tmpdir(), 'pulsedrill-kube-'));
  kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, kubeconfigOf(cluster.url));
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const kubeconfigOf = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'sesame' } }],
    contexts: [{ name: 'staging', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'staging',
  });

function injectorOf(target: object = {}, entry: object = {}): Injector {
  const whole = { name: 'venue', namespace: 'trading', labels: { app: 'venue' }, within: '2s', ...target };
  const spec = injectorSchema.parse({ kind: 'kubernetes', kubeconfig, targets: [whole], ...entry });
  const injector = injectorsByKind([spec], { gameday: 'gd-20261128-Test' }).get('kubernetes');
  if (injector === undefined) throw new Error('no injector was made');
  return injector;
}

const specs = () => [...cluster.resources.values()].map(({ kind, spec }) => ({ kind, spec }));
const common = {
  mode: 'one',
  selector: { namespaces: ['trading'], labelSelectors: { app: 'venue' } },
  duration: '900000ms',
};

describe('a resource of Chaos Mesh', () => {
  test.each<[Fault, string, object]>([
    [{ type: 'podFailure' }, 'PodChaos', { action: 'pod-failure' }],
    [
      { type: 'packetDelay', ms: 100, jitterMs: 10 },
      'NetworkChaos',
      { action: 'delay', delay: { latency: '100ms', jitter: '10ms' } },
    ],
    [{ type: 'packetLoss', percent: 0.5 }, 'NetworkChaos', { action: 'loss', loss: { loss: '0.5' } }],
    [{ type: 'packetDuplicate', percent: 5 }, 'NetworkChaos', { action: 'duplicate', duplicate: { duplicate: '5' } }],
    [{ type: 'packetCorrupt', percent: 5 }, 'NetworkChaos', { action: 'corrupt', corrupt: { corrupt: '5' } }],
    [
      { type: 'packetReorder', percent: 25, ms: 20 },
      'NetworkChaos',
      { action: 'delay', delay: { latency: '20ms', reorder: { reorder: '25', gap: 1 } } },
    ],
    [
      { type: 'packetRate', kilobits: 512 },
      'NetworkChaos',
      { action: 'bandwidth', bandwidth: { rate: '512kbit', limit: 1_000_000, buffer: 3000 } },
    ],
    [{ type: 'partition' }, 'NetworkChaos', { action: 'partition', direction: 'both' }],
    [{ type: 'cpuLoad', workers: 2, percent: 80 }, 'StressChaos', { stressors: { cpu: { workers: 2, load: 80 } } }],
    [{ type: 'clockOffset', ms: -5000 }, 'TimeChaos', { timeOffset: '-5000ms' }],
  ])('%j is made as the official definition has it, followed, and gone after its undo', async (fault, kind, spec) => {
    const injector = injectorOf();
    const undo = await inject(injector, TARGET, fault);
    expect(specs()).toEqual([{ kind, spec: { ...common, ...spec } }]);
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: false })).toBe(true);
    const name = 'pd-gd-20261128-test-1';
    expect(undo.byHand).toBe(
      `kubectl --kubeconfig ${kubeconfig} -n trading delete ${kind.toLowerCase()}.chaos-mesh.org ${name}`,
    );
    expect(JSON.stringify(undo)).not.toContain('sesame');
    valueOf(await injectorOf({ name: 'another' }).undo(undo, PATIENT));
    expect(cluster.resources.size).toBe(0);
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: true })).toBe(false);
    valueOf(await injectorOf().undo(undo, PATIENT));
  });

  test('that kills is undone when as many pods are ready as before', async () => {
    const injector = injectorOf({ pods: '50%', within: '600ms' });
    const undo = await inject(injector, TARGET, { type: 'kill' });
    const { duration: _, ...lasting } = common;
    const spec = { ...lasting, mode: 'fixed-percent', value: '50', action: 'pod-kill', gracePeriod: 0 };
    expect(specs()).toEqual([{ kind: 'PodChaos', spec }]);
    cluster.pods = [{ name: 'venue-1', ready: false }];
    expect(problemOf(await injector.undo(undo, PATIENT)).message).toBe('trading: within 600 ms 0 of 1 pods are ready');
    cluster.pods = [{ name: 'venue-1', ready: true }];
    valueOf(await injector.undo(undo, PATIENT));
  });

  test('is only tried by the check, and nothing of it is kept', async () => {
    valueOf(await injectorOf().check(TARGET, LOSS, PATIENT));
    expect(cluster.resources.size).toBe(0);
    expect(cluster.requests).toEqual([
      'GET /api/v1/namespaces/trading/pods?labelSelector=app%3Dvenue',
      'POST /apis/chaos-mesh.org/v1alpha1/namespaces/trading/networkchaos?dryRun=All&fieldManager=pulsedrill&fieldValidation=Strict',
    ]);
  });

  test('that is not injected in time, or that its finalizer holds, is said with its conditions', async () => {
    cluster.isStuck = true;
    const injector = injectorOf({ within: '400ms' });
    const undo = valueOf(await injector.prepare(TARGET, LOSS, PATIENT));
    const conditions = 'Selected True, AllInjected False, AllRecovered False, held by chaos-mesh/records';
    expect(problemOf(await injector.inject(TARGET, LOSS, undo, PATIENT, MAY)).message).toBe(
      `venue: NetworkChaos pd-gd-20261128-test-1 is not injected within 400 ms: ${conditions}`,
    );
    expect(problemOf(await injector.undo(undo, PATIENT)).message).toBe(
      `NetworkChaos pd-gd-20261128-test-1 in trading is not gone within 400 ms: ${conditions}`,
    );
    // Nobody takes the finalizer away: the pods may still have the fault.
    expect([...cluster.resources.values()][0]?.metadata.finalizers).toEqual(['chaos-mesh/records']);
    cluster.isStuck = false;
    valueOf(await injector.undo(undo, PATIENT));
    expect(cluster.resources.size).toBe(0);
  });

  test('is not made without a lease, or where one of its name is', async () => {
    const injector = injectorOf();
    const undo = valueOf(await injector.prepare(TARGET, LOSS, PATIENT));
    const no = () => Promise.resolve(false);
    expect(problemOf(await injector.inject(TARGET, LOSS, undo, PATIENT, no)).message).toBe(
      'venue: not injected, the lease is over',
    );
    expect(cluster.resources.size).toBe(0);
    valueOf(await injector.inject(TARGET, LOSS, undo, PATIENT, MAY));
    expect(problemOf(await injector.inject(TARGET, LOSS, undo, PATIENT, MAY))).toEqual({
      code: 'conflict',
      message: 'venue: 409 networkchaos.chaos-mesh.org "pd-gd-20261128-test-1" already exists',
    });
  });
});

describe('a check is refused', () => {
  const refusal = async (fault: Fault = LOSS, target: object = {}, entry: object = {}) =>
    problemOf(await injectorOf(target, entry).check(TARGET, fault, PATIENT));

  test('where no pod is meant, or nobody would make a killed one again', async () => {
    cluster.pods = [{ name: 'venue-0', ready: true, alone: true }];
    expect(await refusal({ type: 'kill' })).toEqual({
      code: 'cannot-express',
      message: 'kill on venue: nobody would make 1 of its pods again',
    });
    cluster.pods = [];
    expect(await refusal()).toEqual({
      code: 'unknown-target',
      message: 'venue: no pod of trading has {"app":"venue"}',
    });
  });

  test('where the server forbids it, and where nobody answers', async () => {
    cluster.refusal = { status: 403, message: 'pods is forbidden: User "u" cannot list resource "pods"' };
    expect(await refusal()).toEqual({
      code: 'failed',
      message: 'venue: pods: 403 pods is forbidden: User "u" cannot list resource "pods"',
    });
    await writeFile(kubeconfig, kubeconfigOf(`http://127.0.0.1:${await freePort()}`));
    const { code, message } = await refusal();
    expect(code).toBe('unreachable');
    expect(message).toMatch(/^venue: pods: connect ECONNREFUSED/);
  });

  test('where the kubeconfig, or its context, is missing', async () => {
    expect((await refusal(LOSS, {}, { context: 'production' })).message).toBe(
      `kubeconfig ${kubeconfig}: ${kubeconfig} has no context production`,
    );
    const nowhere = join(folder, 'none');
    expect((await refusal(LOSS, {}, { kubeconfig: nowhere })).message).toMatch(
      new RegExp(`^kubeconfig ${nowhere}: ENOENT`),
    );
  });

  test('where Chaos Mesh has no word for it, before anything is asked', async () => {
    expect((await refusal({ type: 'memoryPressure', percent: 5 })).message).toBe(
      'kubernetes cannot express memoryPressure; it can: kill, podFailure, packetDelay, packetLoss, packetDuplicate, packetCorrupt, packetReorder, packetRate, partition, cpuLoad, clockOffset',
    );
    expect((await refusal({ type: 'cpuLoad', workers: null, percent: 5 })).message).toBe(
      'cpuLoad on venue: one worker a processor is not known of a pod before it is chosen: say how many workers',
    );
    expect(cluster.requests).toEqual([]);
  });
});
