/** What a conductor makes of what people ask. */
import type { JournalBody } from '../../scenarios/journal.ts';
import type { Exercise } from './exercise.ts';
import { HUMAN_MARKS, type GamedayRequest } from './requests.ts';

/** @param exercise null before the first step */
export function heeder(
  stop: AbortController,
  exercise: () => Exercise | null,
  note: (body: JournalBody) => Promise<unknown>,
): (request: GamedayRequest) => void {
  return (request) => {
    if (request.type === 'abort') stop.abort(new Error(`aborted by ${request.by}: ${request.reason}`));
    else void markSaid(request, exercise(), note);
  };
}

/** What people say of an exercise that has not begun, and words of their own, are noted. */
async function markSaid(
  { what, by, note: why }: Extract<GamedayRequest, { type: 'mark' }>,
  exercise: Exercise | null,
  note: (body: JournalBody) => Promise<unknown>,
): Promise<void> {
  const mark = HUMAN_MARKS.find((each) => each === what);
  if (mark !== undefined && exercise !== null) await exercise.said(mark, by, why).catch(() => undefined);
  else await note({ type: 'note', text: `${by}: ${what}${why === null ? '' : `: ${why}`}` });
}
