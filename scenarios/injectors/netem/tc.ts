/** What `tc` and `ip` say of an interface, and what they are told. */
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Answer, InjectorContext } from '../../injector.ts';
import { answer, failure } from '../answers.ts';
import { complaint, run, surroundings, type Ran } from '../program.ts';

/** Where an interface is. */
export interface Place {
  readonly name: string;
  readonly interface: string;
  readonly namespace: string | null;
}

export type Tools = Pick<InjectorContext, 'path' | 'home'>;

/** They take milliseconds; a machine in distress is given time. */
const ASK_MS = 4_000;

export async function tool(argv: readonly string[], tools: Tools, signal: AbortSignal, input?: string): Promise<Ran> {
  return run(argv, { env: surroundings(tools), withinMs: ASK_MS, signal, ...(input === undefined ? {} : { input }) });
}

export const inside = (program: 'tc' | 'ip', { namespace }: Pick<Place, 'namespace'>): readonly string[] =>
  namespace === null ? [program] : [program, '-n', namespace];

/** What the kernel objects to; after it `tc` says only which line of its input that was. */
export function objection(ran: Ran): string | null {
  if (ran.type === 'failed') return ran.why;
  if (ran.code === 0) return null;
  return /^(?:Error|RTNETLINK answers): .*$/m.exec(ran.stderr)?.[0] ?? complaint(ran);
}

const qdiscSchema = z.object({
  kind: z.string(),
  handle: z.string(),
  root: z.boolean().optional(),
  bytes: z.number().optional(),
  drops: z.number().optional(),
  ingress_block: z.number().optional(),
  egress_block: z.number().optional(),
});
export type Qdisc = z.output<typeof qdiscSchema>;

const linkSchema = z.object({ flags: z.array(z.string()), mtu: z.number() });
export type Link = z.output<typeof linkSchema>;

const routeSchema = z.object({
  dev: z.string().optional(),
  nexthops: z.array(z.object({ dev: z.string().optional() })).optional(),
});

/** Null: there is no such interface. */
async function ask<T>(
  item: z.ZodType<T>,
  argv: readonly string[],
  place: Place,
  tools: Tools,
  signal: AbortSignal,
): Promise<Answer<readonly T[] | null>> {
  const ran = await tool(argv, tools, signal);
  const why = objection(ran);
  if (why !== null && /Cannot find device|does not exist/.test(why)) return answer(null);
  if (why !== null || ran.type === 'failed') return failure('failed', `${place.name}: ${argv.join(' ')}: ${why}`);
  const parsed = z.array(item).safeParse(ran.stdout.trim() === '' ? [] : jsonOf(ran.stdout));
  if (parsed.success) return answer(parsed.data);
  return failure('failed', `${place.name}: ${argv.join(' ')}: not the answer that was expected`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function qdiscsOf(place: Place, tools: Tools, signal: AbortSignal): Promise<Answer<readonly Qdisc[] | null>> {
  const argv = [...inside('tc', place), '-s', '-j', 'qdisc', 'show', 'dev', place.interface];
  return ask(qdiscSchema, argv, place, tools, signal);
}

/** Null: the block holds a filter. */
export async function blockProblem(
  block: number,
  place: Place,
  tools: Tools,
  signal: AbortSignal,
): Promise<string | null> {
  const ran = await tool([...inside('tc', place), 'filter', 'show', 'block', String(block)], tools, signal);
  const why = objection(ran);
  if (why !== null || ran.type === 'failed') return why;
  return ran.stdout.includes('bytecode') ? null : `block ${block} holds no filter`;
}

/** Null: there is no such interface. */
export async function linkOf(place: Place, tools: Tools, signal: AbortSignal): Promise<Answer<Link | null>> {
  const argv = [...inside('ip', place), '-j', 'link', 'show', 'dev', place.interface];
  const links = await ask(linkSchema, argv, place, tools, signal);
  return links.ok ? answer(links.value?.[0] ?? null) : links;
}

export async function hasDefaultRoute(place: Place, tools: Tools, signal: AbortSignal): Promise<Answer<boolean>> {
  for (const family of ['-4', '-6']) {
    const argv = [...inside('ip', place), family, '-j', 'route', 'show', 'default'];
    const routes = await ask(routeSchema, argv, place, tools, signal);
    if (!routes.ok) return routes;
    const ways = (routes.value ?? []).flatMap(({ dev, nexthops = [] }) => [dev, ...nexthops.map((hop) => hop.dev)]);
    if (ways.includes(place.interface)) return answer(true);
  }
  return answer(false);
}

/** What a namespace is, whatever it is called; null: none of this name. */
export async function identityOf(namespace: string): Promise<number | null> {
  return stat(`/run/netns/${namespace}`).then(
    ({ ino }) => ino,
    () => null,
  );
}
