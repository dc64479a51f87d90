/** The log of an incident: what happened when, which clocks were kept, and where else it is written about. */
import type { Deadline } from '../../slo/incidents/deadlines.ts';
import type { Incident } from '../../slo/incidents/incident.ts';
import { bodyText, minuteText, secondText } from '../../slo/incidents/text.ts';
import { span } from '../figures.ts';
import { code, list, page, table, text } from '../markdown.ts';

export interface LogOptions {
  /** Every deadline that there is, decided or not. */
  readonly deadlines: readonly Deadline[];
  readonly nowMs: number;
}

export function incidentLog(incident: Incident, { deadlines, nowMs }: LogOptions): string {
  return page([
    `# ${incident.id}: ${text(incident.title)}`,
    factsTable(incident, nowMs),
    '## Marks',
    marksTable(incident),
    '## Clocks',
    clocksTable(incident, deadlines, nowMs),
    '## Log',
    logTable(incident),
    linksList(incident),
  ]);
}

export function factsTable(incident: Incident, nowMs: number): string {
  const { severity, service, channel, openedMs, openedBy, resolved, isBreach, commander } = incident;
  const forMs = (resolved?.atMs ?? nowMs) - openedMs;
  const rows: readonly (readonly [string, string])[] = [
    ['Severity', severity],
    ['About', service === null ? 'the prober itself' : code(service)],
    ...(channel === null ? [] : [['Channel', code(channel)] as const]),
    ['Opened', `${secondText(openedMs)} by ${text(openedBy)}`],
    ['Commander', commander === null ? 'nobody yet' : text(commander.name)],
    [
      'Resolved',
      resolved === null
        ? `not yet, after ${span(forMs)}`
        : `${secondText(resolved.atMs)} by ${text(resolved.by)}, after ${span(forMs)}: ${text(resolved.reason)}`,
    ],
    ['An SLA was breached', isBreach ? 'yes' : 'no'],
  ];
  return table([{ name: 'What' }, { name: 'Record' }], rows, '');
}

interface Mark {
  readonly name: string;
  readonly atMs: number | undefined;
  readonly by: string;
}

/** First moments, as a distance from the opening. */
export function marksTable(incident: Incident): string {
  const { openedMs, reached, acknowledged, commander, statusPosts, resolved, reported, reviewed, rounds } = incident;
  const told = (to: string) => reached.find((each) => each.to === to)?.atMs;
  const marks: readonly Mark[] = [
    { name: 'opened', atMs: openedMs, by: incident.openedBy },
    ...rounds.slice(1).map(({ severity, startMs }) => ({ name: `raised to ${severity}`, atMs: startMs, by: '' })),
    { name: 'on-call paged', atMs: told('on-call'), by: '' },
    { name: 'domain owner told', atMs: told('domain-owner'), by: '' },
    { name: 'leadership told', atMs: told('leadership'), by: '' },
    ...acknowledged.map(({ atMs, by }) => ({ name: 'acknowledged', atMs, by })),
    { name: 'commander named', atMs: commander?.atMs, by: commander?.name ?? '' },
    { name: 'first status', atMs: statusPosts[0]?.atMs, by: statusPosts[0]?.by ?? '' },
    { name: 'resolved', atMs: resolved?.atMs, by: resolved?.by ?? '' },
    { name: 'report filed', atMs: reported?.atMs, by: reported?.by ?? '' },
    { name: 'review held', atMs: reviewed?.atMs, by: reviewed?.by ?? '' },
  ];
  const rows = marks
    .flatMap(({ name, atMs, by }) => (atMs === undefined ? [] : [{ name, atMs, by }]))
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ name, atMs, by }) => [name, secondText(atMs), `+${span(atMs - openedMs)}`, text(by)]);
  return table([{ name: 'Mark' }, { name: 'When' }, { name: 'After', align: 'right' }, { name: 'By' }], rows, '');
}

/** As it was found; while it was not looked at yet, as it stands. */
export function deadlineState({ deadlines }: Incident, { key, dueMs, metMs }: Deadline, nowMs: number): string {
  const known = deadlines.get(key)?.state;
  if (known !== undefined) return known;
  if (metMs !== null) return metMs <= dueMs ? 'met' : 'missed';
  return dueMs < nowMs ? 'overdue' : 'running';
}

function clocksTable(incident: Incident, deadlines: readonly Deadline[], nowMs: number): string {
  const rows = deadlines.map((each): readonly string[] => {
    const record = incident.deadlines.get(each.key);
    const metMs = record?.metMs ?? each.metMs;
    const foundMs = record?.foundMs ?? null;
    const isLate = foundMs !== null && foundMs - each.dueMs >= 60_000 && record?.state === 'missed';
    return [
      text(each.what),
      minuteText(record?.dueMs ?? each.dueMs),
      deadlineState(incident, each, nowMs),
      metMs === null ? '' : secondText(metMs),
      isLate ? `noticed ${span(foundMs - each.dueMs)} later` : '',
    ];
  });
  const columns = ['What', 'Due', 'State', 'When it happened', 'Remark'].map((name) => ({ name }));
  return table(columns, rows, 'No clock runs.');
}

function logTable({ log }: Incident): string {
  const rows = log.map(({ atMs, body }) => {
    const link = 'link' in body && body.link !== null ? ` <${encodeURI(body.link)}>` : '';
    return [secondText(atMs), `${text(bodyText(body))}${link}`];
  });
  return table([{ name: 'When' }, { name: 'What' }], rows, '');
}

function linksList({ links, reported, reviewed }: Incident): string {
  const named = [
    ...links,
    ...(reported === null ? [] : [['report', reported.link] as const]),
    ...(reviewed === null ? [] : [['review', reviewed.link] as const]),
  ].flatMap(([name, link]) => (link === null ? [] : [`${text(name)}: <${encodeURI(link)}>`]));
  return named.length === 0 ? '' : `## Links\n\n${list(named)}`;
}
