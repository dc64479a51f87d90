/** Taking our queue, or our filters, off an interface, and nothing else. */
import { readdirSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { Answer, Undo } from '../../injector.ts';
import { answer, DONE, failure } from '../answers.ts';
import { shellWords } from '../program.ts';
import { blockProblem, identityOf, inside, objection, qdiscsOf, tool, type Qdisc, type Tools } from './tc.ts';

export const KIND = 'netem';

const bodySchema = z.object({
  name: z.string(),
  interface: z.string(),
  namespace: z.string().nullable(),
  /** Of the namespace: another may bear its name by now. */
  identity: z.number().nullable(),
  /** What stands at the interface's root, or null: both ways are cut. */
  queue: z.enum(['netem', 'tbf']).nullable(),
  /** Of our queue, or of our filters: so that nobody else's is taken away. */
  id: z.int().min(0x7000).max(0x7fff),
});
export type UndoBody = z.output<typeof bodySchema>;

/** Two blocks of filters that nobody else fills, by which the cut is known for ours: one for what enters, one for what leaves. */
export const blocksOf = (id: number) => ({ enters: id, leaves: id + 0x1000 });

export const handleOf = (id: number) => `${id.toString(16)}:`;

export function newUndo(body: UndoBody): Undo {
  return { injector: KIND, body: { ...body }, byHand: shellWords(removal(body)) };
}

function removal(body: UndoBody): readonly string[] {
  const where = [...inside('tc', body), 'qdisc', 'del', 'dev', body.interface];
  return body.queue === null ? [...where, 'clsact'] : [...where, 'root', 'handle', handleOf(body.id)];
}

export function readUndo(undo: Undo): Answer<UndoBody> {
  const parsed = bodySchema.safeParse(undo.body);
  if (parsed.success) return answer(parsed.data);
  return failure('failed', `this undo is not the netem injector's: ${z.prettifyError(parsed.error)}`);
}

/** Whether what stands there is ours: the cut counts as there from the moment that its qdisc is. */
export async function isThere(body: UndoBody, tools: Tools, signal: AbortSignal): Promise<Answer<boolean>> {
  const gone = await isGone(body);
  if (!gone.ok || gone.value) return gone.ok ? answer(false) : gone;
  const qdiscs = await qdiscsOf(body, tools, signal);
  return qdiscs.ok ? answer(qdiscs.value?.some((qdisc) => isOurs(qdisc, body)) === true) : qdiscs;
}

function isOurs({ root, kind, handle, ingress_block, egress_block }: Qdisc, { queue, id }: UndoBody): boolean {
  if (queue !== null) return root === true && kind === queue && handle === handleOf(id);
  const { enters, leaves } = blocksOf(id);
  return kind === 'clsact' && ingress_block === enters && egress_block === leaves;
}

/** Every packet is dropped, both ways. Null where it does not stand whole: then why not. */
export async function cutProblem(body: UndoBody, tools: Tools, signal: AbortSignal): Promise<string | null> {
  for (const block of Object.values(blocksOf(body.id))) {
    const why = await blockProblem(block, body, tools, signal);
    if (why !== null) return why;
  }
  return null;
}

export async function undoNetem(body: UndoBody, tools: Tools, signal: AbortSignal): Promise<Answer<void>> {
  const found = await isThere(body, tools, signal);
  if (!found.ok) return found;
  if (!found.value) return DONE;
  const why = objection(await tool(removal(body), tools, signal));
  const left = await isThere(body, tools, signal);
  if (!left.ok) return left;
  if (!left.value) return DONE;
  return failure('failed', `${body.name}: still there on ${body.interface}${why === null ? '' : ` (${why})`}`);
}

/** An interface that has lost its namespace has lost its queues with it, unless a process keeps that alive. */
async function isGone({ name, namespace, identity }: UndoBody): Promise<Answer<boolean>> {
  if (namespace === null || identity === null) return answer(false);
  if ((await identityOf(namespace)) === identity) return answer(false);
  const keeper = readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && networkOf(pid) === identity);
  if (keeper === undefined) return answer(true);
  return failure(
    'failed',
    `${name}: namespace ${namespace} has lost its name, but process ${keeper} is still in it (nsenter -n -t ${keeper} tc …)`,
  );
}

function networkOf(pid: string): number | null {
  try {
    return statSync(`/proc/${pid}/ns/net`).ino;
  } catch {
    return null;
  }
}
