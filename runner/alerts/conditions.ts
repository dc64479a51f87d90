/** What the runner itself has to tell: about objectives, this machine's clock, its own load, and probes that send no more. */
import type { ClockStanding } from '../../probes/clock/standing.ts';
import { alertConditions } from '../../slo/alerts.ts';
import type { Status } from '../../slo/status.ts';
import type { Result } from '../../store/result.ts';
import { disabledText } from '../disabled.ts';
import type { Overload } from '../overload.ts';
import type { Alert, Condition } from './alert.ts';

export type ObjectiveConditions = (
  statuses: readonly Status[],
  standing: readonly Alert[],
  nowMs: number,
) => readonly Condition[];

/**
 * What stood about an objective goes on standing while it is Unknown, which is not known to be well, and until it has
 * been well for a while: a burn over five minutes comes and goes many times in one outage.
 */
export function createObjectiveConditions(settledMs: number): ObjectiveConditions {
  /** By key: since when it is not true any more. */
  const wellSinceMs = new Map<string, number>();

  return (statuses, standing, nowMs) => {
    const found = statuses.flatMap((status) => alertConditions(status));
    const colours = new Map(statuses.map(({ objective, colour }) => [objective.id, colour]));
    const keys = new Set(found.map(({ key }) => key));
    const gone = standing.filter(
      ({ key, objective }) => objective !== null && colours.has(objective) && !keys.has(key),
    );
    for (const key of wellSinceMs.keys()) if (!gone.some((alert) => alert.key === key)) wellSinceMs.delete(key);
    const kept = gone.filter(({ key, objective }) => {
      if (objective !== null && colours.get(objective) === 'unknown') return wellSinceMs.delete(key) || true;
      const sinceMs = wellSinceMs.get(key) ?? nowMs;
      wellSinceMs.set(key, sinceMs);
      return nowMs - sinceMs < settledMs;
    });
    return [...found, ...kept.map(conditionOf)];
  };
}

/** What an alert says, as if it were found anew. */
export function conditionOf({ key, rule, severity, as, service, objective, says, lastBadAtMs }: Alert): Condition {
  return { key, rule, severity, as, service, objective, says, lastBadAtMs };
}

/** From 25 ms on a ticket, from 40 ms on a page (SEV-2), as the policy says of hosts out of clock limits. */
export function clockConditions({ state, text }: ClockStanding, location: string): readonly Condition[] {
  if (state === 'good' || state === 'unverified') return [];
  const isSevere = state !== 'warning';
  return [
    own(
      `clock/${location}`,
      'clock',
      isSevere ? 'SEV-2' : 'SEV-3',
      isSevere ? 'page' : 'ticket',
      `clock of ${location}: ${text}`,
    ),
  ];
}

export function overloadConditions(overload: Overload | null, location: string): readonly Condition[] {
  if (overload === null) return [];
  return [own(`overload/${location}`, 'overload', 'SEV-3', 'ticket', `prober at ${location}: ${overload.text}`)];
}

/** A ledger that refuses results is the prober's failure and hides everything else. */
export function ledgerConditions(trouble: string | null, location: string): readonly Condition[] {
  if (trouble === null) return [];
  return [
    own(
      `ledger/${location}`,
      'ledger',
      'SEV-2',
      'page',
      `prober at ${location}: results do not reach the ledger: ${trouble}`,
    ),
  ];
}

/** @param disabled one result of each probe that sends nothing more until the next start */
export function disabledConditions(disabled: readonly Result[]): readonly Condition[] {
  return disabled.map((result) => ({
    ...own(`probe-disabled/${result.probe}`, 'probe-disabled', 'SEV-2', 'page', disabledText(result)),
    service: result.service,
  }));
}

function own(key: string, rule: string, severity: Condition['severity'], as: Condition['as'], says: string): Condition {
  return { key, rule, severity, as, service: null, objective: null, says, lastBadAtMs: null };
}
