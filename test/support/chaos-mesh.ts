/**
 * A server that answers as a Kubernetes API with Chaos Mesh does, for four of its resources: it holds what it is sent
 * against the official definitions, injects and recovers after a while, and holds a resource until then.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Ajv } from 'ajv';
import { z } from 'zod';

const { kinds } = z
  .object({ kinds: z.record(z.string(), z.object({ plural: z.string(), schema: z.record(z.string(), z.unknown()) })) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../scenarios/injectors/chaos-mesh/schemas.json'), 'utf8')));

/** What a server that is asked to be strict refuses: fields that the definition does not know. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in inner && !('additionalProperties' in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}

const ajv = new Ajv({ allErrors: true, strict: false });
const judges = new Map(
  Object.values(kinds).map(({ plural, schema: { properties, ...rest } }) => {
    const spec = typeof properties === 'object' && properties !== null ? Reflect.get(properties, 'spec') : {};
    return [plural, ajv.compile({ ...rest, properties: { spec: closed(spec) } })];
  }),
);

const manifestSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.unknown(),
});
type Resource = z.output<typeof manifestSchema> & {
  metadata: { finalizers: string[]; deletionTimestamp?: string };
  status: { conditions: { type: string; status: string; reason?: string }[] };
};

export interface FakeCluster extends AsyncDisposable {
  readonly url: string;
  readonly resources: ReadonlyMap<string, Resource>;
  /** Each request as `METHOD path?query`. */
  readonly requests: string[];
  pods: { name: string; ready: boolean; alone?: boolean }[];
  /** What is said instead, or null. */
  refusal: { readonly status: number; readonly message: string } | null;
  /** Nothing is injected, or recovered, any more. */
  isStuck: boolean;
}

const AFTER_MS = 100;

export async function startCluster(): Promise<FakeCluster> {
  const resources = new Map<string, Resource>();
  const timers = new Set<NodeJS.Timeout>();
  const later = (what: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!cluster.isStuck) what();
    }, AFTER_MS);
    timers.add(timer);
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cluster: FakeCluster = {
    url: `http://127.0.0.1:${address.port}`,
    resources,
    requests: [],
    pods: [{ name: 'venue-0', ready: true }],
    refusal: null,
    isStuck: false,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const url = new URL(request.url ?? '', cluster.url);
    cluster.requests.push(`${request.method} ${url.pathname}${url.search}`);
    const say = (status: number, value: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    const fail = (code: number, message: string): void =>
      say(code, { kind: 'Status', status: 'Failure', code, message });
    if (cluster.refusal !== null) return fail(cluster.refusal.status, cluster.refusal.message);
    if (url.pathname.startsWith('/api/v1/')) return say(200, podList(cluster.pods));
    const [, plural = '', name] = /\/([a-z]+chaos)(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    if (request.method === 'POST') return create(plural, body, url.searchParams, say, fail);
    const found = resources.get(`${plural}/${name}`);
    if (found === undefined) return fail(404, `${plural}.chaos-mesh.org "${name}" not found`);
    if (request.method === 'DELETE') remove(plural, found);
    return say(200, found);
  }

  function create(
    plural: string,
    body: string,
    query: URLSearchParams,
    say: (status: number, value: object) => void,
    fail: (status: number, message: string) => void,
  ): void {
    const given = manifestSchema.parse(JSON.parse(body));
    const judge = judges.get(plural);
    if (judge?.(given) !== true) return fail(422, ajv.errorsText(judge?.errors ?? [], { dataVar: plural }));
    if (query.get('fieldValidation') !== 'Strict')
      return fail(400, 'this server is for those who ask to be held to it');
    const key = `${plural}/${given.metadata.name}`;
    if (resources.has(key)) return fail(409, `${plural}.chaos-mesh.org "${given.metadata.name}" already exists`);
    const conditions = (isInjected: boolean) => [
      { type: 'Selected', status: 'True', reason: '' },
      { type: 'AllInjected', status: isInjected ? 'True' : 'False', reason: '' },
      { type: 'AllRecovered', status: 'False', reason: '' },
    ];
    const resource: Resource = {
      ...given,
      metadata: { ...given.metadata, finalizers: ['chaos-mesh/records'] },
      status: { conditions: conditions(false) },
    };
    if (query.get('dryRun') !== 'All') {
      resources.set(key, resource);
      later(() => (resource.status.conditions = conditions(true)));
    }
    return say(201, resource);
  }

  function remove(plural: string, found: Resource): void {
    found.metadata.deletionTimestamp ??= new Date(0).toISOString();
    later(() => resources.delete(`${plural}/${found.metadata.name}`));
  }

  return cluster;
}

function podList(pods: FakeCluster['pods']): object {
  const items = pods.map(({ name, ready, alone = false }) => ({
    metadata: {
      name,
      ...(alone
        ? {}
        : {
            ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'venue', uid: '1', controller: true }],
          }),
    },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }));
  return { apiVersion: 'v1', kind: 'PodList', metadata: {}, items };
}
