/** The tables of a game-day's record. */
import type { JournalEntry } from '../../scenarios/journal.ts';
import { faultText } from '../fault-text.ts';
import { count, offset, plural, seconds, span, utc, utcTime } from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import { againstGoal, goalsOf, missedGoals } from './goals.ts';
import { markName, momentMs, toldMarks } from './moments.ts';
import {
  alertsText,
  capital,
  elsewhereText,
  fromOrigin,
  isTold,
  markWord,
  sinceInjection,
  type FaultStory,
  type Story,
} from './story.ts';

export function markTable(story: Story): string {
  const goals = goalsOf(story);
  const isFinished = story.finished !== null;
  return table(
    [
      { name: 'Mark' },
      { name: 'When (UTC)' },
      { name: capital(fromOrigin(story)), align: 'right' },
      { name: 'Uncertainty', align: 'right' },
      { name: 'Seen by' },
      { name: 'Against the goal' },
    ],
    [
      ...toldMarks(story).map((mark) => {
        const since = sinceInjection(story, mark);
        const goal = goals.find((each) => each.mark === mark);
        return [
          text(markName(story, mark)),
          utcTime(momentMs(story, mark)),
          since === null ? '–' : offset(since),
          mark.uncertaintyMs < 50 ? 'none' : `−${seconds(mark.uncertaintyMs)}`,
          text(mark.source),
          goal === undefined || since === null ? '–' : againstGoal(since, mark.uncertaintyMs, goal.goalMs),
        ];
      }),
      // A target that nobody has reached is news, too.
      ...goals
        .filter(({ mark }) => mark === null)
        .map(({ what, goalMs }) => {
          const isMissed = missedGoals(story).some((each) => each.what === what);
          const said = isMissed ? `**missed** (goal ${span(goalMs)})` : `no need (goal ${span(goalMs)})`;
          return [markWord(what), '–', 'never', '–', '–', isFinished ? said : `not reached (goal ${span(goalMs)})`];
        }),
    ],
    'Nothing was marked.',
  );
}

export function hypothesisTable({ hypotheses }: Story): string {
  return table(
    [{ name: 'Phase' }, { name: 'Steady state' }, { name: 'Holds?' }, { name: 'Found' }],
    (['before', 'during', 'after'] as const).flatMap((phase) =>
      hypotheses
        .filter((each) => each.phase === phase)
        .map(({ name, ok, detail }) => [
          phase,
          text(name),
          ok === null ? 'not known' : ok ? 'holds' : '**broken**',
          text(detail),
        ]),
    ),
    'The steady state was never checked.',
  );
}

export function faultTable({ faults }: Story): string {
  return table(
    [
      { name: 'Fault' },
      { name: 'Target' },
      { name: 'What' },
      { name: 'Injected (UTC)' },
      { name: 'Effect' },
      { name: 'Undone' },
      { name: 'By hand' },
    ],
    faults.map((fault) => [
      code(fault.id),
      fault.prepared === null ? '–' : `${code(fault.prepared.target.name)} by ${text(fault.prepared.target.injector)}`,
      fault.prepared === null ? '–' : text(faultText(fault.prepared.what)),
      fault.injected === null ? 'no' : utcTime(fault.injected.atMs),
      crossed(fault),
      undone(fault),
      code(fault.prepared?.undo.byHand ?? fault.failures.at(-1)?.byHand ?? ''),
    ]),
    'No fault was prepared.',
  );
}

function crossed({ lifted }: FaultStory): string {
  const effect = lifted?.effect;
  if (effect !== undefined) return text(effect.bit === null ? `effect not measured: ${effect.says}` : effect.says);
  const counts = lifted?.crossed ?? null;
  if (counts === null) return 'not counted';
  return `${plural(counts.bytes, 'byte')}, ${plural(counts.connections, 'connection')}, ${count(counts.cut)} cut`;
}

function undone({ lifted, failures, injected, prepared }: FaultStory): string {
  const tries = failures.map(({ by, detail, atMs }) => `failed ${utcTime(atMs)} by ${by}: ${text(detail)}`);
  if (lifted === null) {
    const open = prepared === null && injected === null ? [] : ['**NOT ON RECORD**'];
    return [...tries, ...open].join('; ');
  }
  const proof = lifted.verified ? 'verified' : '**NOT VERIFIED**';
  return [...tries, `${utcTime(lifted.atMs)} by ${lifted.by}, ${proof}: ${text(lifted.detail)}`].join('; ');
}

export function conditionTable({ conditions }: Story): string {
  return table(
    [{ name: 'Condition' }, { name: 'Met?' }, { name: 'After', align: 'right' }, { name: 'Found' }],
    conditions.map(({ name, met, afterMs, detail }) => [
      text(name),
      met ? 'met' : '**not met**',
      span(afterMs),
      text(detail),
    ]),
    'Nothing was waited for.',
  );
}

export function checkTable({ checks }: Story): string {
  return table(
    [{ name: 'Check' }, { name: 'Answer' }, { name: 'Found' }],
    checks.map(({ name, ok, detail }) => [text(name), ok ? 'ok' : '**not ok**', text(detail)]),
    'No check is on record.',
  );
}

export function timelineTable(story: Story, journal: readonly JournalEntry[]): string {
  return table(
    [
      { name: 'When (UTC)' },
      { name: capital(fromOrigin(story)), align: 'right' },
      { name: 'What' },
      { name: 'Detail' },
    ],
    journal
      .filter(isTold)
      .toSorted((a, b) => a.seq - b.seq)
      .map((entry) => {
        const since = sinceInjection(story, entry);
        const [what, detail] = told(entry);
        return [utc(momentMs(story, entry)).replace(' UTC', ''), since === null ? '–' : offset(since), what, detail];
      }),
    'The journal is empty.',
  );
}

/** An entry in two cells, Markdown already. */
function told(entry: JournalEntry): readonly [string, string] {
  switch (entry.type) {
    case 'started':
      return ['started', `${code(entry.scenario)} on ${code(entry.component)}`];
    case 'check':
      return [`check ${entry.ok ? 'ok' : '**not ok**'}`, joined(entry.name, entry.detail)];
    case 'phase':
      return [`phase *${entry.phase}*`, ''];
    case 'hypothesis':
      return [
        `steady state ${entry.ok === null ? 'not known' : entry.ok ? 'holds' : '**broken**'}`,
        joined(entry.name, entry.detail),
      ];
    case 'undo-prepared':
      return [
        'undo written down',
        `${code(entry.fault)}: ${text(faultText(entry.what))} on ${code(entry.target.name)}`,
      ];
    case 'injected':
      return ['**fault injected**', code(entry.fault)];
    case 'lifted':
      return [
        `**fault lifted**${entry.verified ? '' : ', not verified'}`,
        `${code(entry.fault)} by ${entry.by}: ${text(entry.detail)}`,
      ];
    case 'lift-failed':
      return ['**lifting failed**', `${code(entry.fault)} by ${entry.by}: ${text(entry.detail)}`];
    case 'waiting':
      return ['waiting', `${joined(entry.name, entry.detail ?? '')}, at most ${span(entry.withinMs)}`];
    case 'condition':
      return [
        `condition ${entry.met ? 'met' : '**not met**'} after ${span(entry.afterMs)}`,
        joined(entry.name, entry.detail),
      ];
    case 'mark':
      return [`**${markWord(entry.what)}**`, `seen by ${text(entry.source)}`];
    case 'finished':
      return [`finished: **${entry.verdict}**`, text(entry.detail)];
    case 'asked':
      return ['asked', `${text(entry.who)}: ${text(entry.what)}, at most ${span(entry.withinMs)}`];
    case 'answered':
      return [
        entry.ok ? `done after ${span(entry.afterMs)}` : '**not done in time**',
        joined(entry.step, [entry.by, entry.note].filter((each) => each !== null).join(': ')),
      ];
    case 'degraded-mode':
      return [
        `degraded mode ${entry.ok ? entry.change : `**not ${entry.change}**`} after ${span(entry.afterMs)}`,
        joined(entry.name, entry.detail),
      ];
    case 'alert':
      return [`alert ${entry.change}`, `${entry.alert.severity} ${text(entry.alert.says)}`];
    case 'alerts-elsewhere':
      return ['alerts elsewhere', text(`stood already: ${elsewhereText(entry.stood)}`)];
    case 'alerts':
      return ['alerts', text(alertsText(entry))];
    case 'success':
      return [
        `in the end ${entry.ok === null ? 'not known' : entry.ok ? 'so' : '**not so**'}`,
        joined(entry.name, entry.detail),
      ];
    case 'invariant':
      return [
        `after it ${entry.ok === null ? 'not checked' : entry.ok ? 'kept' : '**not kept**'}`,
        joined(entry.name, entry.detail),
      ];
    case 'note':
      return ['note', text(entry.text)];
    case 'measured':
    case 'budget':
    case 'before':
      return [entry.type, ''];
    default:
      // Of a later version: told as what it is called.
      return [text(String(Reflect.get(entry, 'type'))), ''];
  }
}

function joined(name: string, detail: string): string {
  return detail === '' ? text(name) : `${text(name)}: ${text(detail)}`;
}
