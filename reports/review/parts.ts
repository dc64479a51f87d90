/** What several reviews show. */
import type { Status } from '../../slo/status.ts';
import { consumedPercent, count, plural, span, utc, utcDay, utcMinute, utcRange } from '../figures.ts';
import { code, list, table, text } from '../markdown.ts';
import { attained, colourWord, policySpan } from '../objective-text.ts';
import type { Duty, Item, Review, Reviewed } from './data.ts';

/** To be written in by hand, or after the meeting. */
export const BLANK = '________';

export function titleOf(name: string, { environment, fromMs, toMs }: Review): string {
  return `# ${name}: ${text(environment)}, ${utcRange(fromMs, toMs)}`;
}

/** Who meets, what for, and on what record. */
export function opening(review: Review, who: string, decides: string): string {
  const { fromMs, toMs, asOfMs, base, location, tool } = review;
  return list([
    `**Who**: ${who}`,
    `**To decide**: ${decides}`,
    `**Record**: ${utc(fromMs)} to ${utc(toMs)} (${policySpan(toMs - fromMs, base.scale)}), measured from ${text(location)}${asOfMs === undefined ? '' : `, as known at ${utc(asOfMs)}`}; written by pulsedrill ${text(tool.version)}`,
  ]);
}

export function ownersOf(reviewed: readonly Reviewed[]): string {
  const owners = [...new Set(reviewed.flatMap(({ status }) => status.objective.owners))].toSorted();
  return owners.length === 0 ? 'domain leads (none are named)' : `domain leads of ${text(owners.join(', '))}`;
}

export function nameOf({ objective }: Pick<Status, 'objective'>): string {
  return `${objective.commitment.toUpperCase()} ${code(objective.id)}`;
}

/** How the objectives stand, in one sentence. */
export function standingText(reviewed: readonly Reviewed[]): string {
  const counts = (['red', 'yellow', 'green', 'unknown'] as const)
    .map((colour) => [reviewed.filter(({ status }) => status.colour === colour).length, colourWord(colour)] as const)
    .filter(([n]) => n > 0)
    .map(([n, word]) => `${n} ${word}`);
  const missed = reviewed.filter(({ status }) => status.met === false).length;
  if (reviewed.length === 0) return 'No objective is configured.';
  return `Of ${plural(reviewed.length, 'objective')}, ${counts.join(', ')}; ${missed === 0 ? 'none is missed' : `**${missed} missed**`}.`;
}

/** "41.2 % → 47.9 %", from the first evaluation of the period to now. */
export function budgetTable(reviewed: readonly Reviewed[]): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Attained (good / valid)' },
      { name: 'Consumed, first → now' },
      { name: 'Colour, first → now' },
      { name: 'Exhausted in' },
    ],
    reviewed.map(({ status, first }) => [
      nameOf(status),
      status.attainment === null ? text(status.unknownBecause ?? '–') : attained(status),
      `${first?.consumedPct == null ? '–' : consumedPercent(first.consumedPct / 100)} → ${consumedPercent(status.consumed)}`,
      `${first === null ? '–' : text(first.colour.toUpperCase())} → ${colourWord(status.colour)}`,
      exhaustionText(status),
    ]),
    'No objective is configured.',
  );
}

function exhaustionText({ met, exhaustion, burnNow }: Status): string {
  if (met === false) return '**exhausted**';
  if (exhaustion.rolloffHours !== null) return span(exhaustion.rolloffHours * 3_600_000);
  return burnNow === null ? '–' : 'never at this burn';
}

export function dutyTable(duties: readonly Duty[]): string {
  const open = duties.filter(({ metMs }) => metMs === null);
  return table(
    [{ name: 'Owed' }, { name: 'Service' }, { name: 'Since' }, { name: 'Due' }, { name: 'State' }, { name: 'Owner' }],
    open.map((each) => [
      `${text(each.duty)} for ${code(each.objective)}`,
      text(each.service),
      utcDay(each.openedMs),
      utcDay(each.dueMs),
      each.state === 'overdue'
        ? '**overdue**'
        : each.scheduled === null
          ? each.state
          : `for ${utcMinute(each.scheduled.forMs)}, ${text(each.scheduled.by)}`,
      BLANK,
    ]),
    'Nothing is owed.',
  );
}

/** Open items, one row an objective and kind: a month of thin data is one matter, not thirty. */
export function itemTable(items: readonly Item[]): string {
  const open = Map.groupBy(
    items.filter(({ closed }) => closed === null),
    ({ objective, type }) => `${objective} ${type}`,
  );
  return table(
    [
      { name: 'Objective' },
      { name: 'What' },
      { name: 'Items', align: 'right' },
      { name: 'Days' },
      { name: 'Newest says' },
      { name: 'Owner' },
    ],
    [...open.values()].map((all) => {
      const [first, last] = [all[0], all.at(-1)];
      return [
        code(first?.objective ?? ''),
        text(first?.type ?? ''),
        count(all.length),
        first?.day === last?.day ? (first?.day ?? '–') : `${first?.day} … ${last?.day}`,
        text(last?.why ?? ''),
        BLANK,
      ];
    }),
    'No review item is open.',
  );
}

export function incidentTable({ incidents }: Review): string {
  return table(
    [
      { name: 'Incident' },
      { name: 'About' },
      { name: 'Severity' },
      { name: 'From (UTC)' },
      { name: 'Minutes', align: 'right' },
      { name: 'Missed' },
      { name: 'Report' },
    ],
    incidents.map((each) => [
      `${code(each.id)} ${text(each.title)}`,
      each.service === null ? 'the prober' : text(each.service),
      `${each.severity}${each.isBreach ? ', SLA breached' : ''}`,
      utcMinute(each.openedMs),
      `${(each.withinMs / 60_000).toFixed(1)}${each.resolvedMs === null ? ', goes on' : ''}`,
      text([...new Set(each.missed)].join(', ')),
      each.report === null ? '' : `<${encodeURI(each.report)}>`,
    ]),
    'No incident (SEV-1 or SEV-2) is on record in the period.',
  );
}

/** Deploys that were let through, game-days, exclusions: what somebody decided beside the tool. */
export function decidedList({ waivers, gamedays, exclusions, fromMs, toMs }: Review): string {
  const lines = [
    ...waivers.map(
      ({ atMs, service, body }) =>
        `${utcMinute(atMs)}: a deploy of ${text(service ?? '–')} was let through by ${text(String(body['by']))}: ${text(String(body['reason']))}`,
    ),
    ...gamedays.map(
      ({ atMs, service, subject, body }) =>
        `${utcMinute(atMs)}: game-day ${code(subject)} on ${text(service ?? '–')}: ${text(String(body['verdict']))}`,
    ),
    ...exclusions
      .filter((each) => each.createdMs >= fromMs && each.createdMs < toMs)
      .map(
        (each) =>
          `${utcMinute(each.createdMs)}: exclusion ${code(each.id)} of ${text([...each.services, ...each.objectives].join(', '))} by ${text(each.author)}, approved by ${text(each.approver)}: ${text(each.reason)}`,
      ),
  ];
  return lines.length === 0 ? 'No deploy was let through a gate, no game-day held, nothing excluded.' : list(lines);
}

/** Good ÷ valid now, with its distance from what is promised, in percentage points. */
export function marginText(status: Status): string {
  if (status.attainment === null) return '–';
  const points = (status.attainment - (status.required ?? Number(status.objective.target))) * 100;
  return pointsText(points);
}

export function pointsText(points: number): string {
  const size = Math.abs(points).toFixed(3);
  return `${points < 0 ? '−' : '+'}${size} points`;
}
