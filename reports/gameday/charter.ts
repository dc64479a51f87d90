/** What the exercise was to show, by whom, and who was told: as the journal's first line has it. */
import { span, targetPercent, utc } from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import { goalsOf } from './goals.ts';
import { fromOrigin, markWord, type Story } from './story.ts';

type Row = readonly [string, string];

export function charterTable(story: Story, id: string): string {
  const { started, firstMs, lastMs, gameday } = story;
  const when = gameday === null ? '–' : `${utc(firstMs)} to ${utc(lastMs)} (${span(lastMs - firstMs)})`;
  const rows: readonly Row[] = [
    ['Game-day', code(id)],
    ['When', when],
    ...(started === null ? [] : [...scenarioRows(story, started), ...peopleRows(started), ...toldRows(started)]),
  ];
  return table([{ name: 'Charter' }, { name: '' }], rows, '').replace('| Charter | – |', '|  |  |');
}

type Started = NonNullable<Story['started']>;

function scenarioRows(story: Story, started: Started): readonly Row[] {
  const { charter, approval = null, overspend } = started;
  const goals = goalsOf(story).map(({ what, goalMs }) => `${markWord(what)} ${span(goalMs)}`);
  return [
    ['Scenario', code(started.scenario)],
    ['To show', text(started.objective)],
    ['Component', code(started.component)],
    ['Environment', `${code(started.environment)}, from ${code(started.location)}`],
    ['Timebox', span(started.timeboxMs)],
    ['Recovery goal', started.recoveryGoalMs === null ? 'none set' : `${span(started.recoveryGoalMs)} from injection`],
    ...(goals.length === 0 ? [] : [[`Goals, ${fromOrigin(story)}`, goals.join(', ')] as const]),
    ...(charter === undefined || charter.abort.length === 0
      ? []
      : [['Ends at once when', charter.abort.map(text).join('; ')] as const]),
    ['Obligation', started.obligation === null ? 'none: run of free will' : code(started.obligation)],
    ...(approval === null ? [] : [['Approved by', `${text(approval.by)}: ${text(approval.reason)}`] as const]),
    ...(overspend === undefined
      ? []
      : [
          [
            'May overspend',
            `${targetPercent(overspend.share)} of a budget, by ${text(overspend.by)}: ${text(overspend.reason)}`,
          ] as const,
        ]),
    ['Seed', code(String(started.seed))],
  ];
}

/** A role says what it does, in the scenario, or who has it today, by the calendar or the command. */
function peopleRows({ charter, people = {}, owners = [] }: Started): readonly Row[] {
  const roles = charter?.roles ?? {};
  const names = [...new Set([...Object.keys(people), ...Object.keys(roles)])];
  const said = names.map((role) => {
    const parts = [people[role], roles[role]].filter((part) => part !== undefined);
    return `${text(role)}: ${parts.map(text).join(' – ')}`;
  });
  return [
    ...(owners.length === 0 ? [] : [['Owners of the component', owners.map(text).join(', ')] as const]),
    ['Roles', said.length === 0 ? 'none named' : said.join('<br>')],
    ...((charter?.prerequisites.length ?? 0) === 0
      ? []
      : [['Prerequisites', (charter?.prerequisites ?? []).map(text).join('; ')] as const]),
  ];
}

function toldRows({ charter }: Started): readonly Row[] {
  const plan = charter?.communications ?? null;
  if (plan === null) return [];
  const { channel, audience, before, during, after } = plan;
  const parts = [
    channel === null ? null : `in ${text(channel)}`,
    audience.length === 0 ? null : `to ${audience.map(text).join(', ')}`,
    before === null ? null : `before: ${text(before)}`,
    during === null ? null : `meanwhile: ${text(during)}`,
    after === null ? null : `after: ${text(after)}`,
  ].filter((part) => part !== null);
  return [['Communications', parts.join('<br>')]];
}
