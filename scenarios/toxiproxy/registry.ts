import { randomUUID } from 'node:crypto';
import { Leases } from './leases.ts';
import { Proxy, type ProxySite } from './proxy.ts';

/** An expected failure, in the interface's own form. */
export interface Problem {
  readonly status: number;
  readonly message: string;
}
export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export interface ProxySettings {
  readonly name: string;
  /** `host:port`; port 0 lets the system choose. Default: a port on loopback. */
  readonly listen?: string | undefined;
  readonly upstream: string;
  readonly enabled?: boolean | undefined;
}

/** As a client sends them: not yet known to be complete. */
type Given = { readonly [K in keyof ProxySettings]?: ProxySettings[K] | undefined };

const ANY_PORT = '127.0.0.1:0';

const done = <T>(value: T): Reply<T> => ({ ok: true, value });
const failed = (status: number, message: string): Reply<never> => ({ ok: false, problem: { status, message } });

/** Name first, then upstream; `which` tells the place in a list. */
function missing(settings: Given, which = ''): Problem | null {
  for (const field of ['name', 'upstream'] as const) {
    if (!settings[field]) return { status: 400, message: `missing required field: ${field}${which}` };
  }
  return null;
}

/**
 * The proxies of one server. Whatever binds or closes a listener happens one after the other, so that two clients cannot
 * leave a proxy half one's and half the other's; reading and toxics never wait.
 */
export class Registry {
  readonly leases = new Leases(randomUUID, (id) => void this.#mend(id));
  readonly #proxies = new Map<string, Proxy>();
  readonly #site: ProxySite;
  #last: Promise<unknown> = Promise.resolve();

  constructor(site: ProxySite) {
    this.#site = site;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  get(name: string): Proxy | undefined {
    return this.#proxies.get(name);
  }

  all(): readonly Proxy[] {
    return [...this.#proxies.values()];
  }

  create(settings: Given): Promise<Reply<Proxy>> {
    return this.#inTurn(async () => {
      const problem = missing(settings);
      if (problem !== null) return { ok: false, problem };
      if (this.#proxies.has(settings.name ?? '')) return failed(409, 'proxy already exists');
      return this.#add(settings);
    });
  }

  async #add({ name = '', listen, upstream = '', enabled = true }: Given): Promise<Reply<Proxy>> {
    const proxy = new Proxy(name, listen || ANY_PORT, upstream, this.#site);
    const problem = enabled ? await proxy.start() : null;
    if (problem !== null) return failed(500, problem);
    this.#proxies.set(name, proxy);
    return done(proxy);
  }

  /**
   * What is not given stays. After a failed bind the proxy has its new listener, disabled.
   * @param lease under which it is changed: one that is disabled under a lease is enabled again when that is over
   */
  update(name: string, change: Given, lease: string | null = null): Promise<Reply<Proxy>> {
    return this.#inTurn(async () => {
      const proxy = this.#proxies.get(name);
      if (proxy === undefined) return failed(404, 'proxy not found');
      const { listen = proxy.listen, upstream = proxy.upstream, enabled = proxy.enabled } = change;
      const given = change.listen !== undefined || change.upstream !== undefined;
      const differs = given && (await proxy.differs(listen, upstream));
      if (typeof differs === 'object') return failed(500, differs.problem);
      if (differs) {
        await proxy.stop();
        proxy.listen = listen;
        proxy.upstream = upstream;
      }
      if (!enabled) {
        if (proxy.enabled || lease === null) proxy.disabledUnder = lease;
        await proxy.stop();
      }
      const problem = enabled ? await proxy.start() : null;
      return problem === null ? done(proxy) : failed(500, problem);
    });
  }

  delete(name: string): Promise<Reply<null>> {
    return this.#inTurn(async () => {
      const proxy = this.#proxies.get(name);
      if (proxy === undefined) return failed(404, 'proxy not found');
      await proxy.stop();
      this.#proxies.delete(name);
      return done(null);
    });
  }

  /**
   * Makes a proxy of each entry. One that is there already with this listener and upstream is left as it is, toxics and
   * all; one that differs is replaced. Stops at the first that cannot be bound, and tells how far it came.
   */
  populate(list: readonly Given[]): Promise<{ proxies: readonly Proxy[]; problem: Problem | null }> {
    return this.#inTurn(async () => {
      const proxies: Proxy[] = [];
      for (const [index, settings] of list.entries()) {
        const problem = missing(settings, ` at proxy ${index + 1}`);
        if (problem !== null) return { proxies, problem };
      }
      for (const settings of list) {
        const reply = await this.#addOrReplace(settings);
        if (!reply.ok) return { proxies, problem: reply.problem };
        proxies.push(reply.value);
      }
      return { proxies, problem: null };
    });
  }

  async #addOrReplace(settings: Given): Promise<Reply<Proxy>> {
    const there = this.#proxies.get(settings.name ?? '');
    if (there !== undefined) {
      const differs = await there.differs(settings.listen || ANY_PORT, settings.upstream ?? '');
      if (typeof differs === 'object') return failed(500, differs.problem);
      if (!differs) return done(there);
      await there.stop();
      this.#proxies.delete(there.name);
    }
    return this.#add(settings);
  }

  /** Removes every toxic and enables every proxy. Goes on past one that cannot be bound, and reports it. */
  reset(): Promise<Problem | null> {
    return this.#inTurn(async () => {
      const problems: string[] = [];
      for (const proxy of this.#proxies.values()) {
        const problem = await proxy.start();
        if (problem !== null) problems.push(problem);
        for (const toxic of proxy.toxics) proxy.removeToxic(toxic);
      }
      return problems.length === 0 ? null : { status: 500, message: problems.join('; ') };
    });
  }

  /** Nobody vouches any more for what stands under this lease. One that cannot be bound stays disabled, as after a reset. */
  #mend(lease: string): Promise<void> {
    for (const proxy of this.#proxies.values()) {
      for (const toxic of proxy.toxics) if (toxic.lease === lease) proxy.removeToxic(toxic);
    }
    return this.#inTurn(async () => {
      for (const proxy of this.#proxies.values()) if (proxy.disabledUnder === lease) await proxy.start();
    });
  }

  close(): Promise<void> {
    this.leases.close();
    return this.#inTurn(async () => {
      await Promise.all(this.all().map((proxy) => proxy.stop()));
      this.#proxies.clear();
    });
  }
}
