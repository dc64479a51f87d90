/** Service rules on their edges, as events of the ledger. Pure: statuses and past events in, new events out. */
import { ruleReadings, type RuleReading, type ServiceRule } from '../../slo/service-rules.ts';
import type { Status } from '../../slo/status.ts';
import { validEvents } from '../../slo/tally.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { thinRuleEvent } from '../reviews/thin.ts';

/** A rule that was triggered and is not over. */
export interface StandingRule {
  /** `<rule>/<objective>`, with the split where it has one. */
  readonly key: string;
  readonly rule: string;
  readonly objective: string;
  readonly service: string | null;
  readonly split: string | null;
  /** `review`: on too few events to act on; a person decides. */
  readonly as: 'act' | 'review';
  readonly actions: readonly string[];
  readonly sinceMs: number;
}

const keyOf = (rule: string, objective: string, split: string | null): string =>
  split === null ? `${rule}/${objective}` : `${rule}/${objective}/${split}`;

/** What stands after these events; in the order in which it began. @param before what stood before them */
export function standingRules(
  events: readonly LedgerEvent[],
  before: readonly StandingRule[] = [],
): readonly StandingRule[] {
  const found = new Map(before.map((each) => [each.key, each]));
  for (const { kind, subject, service, atMs, body } of events) {
    if (kind !== 'service-rule') continue;
    if (body['state'] === 'ended') found.delete(subject);
    else if (body['state'] === 'triggered') {
      found.set(subject, {
        key: subject,
        rule: String(body['rule']),
        objective: String(body['objective']),
        service,
        split: typeof body['split'] === 'string' ? body['split'] : null,
        as: body['as'] === 'act' ? 'act' : 'review',
        actions: Array.isArray(body['actions']) ? body['actions'].map(String) : [],
        sinceMs: found.get(subject)?.sinceMs ?? atMs,
      });
    }
  }
  return [...found.values()];
}

/**
 * What began, what gained enough events to act on, what is over. What nothing is known about stays as it was: silence is
 * no recovery.
 */
export function ruleEvents(
  statuses: readonly Status[],
  rules: readonly ServiceRule[],
  standing: readonly StandingRule[],
  nowMs: number,
): readonly LedgerEvent[] {
  const known = new Map(standing.map((each) => [each.key, each]));
  const read = new Set<string>();
  const events: LedgerEvent[] = [];
  for (const status of statuses) {
    const { id: objective, service } = status.objective;
    for (const reading of ruleReadings(status, rules)) {
      const key = keyOf(reading.rule.id, objective, reading.split);
      const before = known.get(key);
      read.add(key);
      const tell = (state: 'triggered' | 'ended', as: 'act' | 'review'): void => {
        const body = { state, as, ...figuresOf(reading, objective) };
        events.push({ id: `rule/${key}/${nowMs}`, atMs: nowMs, kind: 'service-rule', service, subject: key, body });
      };
      if (reading.isTriggered === true && (before === undefined || (before.as === 'review' && reading.as === 'act'))) {
        tell('triggered', reading.as);
        if (reading.as === 'review') events.push(reviewOf(reading, status, key, nowMs));
      } else if (reading.isTriggered === false && before !== undefined) tell('ended', before.as);
    }
  }
  return [...events, ...orphaned(standing, read, statuses, rules, nowMs)];
}

/** What a person decides in place of the rule. */
function reviewOf(
  { rule, consumed, tally }: RuleReading,
  { objective }: Status,
  key: string,
  nowMs: number,
): LedgerEvent {
  const figures = { consumed, badEvents: tally.bad, validEvents: validEvents(tally) };
  return thinRuleEvent(objective, { key, id: rule.id, actions: rule.actions }, figures, nowMs);
}

function figuresOf({ rule, split, consumed, burnNow, tally }: RuleReading, objective: string) {
  const { id, on, threshold, strict, actions } = rule;
  const { good, bad } = tally;
  return {
    rule: id,
    objective,
    split,
    on,
    threshold,
    strict,
    actions,
    consumed,
    burnNow,
    good,
    bad,
    valid: validEvents(tally),
  };
}

/** Rules that were taken out of the configuration, and splits of which the window holds no event any more. */
function orphaned(
  standing: readonly StandingRule[],
  read: ReadonlySet<string>,
  statuses: readonly Status[],
  rules: readonly ServiceRule[],
  nowMs: number,
): readonly LedgerEvent[] {
  return standing.flatMap((each): readonly LedgerEvent[] => {
    if (read.has(each.key)) return [];
    const status = statuses.find(({ objective }) => objective.id === each.objective);
    const isAsked = rules.some(({ id, objective }) => id === each.rule && objective === each.objective);
    if (status?.colour === 'unknown' && isAsked) return [];
    const why = status === undefined || !isAsked ? 'no longer configured' : 'no events in the window any more';
    const { key, rule, objective, service, split, as, actions } = each;
    const body = { state: 'ended', as, rule, objective, split, actions, why };
    return [{ id: `rule/${key}/${nowMs}`, atMs: nowMs, kind: 'service-rule', service, subject: key, body }];
  });
}
