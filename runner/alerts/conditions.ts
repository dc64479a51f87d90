/** What the runner itself has to tell: about objectives, this machine's clock, its own load, and probes that send no more. */
import type { ClockStanding } from '../../probes/clock/standing.ts';
import { alertConditions } from '../../slo/alerts.ts';
import type { Status } from '../../slo/status.ts';
import type { Result } from '../../store/result.ts';
import { disabledText } from '../disabled.ts';
import type { Overload } from '../overload.ts';
import type { Alert, Condition } from './alert.ts';

/**
 * An objective that has become Unknown is not known to be well: what stood about it goes on standing.
 * @param standing alerts that stand now
 */
export function objectiveConditions(statuses: readonly Status[], standing: readonly Alert[]): readonly Condition[] {
  const unknown = new Set(statuses.filter(({ colour }) => colour === 'unknown').map(({ objective }) => objective.id));
  const kept = standing.filter(({ objective }) => objective !== null && unknown.has(objective));
  return [...statuses.flatMap((status) => alertConditions(status)), ...kept.map(conditionOf)];
}

function conditionOf({ key, rule, severity, as, service, objective, says, lastBadAtMs }: Alert): Condition {
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
