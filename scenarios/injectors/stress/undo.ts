import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import type { Answer, InjectorContext, Undo } from '../../injector.ts';
import { answer, DONE, failure } from '../answers.ts';
import { carriers, endAll } from '../marks.ts';

export const KIND = 'stress';

const bodySchema = z.object({
  name: z.string(),
  /** Of stress-ng and all its workers. */
  mark: z.string(),
  /** Made for this fault alone: its log, and the files of its workers. */
  folder: z.string(),
});
export type UndoBody = z.output<typeof bodySchema>;

const FOLDER = 'pulsedrill-stress-';
export const folderName = (mark: string) => `${FOLDER}${mark.replaceAll(/[^\w.-]/g, '-')}`;

export function newUndo(body: UndoBody): Undo {
  return { injector: KIND, body: { ...body }, byHand: `pkill -KILL -f ${body.folder}/; rm -rf ${body.folder}` };
}

export function readUndo(undo: Undo): Answer<UndoBody> {
  const parsed = bodySchema.safeParse(undo.body);
  if (parsed.success) return answer(parsed.data);
  return failure('failed', `this undo is not the stress injector's: ${z.prettifyError(parsed.error)}`);
}

export async function undoStress(
  { name, mark, folder }: UndoBody,
  { clock }: Pick<InjectorContext, 'clock'>,
  signal: AbortSignal,
): Promise<Answer<void>> {
  const left = await endAll(() => carriers(mark), { clock, withinMs: 3_000, signal });
  if (left.length > 0) {
    return failure('failed', `${name}: ${left.length} processes of stress-ng are left, such as ${left[0]?.pid}`);
  }
  // What a journal says is deleted only if it can be nothing else.
  if (!basename(folder).startsWith(FOLDER))
    return failure('failed', `${name}: ${folder} is no folder of this injector`);
  try {
    await rm(folder, { recursive: true, force: true });
    return DONE;
  } catch (error) {
    return failure('failed', `${name}: ${folder}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
