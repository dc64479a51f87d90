/** Taking a fault back, also from another process, also from a server that has stopped answering for that proxy. */
import { z } from 'zod';
import type { Answer, Undo } from '../injector.ts';
import { DONE, failure } from './answers.ts';
import {
  call,
  curl,
  leasePath,
  proxyPath,
  proxySchema,
  toxicPath,
  type Heard,
  type ProxyDefinition,
} from './toxiproxy-client.ts';

/** What an undo needs to know, and no more: it may be all that is left of a killed game-day. */
const bodySchema = z.object({
  url: z.string(),
  /** As it stood before any fault of ours, other people's toxics included. */
  proxy: proxySchema,
  /** Names of the fault's own toxics. */
  toxics: z.array(z.string()),
  /** The fault is that the proxy is switched off. */
  enable: z.boolean(),
  /** Under which the fault stands; null where the server knows of none. Journals of older versions lack it. */
  lease: z.string().nullable().default(null),
});
export type UndoBody = z.output<typeof bodySchema>;

export function newUndo(injector: string, body: UndoBody): Undo {
  const { url, proxy, toxics, enable } = body;
  const lines = [
    ...toxics.map((toxic) => curl(url, 'DELETE', toxicPath(proxy.name, toxic))),
    ...(enable ? [curl(url, 'POST', proxyPath(proxy.name), { enabled: true })] : []),
  ];
  return { injector, body: { ...body }, byHand: lines.join('; ') };
}

export function readUndo(undo: Undo): Answer<UndoBody> {
  const parsed = bodySchema.safeParse(undo.body);
  if (parsed.success) return { ok: true, value: parsed.data };
  return failure('failed', `this undo is not the toxiproxy injector's: ${z.prettifyError(parsed.error)}`);
}

const accepted = (heard: Heard) => heard.type === 'answer' && heard.status < 300;
/** The proxy or the toxic is not there (any more): nothing is left to undo. */
export const isGone = (heard: Heard) => heard.type === 'answer' && heard.status === 404;
/** Silence, or the server's own cut-off of a handler that hangs. */
const isWedged = (heard: Heard) => heard.type === 'silent' || (heard.type === 'answer' && heard.status === 503);

/** A server that does not answer at once is taken for wedged: the next rung is harmless, and waiting is not. */
const FIRST = { patienceMs: 1000 } as const;

export async function lift(body: UndoBody, signal: AbortSignal): Promise<Answer<void>> {
  const { url, proxy, toxics, enable, lease } = body;
  const where = `toxiproxy at ${url}, proxy ${proxy.name}`;
  const steps = [
    // First: whoever still wants to inject under it is refused from here on.
    ...(lease === null ? [] : [() => call(url, 'DELETE', leasePath(lease), undefined, signal, FIRST)]),
    ...toxics.map((toxic) => () => call(url, 'DELETE', toxicPath(proxy.name, toxic), undefined, signal, FIRST)),
    ...(enable ? [() => call(url, 'POST', proxyPath(proxy.name), { enabled: true }, signal)] : []),
    () => call(url, 'GET', proxyPath(proxy.name), undefined, signal),
  ];
  let last: Heard | undefined;
  for (const step of steps) {
    last = await step();
    if (signal.aborted) return failure('failed', `${where}: aborted before it was lifted`);
    if (last.type === 'refused') return failure('unreachable', `${where}: ${last.error}`);
    if (isWedged(last)) return replace(body, where, signal);
    if (!accepted(last) && !isGone(last)) return failure('failed', `${where}: ${last.error}`);
  }
  return last === undefined || isGone(last) ? DONE : verify(body, last, where);
}

/** Reads back that nothing of the fault is left. */
function verify({ toxics, enable }: UndoBody, heard: Heard, where: string): Answer<void> {
  const now = proxySchema.safeParse(heard.type === 'answer' ? heard.json : undefined);
  if (!now.success) return failure('failed', `${where}: its answer is not a proxy`);
  const left = now.data.toxics.filter(({ name }) => toxics.includes(name)).map(({ name }) => name);
  if (left.length > 0) return failure('failed', `${where}: still there after its removal: ${left.join(', ')}`);
  if (enable && !now.data.enabled) return failure('failed', `${where}: still disabled after enabling it`);
  return DONE;
}

/**
 * The next rung: a server whose toxic cannot be removed because a client has stopped reading answers no more for that
 * proxy, but still deletes it whole. The proxy is then made anew as it was.
 */
async function replace({ url, proxy }: UndoBody, where: string, signal: AbortSignal): Promise<Answer<void>> {
  const removed = await call(url, 'DELETE', proxyPath(proxy.name), undefined, signal);
  if (!accepted(removed) && !isGone(removed)) {
    const byHand = `restart that server, or: ${curl(url, 'DELETE', proxyPath(proxy.name))}; ${recreate(url, proxy)}`;
    return failure('failed', `${where}: does not answer, and could not be deleted (${removed.error}); ${byHand}`);
  }
  const { name, listen, upstream, enabled } = proxy;
  let made: Heard = removed;
  for (let attempt = 1; attempt <= 3 && !signal.aborted; attempt += 1) {
    made = await call(url, 'POST', '/proxies', { name, listen, upstream, enabled }, signal);
    // 409: an attempt whose answer was lost has made it, or somebody else has.
    if (accepted(made) || (made.type === 'answer' && made.status === 409)) break;
  }
  if (!accepted(made) && !(made.type === 'answer' && made.status === 409)) {
    const byHand = `by hand: ${recreate(url, proxy)}`;
    return failure(
      'failed',
      `${where}: deleted because it was stuck, and could not be made anew (${made.error}); ${byHand}`,
    );
  }
  for (const toxic of proxy.toxics) {
    const added = await call(url, 'POST', `${proxyPath(name)}/toxics`, toxic, signal);
    if (!accepted(added))
      return failure('failed', `${where}: lifted, but toxic ${toxic.name} was lost (${added.error})`);
  }
  return DONE;
}

function recreate(url: string, { name, listen, upstream, enabled }: ProxyDefinition): string {
  return curl(url, 'POST', '/proxies', { name, listen, upstream, enabled });
}
