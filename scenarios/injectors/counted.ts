/** The proof of a fault that its configuration declares: a number that changes with what the fault does. */
import type { Answer, Effect } from '../injector.ts';
import { answer } from './answers.ts';

/** @param what where the number was read @param before when the undo was prepared; null: no proof was asked for then */
export function changed(what: string, before: number | null, now: Answer<number>): Answer<Effect> {
  if (!now.ok) return now;
  if (before === null) return answer({ bit: null, says: `${what} was not read before it` });
  const isSame = now.value === before;
  return answer({
    bit: !isSame,
    says: `${what} ${isSame ? `is still ${before}` : `went from ${before} to ${now.value}`}`,
  });
}
