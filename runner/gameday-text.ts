import { offset, seconds, span } from '../reports/figures.ts';
import { alertsText, elsewhereText, markWord, ORIGINS } from '../reports/gameday/story.ts';
import type { JournalEntry } from '../scenarios/journal.ts';

/** One line for somebody watching; null for what only the record needs. */
export function entryText(entry: JournalEntry): string | null {
  switch (entry.type) {
    case 'started':
      return `game-day ${entry.gameday}: ${entry.title} (${entry.component}, timebox ${span(entry.timeboxMs)})`;
    case 'check':
      return `check ${entry.ok ? 'ok' : 'NOT OK'}: ${entry.name}: ${entry.detail}`;
    case 'hypothesis':
      return `hypothesis ${entry.phase}: ${entry.name}: ${stateText(entry.ok)} (${entry.detail})`;
    case 'injected':
      return `injected: ${entry.fault}`;
    case 'lifted':
      return `lifted: ${entry.fault} by ${entry.by}${entry.verified ? ', read back: gone' : ', NOT verified'}`;
    case 'lift-failed':
      return `could NOT lift ${entry.fault}: ${entry.detail}; by hand: ${entry.byHand}`;
    case 'waiting':
      return entry.detail === undefined
        ? `waiting, at most ${span(entry.withinMs)}: ${entry.name}`
        : `${entry.name} (${entry.detail}): waiting, at most ${span(entry.withinMs)}`;
    case 'condition':
      return `${entry.met ? 'met' : 'NOT met'} after ${seconds(entry.afterMs)}: ${entry.name}`;
    case 'mark':
      return `mark ${markWord(entry.what)} ${offset(entry.afterMs ?? 0)} from ${ORIGINS[entry.since ?? 'injected']} (${earlier(entry.uncertaintyMs)}${entry.source})`;
    case 'asked':
      return `PLEASE ${entry.who}: ${entry.what} (within ${span(entry.withinMs)}; then: gameday mark ${entry.step} --by NAME)`;
    case 'answered':
      return entry.ok
        ? `done after ${seconds(entry.afterMs)}: ${entry.step} by ${entry.by ?? 'somebody'}`
        : `NOT done in time: ${entry.step}`;
    case 'degraded-mode':
      return `degraded mode ${entry.ok ? '' : 'NOT '}${entry.change} after ${seconds(entry.afterMs)}: ${entry.name} (${entry.detail})`;
    case 'alert':
      return `alert ${entry.change}: ${entry.alert.severity} ${entry.alert.says}`;
    case 'alerts-elsewhere':
      return `alerts that stood elsewhere already: ${elsewhereText(entry.stood)}`;
    case 'alerts':
      return `alerts: ${alertsText(entry)}`;
    case 'success':
      return `in the end ${entry.ok === null ? 'not known' : entry.ok ? 'so' : 'NOT so'}: ${entry.name} (${entry.detail})`;
    case 'invariant':
      return `${entry.ok === null ? '' : entry.ok ? 'kept: ' : 'NOT kept: '}${entry.name}: ${entry.detail}`;
    case 'note':
      return entry.text;
    case 'finished':
      return `verdict: ${entry.verdict}: ${entry.detail}`;
    default:
      return null;
  }
}

function stateText(ok: boolean | null): string {
  return ok === null ? 'not yet known' : ok ? 'holds' : 'does not hold';
}

/** Less than what is shown is none. */
function earlier(uncertaintyMs: number): string {
  return uncertaintyMs < 50 ? '' : `or up to ${seconds(uncertaintyMs)} earlier; `;
}
