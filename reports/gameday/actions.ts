/** What the exercise leaves to be done: gaps that it showed, each with an owner and a date, for the review to begin from. */
import { plural, seconds, span, utc, utcDay } from '../figures.ts';
import { list, table, text } from '../markdown.ts';
import { missedGoals } from './goals.ts';
import { markWord, type Story } from './story.ts';

const HOUR_MS = 3_600_000;
/** The playbook's: the retrospective within a day, what was found mended and looked at again within thirty. */
export const RETRO_MS = 24 * HOUR_MS;
export const FOLLOW_UP_MS = 30 * 24 * HOUR_MS;

/** `urgent`: with the retrospective; everything else with the follow-up. */
export interface Gap {
  readonly kind: 'urgent' | 'run book' | 'detection' | 'service' | 'exercise';
  readonly says: string;
}

export function gapsOf(story: Story): readonly Gap[] {
  const { finished, left, alerts, answered, degraded, invariants, success, conditions, hypotheses, notes } = story;
  const gap = (kind: Gap['kind'], says: string): Gap => ({ kind, says });
  const during = hypotheses.filter(({ phase }) => phase !== 'before');
  const neverKnown = [...new Set(during.map(({ name }) => name))].filter((name) =>
    during.every((each) => each.name !== name || each.ok === null),
  );
  return [
    ...(finished === null ? [gap('urgent', 'the journal has no verdict: run "pulsedrill gameday recover"')] : []),
    ...left.map(({ id }) => gap('urgent', `${id} may still be in place: undo it`)),
    ...invariants
      .filter(({ ok }) => ok === false)
      .map(({ name, detail }) => gap('urgent', `${name} was not kept: ${detail}`)),
    ...(finished?.verdict === 'not-recovered'
      ? [gap('urgent', 'the service did not recover: an incident, not an exercise')]
      : []),
    ...(alerts?.expected ?? []).flatMap(({ rule, state, afterMs, withinMs }) => {
      if (state === 'missing') return [gap('detection', `the alert ${rule} never came`)];
      if (state === 'late')
        return [
          gap('detection', `the alert ${rule} came after ${seconds(afterMs ?? 0)}, later than ${span(withinMs)}`),
        ];
      return state === 'before' ? [gap('exercise', `the alert ${rule} stood already: begin when it does not`)] : [];
    }),
    ...(alerts?.unexpected ?? []).map(({ rule, says }) =>
      gap('detection', `the alert ${rule} was not expected: ${says}`),
    ),
    ...missedGoals(story).map(({ what, afterMs, goalMs }) =>
      gap(
        'run book',
        `${markWord(what)} ${afterMs === null ? 'never' : `after ${seconds(afterMs)}`}, the goal is ${span(goalMs)}`,
      ),
    ),
    ...answered.filter(({ ok }) => !ok).map(({ step }) => gap('run book', `nobody said in time that ${step} was done`)),
    ...degraded
      .filter(({ ok }) => !ok)
      .map(({ change, name }) => gap('service', `the degraded mode was not ${change} in time: ${name}`)),
    ...success
      .filter(({ ok }) => ok !== true)
      .map(({ name, ok }) => gap('service', `${ok === null ? 'not known' : 'not so'} in the end: ${name}`)),
    ...conditions.filter(({ met }) => !met).map(({ name }) => gap('service', `waited for in vain: ${name}`)),
    ...neverKnown.map((name) => gap('exercise', `no probe could tell whether this held: ${name}`)),
    ...(finished?.verdict === 'recovered-after-lift'
      ? [gap('service', 'the service did not recover by itself while the fault was there')]
      : []),
    ...(finished?.verdict === 'no-effect'
      ? [gap('exercise', 'nothing was learned: make traffic cross the fault, or another probe look')]
      : []),
    ...notes.flatMap(({ text: said }) => {
      const found = GAP_NOTE.exec(said);
      return found === null ? [] : [gap('run book', `${found[2] ?? ''} (${found[1] ?? ''})`)];
    }),
  ];
}

/** What somebody has said by `gameday mark gap --by NAME --note TEXT`. */
const GAP_NOTE = /^([^:]+): gap: (.+)$/s;

export function actionTable(story: Story): string {
  const { lastMs, started } = story;
  const owners = started?.owners ?? [];
  const owner = text(owners.length === 0 ? 'to be named' : owners.join(', '));
  const lead = text(leadOf(started));
  const retro = utc(lastMs + RETRO_MS).slice(0, 16);
  const followUp = utcDay(lastMs + FOLLOW_UP_MS);
  const gaps = gapsOf(story);
  const rows = [
    [
      `hold the retrospective on this page: ${plural(gaps.length, 'gap')}`,
      'retrospective',
      lead,
      `${retro} UTC`,
      'open',
    ],
    ...gaps.map(({ kind, says }) => [
      text(says),
      kind,
      kind === 'exercise' ? lead : owner,
      kind === 'urgent' ? `${retro} UTC` : followUp,
      'open',
    ]),
    ['look whether all of it is done, and run the scenario again', 'follow-up', lead, followUp, 'open'],
  ];
  return table([{ name: 'Action' }, { name: 'Kind' }, { name: 'Owner' }, { name: 'Due' }, { name: 'State' }], rows, '');
}

/** Whoever leads it today; the role, where it has one; the owners, whose exercise it is. */
function leadOf(started: Story['started']): string {
  const role = started?.charter?.roles['lead'] === undefined ? null : 'the lead';
  return started?.people?.['lead'] ?? role ?? ((started?.owners ?? []).join(', ') || 'to be named');
}

export function gapList(story: Story): string {
  const gaps = gapsOf(story);
  return gaps.length === 0 ? 'None was seen.' : list(gaps.map(({ kind, says }) => `${kind}: ${text(says)}`));
}
