import type { JournalEntry } from '../scenarios/journal.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** One line for somebody watching; null for what only the record needs. */
export function entryText(entry: JournalEntry): string | null {
  switch (entry.type) {
    case 'started':
      return `game-day ${entry.gameday}: ${entry.title} (${entry.component}, timebox ${seconds(entry.timeboxMs)})`;
    case 'check':
      return `check ${entry.ok ? 'ok' : 'NOT OK'}: ${entry.name}: ${entry.detail}`;
    case 'hypothesis':
      return `hypothesis ${entry.phase}: ${entry.name}: ${entry.ok ? 'holds' : 'does not hold'} (${entry.detail})`;
    case 'injected':
      return `injected: ${entry.fault}`;
    case 'lifted':
      return `lifted: ${entry.fault} by ${entry.by}${entry.verified ? ', read back: gone' : ', NOT verified'}`;
    case 'lift-failed':
      return `could NOT lift ${entry.fault}: ${entry.detail}; by hand: ${entry.byHand}`;
    case 'waiting':
      return `waiting, at most ${seconds(entry.withinMs)}: ${entry.name}`;
    case 'condition':
      return `${entry.met ? 'met' : 'NOT met'} after ${seconds(entry.afterMs)}: ${entry.name}`;
    case 'mark':
      return `mark ${entry.what} at ${seconds(entry.sinceStartMs)} (±${seconds(entry.uncertaintyMs)}, ${entry.source})`;
    case 'note':
      return entry.text;
    case 'finished':
      return `verdict: ${entry.verdict}: ${entry.detail}`;
    default:
      return null;
  }
}
