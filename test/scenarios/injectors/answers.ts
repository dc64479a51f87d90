import { z } from 'zod';
import type { Fault } from '../../../scenarios/fault.ts';
import type { Answer, Injector, InjectorProblem, Target, Undo } from '../../../scenarios/injector.ts';

export const PATIENT = new AbortController().signal;
/** The lease is there. */
export const MAY = () => Promise.resolve(true);

export function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.message}`);
  return answer.value;
}

export function problemOf(answer: Answer<unknown>): InjectorProblem {
  if (answer.ok) throw new Error('expected a problem');
  return answer.problem;
}

/** The undo as another process reads it from the journal. */
export const reread = (undo: Undo): Undo => undoSchema.parse(JSON.parse(JSON.stringify(undo)));

const undoSchema = z.strictObject({
  injector: z.string(),
  body: z.record(z.string(), z.unknown()),
  byHand: z.string(),
});

export async function inject(injector: Injector, target: Target, fault: Fault): Promise<Undo> {
  const undo = reread(valueOf(await injector.prepare(target, fault, PATIENT)));
  valueOf(await injector.inject(target, fault, undo, PATIENT, MAY));
  return undo;
}
