import { z } from 'zod';
import type { Answer, Crossing, Injector, Target } from '../injector.ts';
import { DONE, failure } from './answers.ts';
import { KIND } from './toxiproxy-spec.ts';
import { grantLease, keepRenewing } from './toxiproxy-lease.ts';
import { compile } from './toxiproxy-plan.ts';
import { call, proxyPath, proxySchema, type Heard, type ProxyDefinition } from './toxiproxy-client.ts';
import { isGone, lift, newUndo, readUndo } from './toxiproxy-undo.ts';

export interface ToxiproxyInjectorOptions {
  /** Of the server's HTTP interface. */
  readonly url: string;
  /** The only proxies that may be touched. */
  readonly proxies: readonly string[];
  /** Goes into the names of the toxics, so that whoever finds one knows whose it is. */
  readonly gameday?: string | undefined;
}

/** How the name of every toxic of ours begins, whichever game-day's it is. */
const OURS = 'pd-';

const counters = z.object({
  upstream: z.object({ receivedBytes: z.number() }),
  downstream: z.object({ receivedBytes: z.number() }),
  connections: z.object({ accepted: z.number(), cut: z.number() }),
});

/** Faults through any server that speaks the Toxiproxy HTTP interface, ours or a real one. */
export function toxiproxyInjector(options: ToxiproxyInjectorOptions): Injector {
  const url = options.url.replace(/\/+$/, '');
  const prefix = `${OURS}${(options.gameday ?? 'adhoc').replaceAll(/[^\w.-]/g, '-')}`;
  let toxics = 0;
  /** By their leases: the faults that this process vouches for. */
  const renewing = new Map<string, Disposable>();

  const failed = (target: Target, { type, error }: Heard): Answer<never> =>
    failure(type === 'answer' ? 'failed' : 'unreachable', `toxiproxy at ${url}, proxy ${target.name}: ${error}`);

  const isAllowed = ({ name }: Target) => options.proxies.includes(name);
  const forbidden = ({ name }: Target) =>
    failure('unknown-target', `proxy ${name} is not among those that may be touched: ${options.proxies.join(', ')}`);

  /** The proxy as it stands, if it may be touched. */
  async function look(target: Target, signal: AbortSignal): Promise<Answer<ProxyDefinition>> {
    if (!isAllowed(target)) return forbidden(target);
    const heard = await call(url, 'GET', proxyPath(target.name), undefined, signal);
    if (isGone(heard)) return failure('unknown-target', `toxiproxy at ${url} has no proxy ${target.name}`);
    if (heard.type !== 'answer' || heard.status !== 200) return failed(target, heard);
    const proxy = proxySchema.safeParse(heard.json);
    if (!proxy.success) return failure('failed', `${url} does not answer like a Toxiproxy`);
    if (proxy.data.enabled) return { ok: true, value: proxy.data };
    return failure('conflict', `proxy ${target.name} is disabled already: a fault on it would prove nothing`);
  }

  return {
    kind: KIND,

    async check(target, fault, signal) {
      const plan = compile(fault, String);
      if (!plan.ok) return plan;
      const proxy = await look(target, signal);
      return proxy.ok ? DONE : proxy;
    },

    async prepare(target, fault, signal) {
      const plan = compile(fault, () => `${prefix}-${(toxics += 1)}`);
      if (!plan.ok) return plan;
      const proxy = await look(target, signal);
      if (!proxy.ok) return proxy;
      const names = plan.value.toxics.map(({ name }) => name);
      const taken = proxy.value.toxics.find(({ name }) => names.includes(name));
      if (taken !== undefined) return failure('conflict', `proxy ${target.name} has a toxic ${taken.name} already`);
      // Ours are left out of the record: a proxy made anew from it must not bring back a fault lifted meanwhile.
      const others = proxy.value.toxics.filter(({ name }) => !name.startsWith(OURS));
      const lease = await grantLease(url, prefix, signal);
      if (!lease.ok) return failed(target, lease.heard);
      const proxyAsItWas = { ...proxy.value, toxics: others };
      const body = { url, proxy: proxyAsItWas, toxics: names, enable: plan.value.disable, lease: lease.id };
      return { ok: true, value: newUndo(KIND, body) };
    },

    async inject(target, fault, undo, signal) {
      if (!isAllowed(target)) return forbidden(target);
      const body = readUndo(undo);
      if (!body.ok) return body;
      const { toxics: names, proxy, lease } = body.value;
      if (proxy.name !== target.name)
        return failure('failed', `the undo is for proxy ${proxy.name}, not ${target.name}`);
      const plan = compile(fault, (n) => names[n] ?? '');
      if (!plan.ok) return plan;
      const calls = plan.value.disable
        ? [() => call(url, 'POST', proxyPath(target.name), { enabled: false }, signal, { lease })]
        : plan.value.toxics.map(
            (toxic) => () => call(url, 'POST', `${proxyPath(target.name)}/toxics`, toxic, signal, { lease }),
          );
      if (lease !== null) renewing.set(lease, keepRenewing(url, lease));
      for (const make of calls) {
        const heard = await make();
        if (heard.type === 'answer' && heard.status === 409) {
          return failure('conflict', `toxiproxy at ${url}, proxy ${target.name}: ${heard.error}`);
        }
        if (isGone(heard)) return failure('unknown-target', `toxiproxy at ${url} has no proxy ${target.name}`);
        if (heard.type !== 'answer' || heard.status >= 300) return failed(target, heard);
      }
      return DONE;
    },

    async undo(undo, signal) {
      const body = readUndo(undo);
      if (!body.ok) return body;
      const { lease } = body.value;
      if (lease !== null) renewing.get(lease)?.[Symbol.dispose]();
      return lift(body.value, signal);
    },

    async stands(undo, signal) {
      const body = readUndo(undo);
      if (!body.ok) return body;
      const { proxy, toxics: names, enable } = body.value;
      const heard = await call(body.value.url, 'GET', proxyPath(proxy.name), undefined, signal);
      if (isGone(heard)) return { ok: true, value: false };
      const now = proxySchema.safeParse(heard.type === 'answer' ? heard.json : undefined);
      if (!now.success) return failed({ injector: KIND, name: proxy.name }, heard);
      const there = new Set(now.data.toxics.map(({ name }) => name));
      return { ok: true, value: names.every((name) => there.has(name)) && !(enable && now.data.enabled) };
    },

    async effect(target, signal) {
      if (!isAllowed(target)) return forbidden(target);
      const heard = await call(url, 'GET', `${proxyPath(target.name)}/counters`, undefined, signal);
      if (heard.type !== 'answer') return failed(target, heard);
      // "No such page" comes from a server without counters, "no such proxy" from ours.
      if (isGone(heard)) return heard.json === undefined ? { ok: true, value: null } : failed(target, heard);
      const read = counters.safeParse(heard.json);
      if (!read.success) return { ok: true, value: null };
      const { upstream, downstream, connections } = read.data;
      const crossing: Crossing = {
        bytes: upstream.receivedBytes + downstream.receivedBytes,
        connections: connections.accepted,
        cut: connections.cut,
      };
      return { ok: true, value: crossing };
    },
  };
}
