/** Why a game-day cannot go on that is no doing of its target: what happens from now on would be on no record. */
import { messageOf } from './bounded.ts';
import type { Journal } from './journal.ts';
import type { Judged } from './verdict.ts';

export class ProberTrouble extends Error {
  override readonly name = 'ProberTrouble';
}

/** The same journal; the first time that it cannot be written is told at once, whoever wrote. */
export function heeded(journal: Journal, onTrouble: (trouble: ProberTrouble) => void): Journal {
  return {
    async append(body) {
      try {
        return await journal.append(body);
      } catch (error) {
        const trouble = new ProberTrouble(`the journal cannot be written: ${messageOf(error)}`, { cause: error });
        onTrouble(trouble);
        throw trouble;
      }
    },
    [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
  };
}

/** Writes the end down. One that is on no record is an abort: that is what whoever finds the journal will call it. */
export async function finish(
  judged: Judged,
  journal: Journal,
  stop: AbortSignal,
): Promise<Judged & { readonly proberFailed: boolean }> {
  try {
    await journal.append({ type: 'finished', ...judged });
    return { ...judged, proberFailed: judged.verdict === 'aborted' && stop.reason instanceof ProberTrouble };
  } catch (error) {
    const detail =
      judged.verdict === 'aborted' ? judged.detail : `${messageOf(error)}; it would have been ${judged.verdict}`;
    return { ...judged, verdict: 'aborted', passed: false, detail, proberFailed: true };
  }
}
