/** What somebody types at the terminal of `gameday run`, a line at a time. */
import type { JournalEntry } from '../../scenarios/journal.ts';
import type { GamedayRequest } from './requests.ts';

export interface Prompt {
  hear(entry: JournalEntry): void;
  /** Null: nothing was said. */
  read(line: string): GamedayRequest | null;
}

/** `ok NOTE` answers the step that has waited longest; `abort REASON` stops; else the first word is what has happened now. */
export function createPrompt(by: string): Prompt {
  const open: string[] = [];
  return {
    hear(entry) {
      if (entry.type === 'asked') open.push(entry.step);
      else if (entry.type === 'answered' && open.includes(entry.step)) open.splice(open.indexOf(entry.step), 1);
    },
    read(line) {
      const [word = '', ...rest] = line.trim().split(/\s+/);
      if (word === '') return null;
      const said = rest.join(' ');
      if (word === 'abort') return { type: 'abort', by, reason: said === '' ? 'at the terminal' : said };
      const what = word === 'ok' ? open[0] : word;
      if (what === undefined) return null;
      return { type: 'mark', what, by, note: said === '' ? null : said, how: 'at the terminal' };
    },
  };
}
