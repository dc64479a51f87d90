import type { Notice } from './alert.ts';

const MOST_NAMED = 10;

/** Several notices of one type and service, said as one: as severe as the worst of them. Null of none. */
export function merged(notices: readonly Notice[]): Notice | null {
  const [first] = notices;
  if (first === undefined || notices.length === 1) return first ?? null;
  const worst = notices.reduce((a, b) => (b.severity < a.severity ? b : a));
  const named = notices.slice(0, MOST_NAMED).map(({ summary }) => `• ${summary}`);
  const more = notices.length > MOST_NAMED ? [`• and ${notices.length - MOST_NAMED} more`] : [];
  const about = first.service === null ? 'the prober' : first.service;
  return {
    ...worst,
    as: notices.some(({ as }) => as === 'page') ? 'page' : worst.as,
    summary: [`${notices.length} alerts of ${about}:`, ...named, ...more].join('\n'),
    details: { ...worst.details, alerts: String(notices.length) },
  };
}
