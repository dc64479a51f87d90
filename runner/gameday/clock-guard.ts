/**
 * Whether this machine's clock is good enough for an exercise. Marks are monotonic; freshness is not, and a clock that is wrong
 * makes a healthy feed look broken, or a broken one healthy. Pure.
 */
import type { ClockStanding } from '../../probes/clock/standing.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { isAge, isAgeIndicator, mayBurn, type Objective } from '../../slo/objective.ts';
import { conditionsOf } from './conditions.ts';
import type { CheckResult } from './outcome.ts';

/** Nothing vouches for a clock there, and nothing has to: exchange, venue and prober read the same one. */
const ONE_CLOCK = 'sandbox';
const MEND = 'let chrony keep it (pulsedrill doctor says what is missing)';

export function clockGuard(
  scenario: Scenario,
  { state, text }: ClockStanding,
  { environment, mustKnow }: { readonly environment: string; readonly mustKnow: boolean },
  objectives: readonly Objective[],
): CheckResult {
  const name = 'clock';
  if (state !== 'unverified') return { name, ok: state !== 'severe' && state !== 'quarantine', detail: text };
  const unverified = `unverified: ${text}`;
  if (mustKnow) return { name, ok: false, detail: `${unverified}; in production it has to be known; ${MEND}` };
  const ages = agesOf(scenario, objectives);
  const where =
    ages.length === 0 ? 'nothing in this exercise is judged by it' : `ages are judged by it: ${ages.join(', ')}`;
  if (environment === ONE_CLOCK) {
    return { name, ok: true, detail: `${unverified}; ${where}; in a sandbox both ends read the same one` };
  }
  return ages.length === 0
    ? { name, ok: true, detail: `${unverified}; ${where}` }
    : { name, ok: false, detail: `${unverified}; ${where}; ${MEND}` };
}

/** What of an exercise compares somebody else's wall clock with ours: its conditions, and the objectives that it serves. */
function agesOf(scenario: Scenario, objectives: readonly Objective[]): readonly string[] {
  const measured = objectives.filter((each) => isAge(each) && mayBurn(each) && each.probes.length > 0);
  const aged = new Set(measured.map(({ id }) => id));
  const conditions = conditionsOf(scenario).flatMap(({ name, checks }) => {
    const isAged = checks.some(
      (check) =>
        (check.type === 'indicator' && isAgeIndicator(check.indicator)) ||
        (check.type === 'objective' && aged.has(check.objective)),
    );
    return isAged ? [`"${name}"`] : [];
  });
  const served = measured.filter(({ id, service }) => scenario.serves?.includes(id) ?? service === scenario.component);
  return [...new Set([...conditions, ...served.map(({ id }) => id)])];
}
