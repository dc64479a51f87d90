/** What a conductor makes of what people ask. */
import type { JournalBody } from '../../scenarios/journal.ts';
import type { Answers } from './answers.ts';
import type { Exercise } from './exercise.ts';
import { HUMAN_MARKS, type GamedayRequest } from './requests.ts';

export interface HeedOptions {
  readonly stop: AbortController;
  readonly answers: Answers;
  readonly sinceStartMs: () => number;
  /** Null before the first step. */
  readonly exercise: () => Exercise | null;
  readonly note: (body: JournalBody) => Promise<unknown>;
}

export function heeder(options: HeedOptions): (request: GamedayRequest) => void {
  return (request) => {
    if (request.type === 'abort') options.stop.abort(new Error(`aborted by ${request.by}: ${request.reason}`));
    else void markSaid(request, options);
  };
}

/** What people say of an exercise that has not begun, and words of their own that no step waits for, are noted. */
async function markSaid(
  { what, by, note: why, how }: Extract<GamedayRequest, { type: 'mark' }>,
  { answers, sinceStartMs, exercise, note }: HeedOptions,
): Promise<void> {
  const mark = HUMAN_MARKS.find((each) => each === what);
  const begun = exercise();
  const isAskedFor = answers.isAskedFor(what);
  if (begun !== null) answers.say({ word: what, by, note: why, how, atMs: sinceStartMs() });
  if (mark !== undefined && begun !== null) await begun.said(mark, by, why, how).catch(() => undefined);
  else if (!isAskedFor) await note({ type: 'note', text: `${by}: ${what}${why === null ? '' : `: ${why}`}` });
}
