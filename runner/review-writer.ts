/** One review on schedule: `report weekly` and its like, in a process of its own. */
import { z } from 'zod';
import type { Format } from './documents.ts';
import { endText, runOwnCommand, type OwnCommandOptions } from './own-command.ts';
import type { ReviewCalendarOptions } from './review-calendar.ts';

const answerSchema = z.object({ documents: z.array(z.string()) });

export function reviewWriter(options: OwnCommandOptions, formats: readonly Format[]): ReviewCalendarOptions['write'] {
  return async (period, toMs, signal) => {
    const to = new Date(toMs).toISOString();
    const forms = ['md', ...formats.filter((format) => format !== 'md')].join(',');
    const words = ['report', period, '--to', to, '--format', forms, '--json'];
    const ended = await runOwnCommand(options, words, signal);
    if (ended.notStarted !== null) return { ok: false, detail: `it could not be started: ${ended.notStarted}` };
    const answer = ended.code === 0 ? documentsIn(ended.answer) : null;
    return answer === null ? { ok: false, detail: endText(ended) } : { ok: true, documents: answer };
  };
}

function documentsIn(answer: string): readonly string[] | null {
  try {
    return answerSchema.parse(JSON.parse(answer)).documents;
  } catch {
    return null;
  }
}
