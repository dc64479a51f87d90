/** Whether this is a moment to break something on purpose: the clock, the budgets, the market, the limits. Pure. */
import type { Calendar } from '../../probes/market-data/calendar.ts';
import type { ClockStanding } from '../../probes/clock/standing.ts';
import { span } from '../../reports/figures.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { injections } from '../../scenarios/step.ts';
import { governing } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import type { CheckResult } from './outcome.ts';

export interface Approval {
  readonly by: string;
  readonly reason: string;
}

export interface Safety {
  readonly environment: string;
  /** Share of a budget, (0, 1]; null: no limit. */
  readonly maxBudgetSpend: number | null;
  readonly limits: { readonly targets?: number | undefined; readonly duration?: number | undefined };
  readonly market: Pick<Calendar, 'openedAt'> | null;
  readonly approval: Approval | null;
}

export interface Facts {
  readonly clock: ClockStanding;
  /** Of every objective. */
  readonly statuses: readonly Status[];
  readonly nowMs: number;
}

type Part = Pick<Scenario, 'component' | 'steps' | 'timeboxMs' | 'budget'>;

/** Production is somebody's responsibility, whatever the hour. */
const NEEDS_APPROVAL = 'production';

export function guardChecks(scenario: Part, safety: Safety, facts: Facts): readonly CheckResult[] {
  return [
    clockGuard(facts.clock),
    ...budgetGuard(scenario, safety, facts.statuses),
    ...approvalGuard(safety, facts.nowMs),
    ...limitGuard(scenario, safety),
  ];
}

/** Marks are monotonic; freshness is not, and a clock that is wrong makes a healthy feed look broken. */
function clockGuard({ state, text }: ClockStanding): CheckResult {
  return { name: 'clock', ok: state !== 'severe' && state !== 'quarantine', detail: text };
}

/** What the exercise may spend must be there, in every budget of the component about which anything is known. */
function budgetGuard(scenario: Part, safety: Safety, statuses: readonly Status[]): readonly CheckResult[] {
  const cap = capOf(scenario, safety);
  if (cap === null) return [];
  const left = spending(scenario, statuses).map(([id, consumed]) => ({ id, left: 1 - consumed }));
  const short = left.filter((each) => each.left < cap);
  const text = (each: (typeof left)[number]): string => `${each.id} ${shareText(Math.max(0, each.left))} left`;
  const known = left.length === 0 ? 'no budget of it is known' : left.map(text).join(', ');
  const detail =
    short.length === 0
      ? `it may spend ${shareText(cap)} of a budget: ${known}`
      : `it may spend ${shareText(cap)} of a budget, and there is less: ${short.map(text).join(', ')}`;
  return [{ name: 'budget', ok: short.length === 0, detail }];
}

function capOf({ budget }: Part, { maxBudgetSpend }: Safety): number | null {
  const caps = [budget, maxBudgetSpend].filter((cap) => cap !== null);
  return caps.length === 0 ? null : Math.min(...caps);
}

/** Consumed share of each budget of the component that is known. */
function spending({ component }: Part, statuses: readonly Status[]): readonly (readonly [string, number])[] {
  return governing(statuses).flatMap(({ objective, consumed }) =>
    objective.service === component && consumed !== null ? [[objective.id, consumed] as const] : [],
  );
}

function approvalGuard({ environment, market, approval }: Safety, nowMs: number): readonly CheckResult[] {
  const isOpen = market !== null && market.openedAt(nowMs) !== null;
  const why = [
    ...(environment === NEEDS_APPROVAL ? ['this is production'] : []),
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
  if (limits.duration !== undefined) {
    const detail = `a timebox of ${span(timeboxMs)}, at most ${span(limits.duration)} (gamedays.limits.duration)`;
    found.push({ name: 'duration', ok: timeboxMs <= limits.duration, detail });
  }
  return found;
}

/**
 * Asked while the exercise is under way: why it must end.
 * @param facts null: nothing is known yet. @param overload what the prober says of itself, null: it keeps up
 */
export function alarmOf(
  scenario: Part,
  safety: Safety,
  facts: () => Facts,
  overload: () => string | null,
): () => string | null {
  let before: ReadonlyMap<string, number> | null = null;
  return () => {
    const { clock, statuses } = facts();
    const now = spending(scenario, statuses);
    // The first look is the baseline; a budget that is known only later begins there.
    before = new Map([...now, ...(before ?? [])]);
    const cap = capOf(scenario, safety);
    const over = now.find(([id, consumed]) => cap !== null && consumed - (before?.get(id) ?? consumed) > cap);
    if (over !== undefined && cap !== null) {
      const spent = over[1] - (before.get(over[0]) ?? over[1]);
      return `it has spent ${shareText(spent)} of the budget of ${over[0]}, more than the ${shareText(cap)} that it may`;
    }
    if (clock.state === 'quarantine') return `the prober's clock cannot be trusted any more: ${clock.text}`;
    const strain = overload();
    return strain === null ? null : `the prober cannot keep up, and would measure itself: ${strain}`;
  };
}

function shareText(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
