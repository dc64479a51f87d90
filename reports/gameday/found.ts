/** What was expected beside the verdict, and what became of it: a degraded mode, people's steps, what must be so. */
import { offset, seconds, span, utcTime } from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import { ownAlerts } from './alerts.ts';
import { markName } from './moments.ts';
import { sinceInjection, type Story } from './story.ts';

export function degradedTable({ degraded, started }: Story): string {
  const none =
    (started?.charter?.degradedMode ?? null) === null
      ? 'The scenario names none.'
      : 'It was never looked for: the journal ends before.';
  return table(
    [
      { name: 'Degraded mode' },
      { name: 'Asked' },
      { name: 'Came about' },
      { name: 'After', align: 'right' },
      { name: 'Found' },
    ],
    degraded.map(({ change, name, ok, afterMs, withinMs, detail }) => [
      `${change}: ${text(name)}`,
      `within ${span(withinMs)} of ${change === 'entered' ? 'the injection' : 'the last lift'}`,
      ok ? `${change} in time` : `**not ${change} in time**`,
      seconds(afterMs),
      text(detail),
    ]),
    none,
  );
}

export function stepTable({ asked, answered }: Story): string {
  return table(
    [{ name: 'Step' }, { name: 'Who' }, { name: 'What' }, { name: 'Asked (UTC)' }, { name: 'Done' }],
    asked.map(({ step, who, what, withinMs, atMs }) => {
      const answer = answered.find((each) => each.step === step);
      const note = answer?.note ?? null;
      const done =
        answer === undefined
          ? 'no answer on record'
          : answer.ok
            ? `after ${seconds(answer.afterMs)} of ${span(withinMs)}, by ${text(answer.by ?? 'somebody')}${note === null ? '' : `: ${text(note)}`}`
            : `**not in time** (${span(withinMs)})`;
      return [code(step), text(who), text(what), utcTime(atMs), done];
    }),
    'Nobody was asked for anything.',
  );
}

export function mustTable({ invariants, success }: Story): string {
  const word = (ok: boolean | null, yes: string, no: string, unknown: string): string =>
    ok === null ? unknown : ok ? yes : `**${no}**`;
  return table(
    [{ name: 'What must be so' }, { name: 'Is it?' }, { name: 'Found' }],
    [
      ...invariants.map(({ name, ok, detail }) => [
        text(name),
        word(ok, 'kept', 'not kept', 'not checked'),
        text(detail),
      ]),
      ...success.map(({ name, ok, detail }) => [text(name), word(ok, 'so', 'not so', 'not known'), text(detail)]),
    ],
    'The scenario asks for nothing beside its verdict, and no invariant of trading was looked at.',
  );
}

const SLOT_MS = 15 * 60_000;

/** How it stood each quarter of an hour, as the communications plan has it, and in the end. */
export function updateTable(story: Story): string {
  const { firstMs, lastMs, faults, hypotheses, marks, asked, answered } = story;
  if (story.gameday === null) return 'The journal is empty.';
  const slots = Math.floor((lastMs - firstMs) / SLOT_MS);
  const moments = Array.from({ length: slots }, (_, index) => firstMs + (index + 1) * SLOT_MS);
  if (moments.at(-1) !== lastMs) moments.push(lastMs);
  return table(
    [
      { name: 'Update at (UTC)' },
      { name: 'Since the start', align: 'right' },
      { name: 'Faults in place' },
      { name: 'Steady state' },
      { name: 'New since the update before' },
    ],
    moments.map((atMs, index) => {
      const fromMs = index === 0 ? firstMs - 1 : (moments[index - 1] ?? firstMs);
      const isNew = (entry: { readonly atMs: number }): boolean => entry.atMs > fromMs && entry.atMs <= atMs;
      const there = faults.filter(
        ({ injected, lifted }) =>
          injected !== null && injected.atMs <= atMs && (lifted?.verified !== true || lifted.atMs > atMs),
      );
      const states = new Map(hypotheses.filter((each) => each.atMs <= atMs).map(({ name, ok }) => [name, ok] as const));
      const broken = [...states].filter(([, ok]) => ok === false).map(([name]) => text(name));
      const held =
        states.size === 0 ? 'not known yet' : broken.length === 0 ? 'holds' : `**broken**: ${broken.join(', ')}`;
      const news = [
        ...marks.filter(isNew).map((mark) => markNews(story, mark)),
        ...ownAlerts(story)
          .filter((each) => isNew(each) && each.change !== 'standing')
          .map(({ alert, change }) => `alert ${change}: ${text(alert.says)}`),
        ...answered
          .filter((each) => isNew(each) && each.ok)
          .map(({ step, by }) => `${code(step)} done by ${text(by ?? 'somebody')}`),
        ...asked.filter(isNew).map(({ who, what }) => `asked of ${text(who)}: ${text(what)}`),
      ];
      return [
        utcTime(atMs).slice(0, 8),
        span(atMs - firstMs),
        there.length === 0 ? 'none' : there.map(({ id }) => code(id)).join(', '),
        held,
        news.length === 0 ? 'nothing' : news.join('; '),
      ];
    }),
    'The journal is empty.',
  );
}

function markNews(story: Story, mark: Story['marks'][number]): string {
  const since = sinceInjection(story, mark);
  return `${text(markName(story, mark))}${since === null ? '' : ` ${offset(since)}`}`;
}
