/**
 * What an exercise may spend of the error budgets, whether so much is left, and whether it has spent more. Pure, and exact.
 *
 * A budget is above the cap when so much of it is left that an exercise which spends all that it may still leaves the objective
 * met.
 */
import type { Scenario } from '../../scenarios/scenario.ts';
import { compare, decimal, fromNumber, multiply, ONE, rational, subtract, toFixed, ZERO } from '../../slo/decimal.ts';
import type { Rational } from '../../slo/decimal.ts';
import { mayBurn } from '../../slo/objective.ts';
import { governing } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import type { CheckResult } from './outcome.ts';

/** Somebody takes it on that budgets are overspent, up to a share. */
export interface Overspend {
  readonly by: string;
  readonly reason: string;
  /** Of each budget, a decimal such as "3.00", which is 300 %. */
  readonly share: string;
}

export interface BudgetRules {
  /** The limit of the configuration, (0, 1]; null: it names none. */
  readonly maxBudgetSpend: number | null;
  /** Null: nobody has approved that a budget is overspent. */
  readonly overspend: Overspend | null;
  /** What is not known must not be taken for enough. */
  readonly mustKnow: boolean;
}

type Part = Pick<Scenario, 'component' | 'budget'>;

/** Where neither scenario nor configuration names one. */
const DEFAULT_BUDGET_SPEND = 0.1;

interface Cap {
  readonly share: Rational;
  readonly whose: string;
}

interface Account {
  readonly id: string;
  readonly spent: Rational;
  /** What is told of it when it rests on few events; null: on enough. */
  readonly thin: string | null;
}

/** As much must be left, in every budget of the component, as may be spent. */
export function budgetGuard(scenario: Part, rules: BudgetRules, statuses: readonly Status[]): CheckResult {
  const cap = capOf(scenario, rules);
  const accounts = accountsOf(scenario, statuses);
  const may = `it may spend ${percentOf(cap.share)} of a budget (${cap.whose})`;
  const name = 'budget';
  if (accounts.length === 0) return unknownGuard(`${may}, but no budget of ${scenario.component} is known`, rules);
  const untold = untoldOf(scenario, statuses);
  if (untold.length > 0 && rules.mustKnow) {
    return unknownGuard(`${may}, but nothing is known of ${untold.join(', ')}`, rules);
  }
  const told = [...accounts.map(leftText), ...untold.map((id) => `${id} not known`)].join(', ');
  const short = accounts.filter(({ spent }) => compare(subtract(ONE, spent), cap.share) < 0);
  if (rules.overspend !== null) {
    return { name, ok: true, detail: `${may}, whatever is left of it: ${told}` };
  }
  if (short.length === 0) return { name, ok: true, detail: `${may}: ${told}` };
  return { name, ok: false, detail: `${may}, and there is less: ${short.map(leftText).join(', ')}; ${MEND}` };
}

const MEND = 'wait until there is more, or have it approved (--overspend SHARE --approved-by NAME --reason TEXT)';

function unknownGuard(what: string, { overspend, mustKnow }: BudgetRules): CheckResult {
  const ok = overspend !== null || !mustKnow;
  const why = ok ? what : `${what}, and in production that is not enough; ${MEND}`;
  return { name: 'budget', ok, detail: why };
}

/** What one may spend, an approval before all else; otherwise the smaller of what scenario and configuration say. */
function capOf({ budget }: Part, { maxBudgetSpend, overspend }: BudgetRules): Cap {
  if (overspend !== null) {
    return { share: decimal(overspend.share), whose: `approved by ${overspend.by}: ${overspend.reason}` };
  }
  const caps = [
    ...(budget === null ? [] : [{ share: budget, whose: "the scenario's budget" }]),
    ...(maxBudgetSpend === null ? [] : [{ share: maxBudgetSpend, whose: 'gamedays.maxBudgetSpend' }]),
  ].toSorted((a, b) => a.share - b.share);
  const { share, whose } = caps[0] ?? { share: DEFAULT_BUDGET_SPEND, whose: 'the default' };
  return { share: fromNumber(share), whose };
}

/** Each budget of the component of which anything is known. */
function accountsOf({ component }: Part, statuses: readonly Status[]): readonly Account[] {
  return governing(statuses).flatMap(({ objective, spent, enoughEvents, validEvents }) => {
    if (objective.service !== component || spent === null) return [];
    const thin = enoughEvents ? null : `by ${validEvents} events, fewer than ${objective.minEvents}`;
    return [{ id: objective.id, spent, thin }];
  });
}

/** Budgets of the component that something measures, and of which it has said nothing yet. */
function untoldOf({ component }: Part, statuses: readonly Status[]): readonly string[] {
  return statuses.flatMap(({ objective, spent }) =>
    objective.service === component && mayBurn(objective) && spent === null ? [objective.id] : [],
  );
}

function leftText({ id, spent, thin }: Account): string {
  const left = subtract(ONE, spent);
  const isOver = compare(left, ZERO) < 0;
  const remarks = [...(isOver ? [`${percentOf(spent)} consumed`] : []), ...(thin === null ? [] : [thin])];
  return `${id} ${percentOf(isOver ? ZERO : left)} left${remarks.length === 0 ? '' : ` (${remarks.join(', ')})`}`;
}

/**
 * Asked while the exercise is under way: what was spent since the first look, where that is more than it may be; null: it is
 * not. A figure of few events ends nothing: one bad run would be all of it.
 */
export function spendingWatch(scenario: Part, rules: BudgetRules): (statuses: readonly Status[]) => string | null {
  const cap = capOf(scenario, rules);
  const before = new Map<string, Rational>();
  return (statuses) => {
    for (const { id, spent, thin } of accountsOf(scenario, statuses)) {
      // A budget that is known only later begins there.
      if (!before.has(id)) before.set(id, spent);
      const since = subtract(spent, before.get(id) ?? spent);
      if (thin !== null || compare(since, cap.share) <= 0) continue;
      return `it has spent ${percentOf(since)} of the budget of ${id}, more than the ${percentOf(cap.share)} that it may (${cap.whose})`;
    }
    return null;
  };
}

function percentOf(share: Rational): string {
  return `${toFixed(multiply(share, rational(100)), 1)} %`;
}
