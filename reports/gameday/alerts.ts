/** Alerts that were expected, that came besides, and what the exercise has nothing to do with. */
import { isAbout } from '../../scenarios/expected-alert.ts';
import { offset, span } from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import { capital, elsewhereText, fromOrigin, type Story } from './story.ts';

const ALERT_WORDS = {
  'in-time': 'in time',
  late: '**late**',
  missing: '**missing**',
  before: '**stood already**, which proves nothing',
} as const;

/** Expected ones first, then those that nobody expected, then what else happened to alerts meanwhile. */
export function alertTable(story: Story): string {
  const { alerts, started } = story;
  const alertEvents = ownAlerts(story);
  const expected = (alerts?.expected ?? []).map(({ rule, objective, service, severity, withinMs, state, afterMs }) => [
    `${code(rule)}${severity === null ? '' : ` ${severity}`} of ${code(objective ?? service ?? started?.component ?? '')}`,
    `within ${span(withinMs)}`,
    afterMs === null ? 'never' : offset(afterMs),
    ALERT_WORDS[state],
  ]);
  const unexpected = (alerts?.unexpected ?? []).map(({ id, rule, severity, says }) => {
    const opened = alertEvents.find(({ alert, change }) => alert.id === id && change === 'opened');
    return [
      `${code(rule)} ${severity}: ${text(says)}`,
      'not expected',
      opened?.afterMs === undefined || opened.afterMs === null ? '–' : offset(opened.afterMs),
      '**unexpected**',
    ];
  });
  const judged = new Set((alerts?.unexpected ?? []).map(({ id }) => id));
  const others = alertEvents
    .filter(({ alert, change }) => !(judged.has(alert.id) && change === 'opened'))
    .map(({ alert, change, afterMs }) => [
      `${code(alert.rule)} ${alert.severity}: ${text(alert.says)}`,
      '–',
      afterMs === null ? '–' : offset(afterMs),
      change,
    ]);
  const none =
    alerts === null && (started?.charter?.alerts ?? null) !== null
      ? 'The journal ends before it was judged which alerts came.'
      : 'No alert was expected, and none was seen.';
  return table(
    [{ name: 'Alert' }, { name: 'Expected' }, { name: capital(fromOrigin(story)), align: 'right' }, { name: 'Seen' }],
    [...expected, ...unexpected, ...others],
    none,
  );
}

/** Of the component, or expected elsewhere. */
export function ownAlerts({ alertEvents, started }: Story): Story['alertEvents'] {
  if (started === null) return alertEvents;
  return alertEvents.filter(({ alert }) => isAbout(alert, started.charter?.alerts ?? [], started.component));
}

/** What all other alerts did meanwhile, in a line; empty when there were none. */
export function elsewhereLine(story: Story): string {
  const own = new Set(ownAlerts(story));
  const others = story.alertEvents.filter((event) => !own.has(event));
  // Older journals name each that stood.
  const named = Map.groupBy(
    others.filter(({ change }) => change === 'standing'),
    ({ alert }) => alert.service,
  );
  const stood = story.elsewhere?.stood ?? [...named].map(([service, { length }]) => ({ service, alerts: length }));
  const opened = others.flatMap(({ change, alert }) =>
    change === 'opened' ? [`${code(alert.rule)} of ${text(alert.objective ?? alert.service ?? 'the prober')}`] : [],
  );
  const parts = [
    ...(stood.length === 0 ? [] : [`stood already: ${text(elsewhereText(stood))}`]),
    ...(opened.length === 0 ? [] : [`opened meanwhile: ${[...new Set(opened)].join(', ')}`]),
  ];
  return parts.length === 0 ? '' : `Elsewhere, beside the exercise, ${parts.join('; ')}.`;
}
