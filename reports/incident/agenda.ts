/** The agenda of an incident review with product and customer success, filled from the record. */
import type { Deadline } from '../../slo/incidents/deadlines.ts';
import type { Incident } from '../../slo/incidents/incident.ts';
import { minuteText, secondText } from '../../slo/incidents/text.ts';
import type { BudgetPoint, LedgerEvent, StoreReader } from '../../store/store.ts';
import { count, plural, span } from '../figures.ts';
import { code, list, page, table, text } from '../markdown.ts';
import { deadlineState, factsTable, marksTable } from './log.ts';

export interface AgendaObjective {
  readonly id: string;
  readonly title: string;
  readonly commitment: string;
  readonly owners: readonly string[];
}

export interface Agenda {
  readonly incident: Incident;
  readonly deadlines: readonly Deadline[];
  readonly nowMs: number;
  readonly objectives: readonly {
    readonly objective: AgendaObjective;
    /** As it stood before the evaluation that may have opened the incident, and the worst from then to its end; null: it was not judged. */
    readonly before: BudgetPoint | null;
    readonly worst: BudgetPoint | null;
  }[];
  /** Deploys that somebody let through a gate that was not open, and exercises, in the day before and meanwhile. */
  readonly waivers: readonly LedgerEvent[];
  readonly gamedays: readonly LedgerEvent[];
}

const DAY_MS = 86_400_000;

/**
 * @param objectives those of the incident's service
 * @param periodMs how far evaluations are apart: the last of them before an incident has found what opened it
 */
export async function collectAgenda(
  reader: Pick<StoreReader, 'budgets' | 'events'>,
  incident: Incident,
  objectives: readonly AgendaObjective[],
  { periodMs, ...rest }: Pick<Agenda, 'deadlines' | 'nowMs'> & { readonly periodMs: number },
): Promise<Agenda> {
  const { openedMs, resolved, service } = incident;
  const toMs = (resolved?.atMs ?? rest.nowMs) + 1;
  const judged: Agenda['objectives'][number][] = [];
  for (const objective of objectives) {
    const points = await reader.budgets({ objective: objective.id, fromMs: openedMs - DAY_MS, toMs });
    const before = points.findLast(({ atMs }) => atMs <= openedMs - periodMs) ?? null;
    const during = points.filter(({ atMs }) => atMs > openedMs - periodMs);
    const worst = during.toSorted((a, b) => (b.consumedPct ?? 0) - (a.consumedPct ?? 0))[0] ?? null;
    judged.push({ objective, before, worst });
  }
  const range = { fromMs: openedMs - DAY_MS, toMs, ...(service === null ? {} : { service }) };
  return {
    incident,
    ...rest,
    objectives: judged,
    waivers: await reader.events({ ...range, kind: 'gate' }),
    gamedays: await reader.events({ ...range, kind: 'gameday' }),
  };
}

export function incidentAgenda(agenda: Agenda): string {
  const { incident, nowMs } = agenda;
  return page([
    `# Incident review: ${incident.id}, ${text(incident.title)}`,
    factsTable(incident, nowMs),
    '## 1. Who takes part',
    list([
      'product lead',
      'customer success',
      `incident commander: ${text(incident.commander?.name ?? 'none was named')}`,
      ownersText(agenda),
    ]),
    '## 2. What customers saw',
    objectivesTable(agenda),
    '## 3. What happened when',
    marksTable(incident),
    notesList(incident),
    '## 4. How it was handled',
    handling(agenda),
    '## 5. What was said to customers',
    statusList(incident),
    '## 6. What changed before',
    changes(agenda),
    '## 7. To be decided',
    list([
      incident.isBreach
        ? 'service credits that the contract may require, and who tells the customers concerned'
        : 'whether a customer is owed anything, although no SLA was breached',
      'the cause, and what made it possible',
      ...missed(agenda).map(({ what }) => `why it was missed: ${text(what)}`),
      'what is changed, by whom, until when; which of it a game-day will prove',
    ]),
  ]);
}

function ownersText({ objectives }: Agenda): string {
  const owners = [...new Set(objectives.flatMap(({ objective }) => objective.owners))];
  return `owners: ${owners.length === 0 ? 'none are named' : text(owners.join(', '))}`;
}

function objectivesTable({ objectives }: Agenda): string {
  const rows = objectives
    .filter(({ worst }) => worst !== null)
    .toSorted((a, b) => (b.worst?.consumedPct ?? 0) - (a.worst?.consumedPct ?? 0))
    .map(({ objective: { id, commitment }, before, worst }) => [
      code(id),
      commitment.toUpperCase(),
      percent(before),
      percent(worst),
      worst === null ? '' : `${count(worst.badEvents)} of ${count(worst.validEvents)}`,
      worst?.colour ?? '',
    ]);
  const columns = [
    'Objective',
    'Promise',
    'Consumed before',
    'At worst',
    'Bad events then, in the window',
    'Colour then',
  ];
  return table(
    columns.map((name) => ({ name })),
    rows,
    'No objective of the service was judged meanwhile.',
  );
}

function percent(point: BudgetPoint | null): string {
  return point?.consumedPct == null ? '' : `${point.consumedPct.toFixed(1)} %`;
}

function missed({ incident, deadlines, nowMs }: Agenda): readonly Deadline[] {
  return deadlines.filter((each) => ['missed', 'overdue'].includes(deadlineState(incident, each, nowMs)));
}

function handling(agenda: Agenda): string {
  const { incident, deadlines } = agenda;
  const late = missed(agenda);
  const heard = [...incident.told.values()].filter(({ notice }) => notice === 'escalation');
  const escalated = heard.filter(({ key }) => /(^|\/)(escalate|missed)\//.test(key));
  const unheard = heard.filter(({ through }) => through.length === 0).map(({ to }) => to);
  return list([
    late.length === 0
      ? `all of the ${plural(deadlines.length, 'deadline')} so far were kept`
      : `${late.length} of ${plural(deadlines.length, 'deadline')} ${late.length === 1 ? 'was' : 'were'} missed: ${late.map(({ what, dueMs }) => `${text(what)} (due ${minuteText(dueMs)})`).join(', ')}`,
    `escalations: ${escalated.length === 0 ? 'none' : escalated.map(({ atMs, to }) => `${to} ${minuteText(atMs)}`).join(', ')}`,
    ...(unheard.length === 0 ? [] : [`nobody listens for ${[...new Set(unheard)].join(', ')}`]),
  ]);
}

function notesList({ log }: Incident): string {
  const notes = log.flatMap(({ atMs, body }) =>
    body.type === 'note' ? [`${secondText(atMs)} ${text(body.by)}: ${text(body.text)}`] : [],
  );
  return notes.length === 0 ? '' : list(notes);
}

function statusList({ log, openedMs }: Incident): string {
  const posts = log.flatMap(({ atMs, body }) =>
    body.type === 'status-posted'
      ? [`${secondText(atMs)} (+${span(atMs - openedMs)}) ${text(body.by)}: ${text(body.text)}`]
      : [],
  );
  return posts.length === 0 ? 'No update is on record.' : list(posts);
}

function changes({ waivers, gamedays }: Agenda): string {
  const lines = [
    ...waivers.map(
      ({ atMs, body }) =>
        `${secondText(atMs)} a deploy was let through (${text(String(body['how']))}) by ${text(String(body['by']))}: ${text(String(body['reason']))}`,
    ),
    ...gamedays.map(({ atMs, subject }) => `${secondText(atMs)} game-day ${text(subject)}`),
  ];
  return lines.length === 0
    ? 'In the day before and meanwhile the record has no deploy that was let through a gate, and no game-day.'
    : list(lines);
}
