/** Whether this is a moment to break something on purpose: the clock, the budgets, the market, the limits. Pure. */
import type { Calendar } from '../../probes/market-data/calendar.ts';
import type { ClockStanding } from '../../probes/clock/standing.ts';
import { span } from '../../reports/figures.ts';
import type { Fault } from '../../scenarios/fault.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { injections } from '../../scenarios/step.ts';
import type { Status } from '../../slo/status.ts';
import { budgetGuard, spendingWatch, type BudgetRules, type Overspend } from './budget-guard.ts';
import { clockGuard } from './clock-guard.ts';
import { isBlinding, MEND, strainText, troubled, type Strain } from '../overload.ts';
import type { CheckResult } from './outcome.ts';
import { ProberTrouble } from './prober-trouble.ts';

export interface Approval {
  readonly by: string;
  readonly reason: string;
  /** The share of each budget that it may spend, whatever is left, a decimal; absent: no more than there is. */
  readonly overspend?: string | undefined;
}

export interface Safety {
  readonly environment: string;
  /** Share of a budget, (0, 1]; null: no limit. */
  readonly maxBudgetSpend: number | null;
  readonly limits: {
    readonly targets?: number | undefined;
    /** (0, 1]. */
    readonly share?: number | undefined;
    readonly duration?: number | undefined;
  };
  readonly market: Pick<Calendar, 'openedAt'> | null;
  readonly approval: Approval | null;
  /** What the configuration approves for every exercise, outside production; null: nothing. */
  readonly overspend: Overspend | null;
}

export interface Facts {
  readonly clock: ClockStanding;
  /** Of every objective. */
  readonly statuses: readonly Status[];
  readonly nowMs: number;
}

type Part = Pick<Scenario, 'steps' | 'timeboxMs'>;

/** Production is somebody's responsibility, whatever the hour; what is not known there is not taken for good. */
const PRODUCTION = 'production';

export function guardChecks(scenario: Scenario, safety: Safety, facts: Facts): readonly CheckResult[] {
  const { environment } = safety;
  const mustKnow = environment === PRODUCTION;
  const objectives = facts.statuses.map(({ objective }) => objective);
  return [
    clockGuard(scenario, facts.clock, { environment, mustKnow }, objectives),
    budgetGuard(scenario, budgetRules(safety), facts.statuses),
    ...approvalGuard(safety, facts.nowMs),
    ...limitGuard(scenario, safety),
  ];
}

function budgetRules({ environment, maxBudgetSpend, approval, overspend }: Safety): BudgetRules {
  return {
    maxBudgetSpend,
    overspend: approvedSpend(approval, environment === PRODUCTION ? null : overspend),
    mustKnow: environment === PRODUCTION,
  };
}

/** What somebody says of this one exercise goes before what is said of all. */
export function approvedSpend(approval: Approval | null, standing: Overspend | null): Overspend | null {
  if (approval?.overspend === undefined) return standing;
  return { by: approval.by, reason: approval.reason, share: approval.overspend };
}

function approvalGuard({ environment, market, approval }: Safety, nowMs: number): readonly CheckResult[] {
  const isOpen = market !== null && market.openedAt(nowMs) !== null;
  const why = [
    ...(environment === PRODUCTION ? ['this is production'] : []),
    ...(isOpen ? ['the market is open'] : []),
  ];
  if (why.length === 0) return market === null ? [] : [{ name: 'market', ok: true, detail: 'the market is closed' }];
  const detail =
    approval === null
      ? `${why.join(', and ')}: somebody has to approve it (--approved-by NAME --reason TEXT)`
      : `${why.join(', and ')}: approved by ${approval.by} (${approval.reason})`;
  return [{ name: 'approval', ok: approval !== null, detail }];
}

function limitGuard({ steps, timeboxMs }: Part, { limits }: Safety): readonly CheckResult[] {
  const found: CheckResult[] = [];
  if (limits.targets !== undefined) {
    const targets = new Set(injections(steps).map(({ target }) => `${target.injector} ${target.name}`));
    const detail = `${targets.size} of at most ${limits.targets} targets (gamedays.limits.targets)`;
    found.push({ name: 'targets', ok: targets.size <= limits.targets, detail });
  }
  if (limits.share !== undefined) found.push(shareGuard(steps, limits.share));
  if (limits.duration !== undefined) {
    const detail = `a timebox of ${span(timeboxMs)}, at most ${span(limits.duration)} (gamedays.limits.duration)`;
    found.push({ name: 'duration', ok: timeboxMs <= limits.duration, detail });
  }
  return found;
}

function shareGuard(steps: Part['steps'], most: number): CheckResult {
  const shares = injections(steps).map(({ id, fault }) => ({ id, percent: percentOf(fault) }));
  // In whole thousandths of a percent, which is as finely as a fault can be told.
  const over = shares.filter(({ percent }) => Math.round(percent * 1000) > Math.round(most * 100_000));
  const text = (list: typeof shares): string =>
    list.map(({ id, percent }) => `${id} ${percent} %`).join(', ') || 'none';
  const limit = `at most ${Math.round(most * 100_000) / 1000} % of a target (gamedays.limits.share)`;
  return { name: 'share', ok: over.length === 0, detail: `${text(over.length === 0 ? shares : over)}; ${limit}` };
}

/** What a fault takes of its target: all of it, where it names no share. */
function percentOf(fault: Fault): number {
  return 'percent' in fault ? fault.percent : 100;
}

/** Who is to watch a fault must see what it does: asked once the baseline has been looked for. */
export function proberGuard(strain: Strain): CheckResult {
  const text = strainText(strain);
  if (isBlinding(strain)) return { name: 'prober', ok: false, detail: `it cannot keep up: ${text}; ${MEND}` };
  const how = troubled(strain) === 0 ? 'it keeps up' : 'enough of what it sees can be used';
  return { name: 'prober', ok: true, detail: `${how}: ${text}` };
}

/**
 * Asked while the exercise is under way: why it must end. What the prober cannot do is no doing of the target.
 * @param strain of the last half minute
 */
export function alarmOf(
  scenario: Scenario,
  safety: Safety,
  facts: () => Facts,
  strain: () => Strain,
): () => Error | null {
  const overspent = spendingWatch(scenario, budgetRules(safety));
  return () => {
    const { clock, statuses } = facts();
    const spent = overspent(statuses);
    if (spent !== null) return new Error(spent);
    if (clock.state === 'quarantine') {
      return new ProberTrouble(`the prober's clock cannot be trusted any more: ${clock.text}`);
    }
    const now = strain();
    if (!isBlinding(now)) return null;
    return new ProberTrouble(`the prober cannot keep up, and would measure itself: ${strainText(now)}; ${MEND}`);
  };
}
