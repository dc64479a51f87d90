/** When somebody should be told: facts about one status. Which of them are news is for the alert board to say. */
import { formatPercent } from './budget.ts';
import { governs } from './objective.ts';
import type { PairStatus, Severity, Status } from './status.ts';

export type AlertRule = 'breach' | 'outage' | 'violation-24h' | 'projection' | 'burn' | 'excluded-share';

/** Different ways to see that one budget burns: who was told of one is not woken by the next. */
export const BURNING: ReadonlySet<string> = new Set<AlertRule>([
  'breach',
  'outage',
  'violation-24h',
  'burn',
  'projection',
]);

export interface AlertCondition {
  /** Stable while the condition lasts: `<objective>/<rule>`, for burn pairs with the long lookback, of a split with `@<split>`. */
  readonly key: string;
  readonly rule: AlertRule;
  readonly objective: string;
  readonly service: string;
  readonly severity: Severity;
  /** `review`: what would have paged, on too few events to wake anybody. */
  readonly as: 'page' | 'ticket' | 'review';
  readonly says: string;
  /** The newest bad event behind it: news for an alert that was resolved while its condition went on. */
  readonly lastBadAtMs: number | null;
}

export interface AlertOptions {
  /**
   * Raw bad events below which nobody is paged: of a burn pair in its long lookback, of a breach and of an exhaustion in the
   * last six hours. One failed probe never pages, not even where the budget was spent before.
   */
  readonly minBadEvents: number;
  /** Excluded share of the last hour above which exclusions look like an outage of authentication. */
  readonly maxExcludedShare: number;
}

export const ALERT_DEFAULTS: AlertOptions = { minBadEvents: 3, maxExcludedShare: 0.05 };

/** A budget that was spent by an incident long over stays Red in the tables and pages nobody. */
export function isBurning(status: Status): boolean {
  return status.burnNow !== null && status.burnNow > 1;
}

/** Everything about this status and each of its splits that somebody should be told; nothing of a companion. */
export function alertConditions(status: Status, options: AlertOptions = ALERT_DEFAULTS): readonly AlertCondition[] {
  if (!governs(status.objective)) return [];
  const parts = [status, ...status.behind];
  const isWhole = parts.every(({ outage }) => outage);
  return parts.flatMap((part) => {
    const excluded = excludedCondition(part, options);
    const burning = isBurning(part) ? burningConditions(part, isWhole, options) : [];
    return excluded === null ? burning : [...burning, excluded];
  });
}

/** Worst first. @param isWhole whether no split is left that answers */
function burningConditions(status: Status, isWhole: boolean, options: AlertOptions): AlertCondition[] {
  const { objective, exhaustion, consumed } = status;
  const spent = consumed === null ? '' : `${formatPercent(consumed, 1)} of the budget is consumed`;
  const hours = exhaustion.rolloffHours ?? 0;
  const isRepeated = status.recentBad >= options.minBadEvents;
  const found: AlertCondition[] = [];
  if (objective.commitment === 'sla' && status.met === false && isRepeated) {
    found.push(condition(status, 'breach', 'SEV-1', `the SLA is breached: ${spent}`));
  }
  if (status.outage) {
    const says = isWhole ? 'nothing has succeeded for 30 minutes' : 'nothing of this part has succeeded for 30 minutes';
    found.push(condition(status, 'outage', isWhole ? 'SEV-1' : 'SEV-2', `${says}: ${spent}`));
  }
  if (status.sev2Within24h && isRepeated) {
    const when = hours === 0 ? 'the budget is exhausted' : `the budget will be exhausted in ${hours} h`;
    found.push(condition(status, 'violation-24h', 'SEV-2', `${when}: ${spent}`));
  }
  for (const pair of status.pairs) {
    if (pair.burning && pair.badEvents >= options.minBadEvents) {
      found.push(condition(status, 'burn', pair.severity, pairSays(pair), `/${pair.long}`));
    }
  }
  if (status.alert !== null) {
    const limit = status.alert === 'RED_LT_72H' ? 'Red and under 72 h' : 'Yellow and under 7 days';
    found.push(condition(status, 'projection', 'SEV-3', `${limit} from exhaustion (${hours} h): ${spent}`));
  }
  return found;
}

function pairSays({ factor, long, short, badEvents }: PairStatus): string {
  return `burning at ${factor}× or more over ${long} and ${short}, ${badEvents} bad events`;
}

function excludedCondition(status: Status, options: AlertOptions): AlertCondition | null {
  const share = status.excludedShare1h;
  if (share === null || share <= options.maxExcludedShare) return null;
  return condition(
    status,
    'excluded-share',
    'SEV-3',
    `${formatPercent(share, 1)} of the last hour's events were excluded`,
  );
}

function condition(status: Status, rule: AlertRule, severity: Severity, says: string, suffix = ''): AlertCondition {
  const { objective, worstSplit } = status;
  const split = worstSplit === null ? '' : worstSplit.split;
  const pages = severity === 'SEV-3' ? 'ticket' : status.enoughEvents ? 'page' : 'review';
  return {
    key: `${objective.id}/${rule}${suffix}${worstSplit === null ? '' : `@${split}`}`,
    rule,
    objective: objective.id,
    service: objective.service,
    severity,
    as: pages,
    says: `${objective.title}${split === '' ? '' : `, ${split}`}: ${says}`,
    lastBadAtMs: status.lastBadAtMs,
  };
}
