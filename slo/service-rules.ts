/** What the playbook asks of people when one service's budget is spent or burns: rules as data, and who triggers them. */
import { burnCeiling } from './budget.ts';
import { compare, decimal, fromNumber, toFixed, type Rational } from './decimal.ts';
import { governs } from './objective.ts';
import type { Status } from './status.ts';
import type { Tally } from './tally.ts';

/** A rule about one objective: the playbook's, or one of the user's own. */
export interface ServiceRule {
  readonly id: string;
  readonly objective: string;
  /** Share of the budget consumed, or min(BR_1h, BR_6h). */
  readonly on: 'consumed' | 'burn';
  /** A decimal string. `strict`: above it, not at it. */
  readonly threshold: string;
  readonly strict: boolean;
  readonly actions: readonly string[];
}

export const SERVICE_RULES: readonly ServiceRule[] = [
  {
    id: 'ingestion-burn',
    objective: 'kpi-ingestion-latency',
    on: 'burn',
    threshold: '2',
    strict: true,
    actions: ['pause non-essential ETL jobs', 'require data-team sign-off for schema migrations'],
  },
  {
    id: 'signal-degraded-mode',
    objective: 'kpi-signal-freshness',
    on: 'consumed',
    threshold: '0.25',
    strict: false,
    actions: ['enable degraded-mode execution (wider throttles)', 'ask the strategy owners for a mitigation plan'],
  },
  {
    id: 'broker-divert',
    objective: 'kpi-order-ack',
    on: 'consumed',
    threshold: '0.50',
    strict: false,
    actions: ['divert new releases from the broker concerned', 'escalate to its account manager'],
  },
  {
    id: 'fill-risk-caps',
    objective: 'kpi-fill-ratio',
    on: 'consumed',
    threshold: '0.60',
    strict: true,
    actions: ['tighten risk caps by 20 %', 'reach out to liquidity providers'],
  },
];

/** Whether a rule's figure (consumption or burn, uncapped) triggers it; an unknown figure never does. */
export function isTriggered(rule: Pick<ServiceRule, 'threshold' | 'strict'>, figure: Rational | null): boolean {
  if (figure === null) return false;
  const order = compare(figure, decimal(rule.threshold));
  return rule.strict ? order > 0 : order >= 0;
}

/**
 * Why a threshold could never be reached by this target: with every event bad, both figures come to 1/(1 − T) and no
 * further. Null when it can.
 */
export function ruleThresholdProblem(rule: Pick<ServiceRule, 'threshold' | 'strict'>, target: string): string | null {
  const top = burnCeiling(decimal(target));
  if (isTriggered(rule, top)) return null;
  const text = toFixed(top, 4).replace(/\.?0+$/, '');
  return `${rule.strict ? 'at or above' : 'above'} the ${text} of this target with every event bad`;
}

/** What one rule reads of one objective, or of one of its splits. */
export interface RuleReading {
  readonly rule: ServiceRule;
  /** The split (a venue, say) it concerns; null where the objective is not split. */
  readonly split: string | null;
  /** Null: nothing is known, which neither triggers a rule nor ends what it began. */
  readonly isTriggered: boolean | null;
  /** `review`: too few events to act on. */
  readonly as: 'act' | 'review';
  /** For display. */
  readonly consumed: number | null;
  readonly burnNow: number | null;
  readonly tally: Tally;
}

/** Every rule about this objective: each split is judged on its own. */
export function ruleReadings(status: Status, rules: readonly ServiceRule[] = SERVICE_RULES): readonly RuleReading[] {
  const { objective } = status;
  if (!governs(objective)) return [];
  const parts = [status, ...status.behind]
    .map((part) => ({ ...part, split: part.worstSplit?.split ?? null }))
    .toSorted((a, b) => ((a.split ?? '') < (b.split ?? '') ? -1 : 1));
  return rules
    .filter((rule) => rule.objective === objective.id)
    .flatMap((rule) =>
      parts.map((part): RuleReading => {
        const { burnNow } = part;
        const figure = rule.on === 'consumed' ? part.spent : burnNow === null ? null : fromNumber(burnNow);
        return {
          rule,
          split: part.split,
          isTriggered: figure === null ? null : isTriggered(rule, figure),
          as: part.enoughEvents ? 'act' : 'review',
          consumed: part.consumed,
          burnNow,
          tally: part.tally,
        };
      }),
    );
}

export type TriggeredRule = Pick<RuleReading, 'rule' | 'split' | 'as'>;

/** The service rules an objective's status triggers. */
export function triggeredRules(status: Status, rules?: readonly ServiceRule[]): readonly TriggeredRule[] {
  return ruleReadings(status, rules)
    .filter((reading) => reading.isTriggered === true)
    .map(({ rule, split, as }) => ({ rule, split, as }));
}
