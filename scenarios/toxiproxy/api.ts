/** The HTTP interface, route by route: what comes in as text, what goes out as a status and JSON. */
import { badBody, leaseBody, populateBody, proxyBody, readBody, toxicBody } from './body.ts';
import type { Proxy } from './proxy.ts';
import type { Problem, Registry } from './registry.ts';
import type { Toxic } from './stage.ts';
import { TOXICS } from './toxics/kinds.ts';

export interface Response {
  readonly status: number;
  /** JSON; undefined: no body. */
  readonly body?: unknown;
  /** Instead of `body`: as it stands, of this type. */
  readonly text?: string;
  readonly type?: string;
}

export interface Request {
  /** The path's variable segments, decoded. */
  readonly names: readonly string[];
  readonly body: string;
  /** The lease that it names, which is held; null without one. */
  readonly lease: string | null;
}

/** The version of the interface that is spoken. */
const VERSION = '2.12.0-pulsedrill';

type Handler = (registry: Registry, request: Request) => Response | Promise<Response>;

export interface Route {
  /** Its segments; `*` stands for a name. */
  readonly path: readonly string[];
  readonly methods: Readonly<Partial<Record<string, Handler>>>;
}

const problem = ({ status, message }: Problem): Response => ({ status, body: { error: message, status } });
const proxyNotFound = problem({ status: 404, message: 'proxy not found' });
const toxicNotFound = problem({ status: 404, message: 'toxic not found' });

const toxicJson = ({ attributes, name, type, stream, toxicity }: Toxic) => ({
  attributes,
  name,
  type,
  stream,
  toxicity,
});
const proxyJson = ({ name, listen, upstream, enabled, toxics }: Proxy) => ({
  name,
  listen,
  upstream,
  enabled,
  toxics: toxics.map(toxicJson),
});

const withProxy =
  (work: (proxy: Proxy, request: Request) => Response | Promise<Response>): Handler =>
  (registry, request) => {
    const proxy = registry.get(request.names[0] ?? '');
    return proxy === undefined ? proxyNotFound : work(proxy, request);
  };

const withToxic = (work: (proxy: Proxy, toxic: Toxic, request: Request) => Response): Handler =>
  withProxy((proxy, request) => {
    const toxic = proxy.toxic(request.names[1] ?? '');
    return toxic === undefined ? toxicNotFound : work(proxy, toxic, request);
  });

/** Its own form, down to the space and the line break. */
const version: Handler = () => ({
  status: 200,
  type: 'application/json;charset=utf-8',
  text: `{"version": "${VERSION}"}\n`,
});

const listProxies: Handler = (registry) => ({
  status: 200,
  body: Object.fromEntries(registry.all().map((proxy) => [proxy.name, proxyJson(proxy)])),
});

const createProxy: Handler = async (registry, { body }) => {
  const input = readBody(proxyBody, body);
  const reply = input.ok ? await registry.create(input.value) : input;
  return reply.ok ? { status: 201, body: proxyJson(reply.value) } : problem(reply.problem);
};

const updateProxy: Handler = async (registry, { names: [name = ''], body, lease }) => {
  if (registry.get(name) === undefined) return proxyNotFound;
  const input = readBody(proxyBody, body);
  const reply = input.ok ? await registry.update(name, input.value, lease) : input;
  return reply.ok ? { status: 200, body: proxyJson(reply.value) } : problem(reply.problem);
};

const deleteProxy: Handler = async (registry, { names: [name = ''] }) => {
  const reply = await registry.delete(name);
  return reply.ok ? { status: 204 } : problem(reply.problem);
};

const populate: Handler = async (registry, { body }) => {
  const input = readBody(populateBody, body);
  if (!input.ok) {
    const { status, message } = input.problem;
    return { status, body: { error: message, status, proxies: null } };
  }
  const outcome = await registry.populate(input.value);
  const proxies = outcome.proxies.length === 0 ? null : outcome.proxies.map(proxyJson);
  if (outcome.problem === null) return { status: 201, body: { proxies } };
  const { status, message } = outcome.problem;
  return { status, body: { error: message, status, proxies } };
};

const reset: Handler = async (registry) => {
  const failure = await registry.reset();
  return failure === null ? { status: 204 } : problem(failure);
};

const createToxic = withProxy((proxy, { body, lease }) => {
  const input = readBody(toxicBody, body);
  if (!input.ok) return problem(input.problem);
  const { type = '', stream = 'downstream', toxicity = 1, attributes = {} } = input.value;
  const direction = stream.toLowerCase();
  if (direction !== 'upstream' && direction !== 'downstream') {
    return problem({ status: 400, message: 'stream was invalid, can be either upstream or downstream' });
  }
  const kind = TOXICS.get(type);
  if (kind === undefined) return problem({ status: 400, message: 'invalid toxic type' });
  const name = input.value.name || `${type}_${stream}`;
  if (proxy.toxic(name) !== undefined) return problem({ status: 409, message: 'toxic already exists' });
  const parsed = kind.parse(attributes);
  if ('problem' in parsed) return problem(badBody(parsed.problem));
  const toxic: Toxic = { name, type, stream, direction, toxicity, attributes: parsed.attributes, kind, lease };
  proxy.addToxic(toxic);
  return { status: 200, body: toxicJson(toxic) };
});

/** All of it or nothing: a bad attribute leaves the others as they were. */
const updateToxic = withToxic((proxy, toxic, { body }) => {
  const input = readBody(toxicBody.pick({ toxicity: true, attributes: true }), body);
  if (!input.ok) return problem(input.problem);
  const parsed = toxic.kind.parse({ ...toxic.attributes, ...input.value.attributes });
  if ('problem' in parsed) return problem(badBody(parsed.problem));
  const updated = { ...toxic, toxicity: input.value.toxicity ?? toxic.toxicity, attributes: parsed.attributes };
  proxy.updateToxic(updated);
  return { status: 200, body: toxicJson(updated) };
});

const noLease = problem({ status: 404, message: 'lease not found, or over' });

const createLease: Handler = ({ leases }, { body }) => {
  const input = readBody(leaseBody, body);
  if (!input.ok) return problem(input.problem);
  return { status: 201, body: leases.grant(input.value.holder, input.value.ttlms) };
};

const renewLease: Handler = ({ leases }, { names: [id = ''] }) => {
  const lease = leases.renew(id);
  return lease === undefined ? noLease : { status: 200, body: lease };
};

/** POST on a single proxy or toxic is the older spelling of PATCH; clients still use it. */
export const ROUTES: readonly Route[] = [
  { path: ['version'], methods: { GET: version } },
  { path: ['reset'], methods: { POST: reset } },
  { path: ['populate'], methods: { POST: populate } },
  { path: ['proxies'], methods: { GET: listProxies, POST: createProxy } },
  {
    path: ['proxies', '*'],
    methods: {
      GET: withProxy((proxy) => ({ status: 200, body: proxyJson(proxy) })),
      PATCH: updateProxy,
      POST: updateProxy,
      DELETE: deleteProxy,
    },
  },
  // Not Toxiproxy's: what crossed, live.
  {
    path: ['proxies', '*', 'counters'],
    methods: { GET: withProxy(({ counters }) => ({ status: 200, body: counters })) },
  },
  // Not Toxiproxy's either: faults that go by themselves.
  {
    path: ['leases'],
    methods: { GET: ({ leases }) => ({ status: 200, body: leases.all() }), POST: createLease },
  },
  {
    path: ['leases', '*'],
    methods: {
      POST: renewLease,
      DELETE: ({ leases }, { names: [id = ''] }) => (leases.giveBack(id) ? { status: 204 } : noLease),
    },
  },
  {
    path: ['proxies', '*', 'toxics'],
    methods: {
      GET: withProxy((proxy) => ({ status: 200, body: proxy.toxics.map(toxicJson) })),
      POST: createToxic,
    },
  },
  {
    path: ['proxies', '*', 'toxics', '*'],
    methods: {
      GET: withToxic((_, toxic) => ({ status: 200, body: toxicJson(toxic) })),
      PATCH: updateToxic,
      POST: updateToxic,
      DELETE: withToxic((proxy, toxic) => {
        proxy.removeToxic(toxic);
        return { status: 204 };
      }),
    },
  },
];
