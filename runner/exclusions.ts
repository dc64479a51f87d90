/** Figures without what was excluded, beside those with it: the same accounts, filled from the same ledger. */
import { attainmentPercent, consumedPercent, count, utcMinute } from '../reports/figures.ts';
import { exclusionsWithin, isAbout, isRetroactive, leftOut, type Exclusion } from '../slo/exclusion.ts';
import type { Objective } from '../slo/objective.ts';
import { stepEnd } from '../slo/ranges.ts';
import type { Status } from '../slo/status.ts';
import type { TimeBase } from '../slo/time-base.ts';
import type { StoreReader } from '../store/store.ts';
import { createAccounts } from '../store/accounts.ts';

export interface Excluded {
  /** Every one on record that touches the window of an objective here, withdrawn ones as well. */
  readonly exclusions: readonly Exclusion[];
  /** Of the objectives that one applies to, what they come to without; in the order of the objectives. */
  readonly without: readonly Status[];
}

/** @param statuses judged from the same reader, all at one moment */
export async function judgeWithout(
  reader: Pick<StoreReader, 'events' | 'rollups'>,
  statuses: readonly Status[],
  base: TimeBase,
): Promise<Excluded> {
  const events = await reader.events({ kind: 'exclusion' });
  const nowMs = statuses[0]?.atMs;
  if (events.length === 0 || nowMs === undefined) return { exclusions: [], without: [] };
  // Loaded where there is one to read: it brings along what checks it.
  const { exclusionsOf } = await import('../store/exclusions.ts');
  const known = exclusionsOf(events);
  if (known.length === 0) return { exclusions: [], without: [] };
  const endMs = stepEnd(base, nowMs);
  const within = (objective: Objective, of: readonly Exclusion[]) => exclusionsWithin(of, objective, { base, endMs });
  const affected = statuses.flatMap(({ objective, attainment }) =>
    attainment !== null && within(objective, known).length > 0 ? [objective] : [],
  );
  // A withdrawn one changes no figure; that it was there is shown as long as it would have.
  const standing = known.map((each) => ({ each, asIfStanding: { ...each, withdrawn: null } }));
  const touching = standing.filter(({ asIfStanding }) =>
    statuses.some(({ objective }) => within(objective, [asIfStanding]).length > 0),
  );
  const accounts = createAccounts(reader, base, (objective) => leftOut(known, objective, base));
  return {
    exclusions: touching.map(({ each }) => each),
    without: affected.length === 0 ? [] : await accounts.statuses(affected, nowMs),
  };
}

export function exclusionJson(exclusion: Exclusion): Readonly<Record<string, unknown>> {
  const { id, fromMs, toMs, services, objectives, author, reason, approver, createdMs, withdrawn } = exclusion;
  return {
    id,
    from: iso(fromMs),
    to: iso(toMs),
    services,
    objectives,
    author,
    reason,
    approver,
    created: iso(createdMs),
    retroactive: isRetroactive(exclusion),
    withdrawn:
      withdrawn === null ? null : { at: iso(withdrawn.atMs), author: withdrawn.author, reason: withdrawn.reason },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function excludedJson({ exclusions, without }: Excluded): Readonly<Record<string, unknown>> {
  return {
    exclusions: exclusions.map(exclusionJson),
    withoutExclusions: without.map(({ objective, attainment, consumed, met, colour, tally, validEvents }) => ({
      objective: objective.id,
      attainment,
      consumed,
      met,
      colour,
      good: tally.good,
      bad: tally.bad,
      valid: validEvents,
    })),
  };
}

/** Below the table: what was excluded, and what each row comes to without. */
export function excludedLines({ exclusions, without }: Excluded): readonly string[] {
  return exclusions.flatMap((exclusion) => [
    exclusionText(exclusion),
    ...without
      .filter(({ objective }) => isAbout(exclusion, objective))
      .map((status) => `    ${status.objective.id} without what is excluded: ${figuresText(status)}`),
  ]);
}

function figuresText(status: Status): string {
  if (status.attainment === null) return 'nothing is left to judge by';
  const counts = `${count(status.tally.good)}/${count(status.validEvents)}`;
  return `${attainmentPercent(status)} (${counts}), ${consumedPercent(status.consumed)} consumed`;
}

function exclusionText(exclusion: Exclusion): string {
  const { id, fromMs, toMs, services, objectives, author, reason, approver, withdrawn } = exclusion;
  const of = [...services, ...objectives].join(', ');
  const marks = [
    ...(isRetroactive(exclusion) ? ['retroactive'] : []),
    ...(withdrawn === null ? [] : [`withdrawn by ${withdrawn.author}: ${withdrawn.reason}`]),
  ];
  const marked = marks.length === 0 ? '' : ` (${marks.join('; ')})`;
  return `exclusion ${id}${marked}: ${of} from ${utcMinute(fromMs)} to ${utcMinute(toMs)}, by ${author}, approved by ${approver}: ${reason}`;
}
