/** Which alerts a scenario expects, is about, or has to do with. Pure. */
import { BURNING } from '../slo/alerts.ts';
import type { ExpectedAlert } from './charter.ts';

interface Told {
  readonly rule: string;
  readonly severity: string;
  readonly service: string | null;
  readonly objective: string | null;
}

/** As a rule: whichever way it is seen first that a budget burns. */
const ANY_BURNING = 'burning';

/** Of the objective, of the service, or of the component where neither is named. */
export function fits(
  { rule, objective, service, severity }: ExpectedAlert,
  alert: Told,
  component: string | null,
): boolean {
  const isRule = rule === ANY_BURNING ? BURNING.has(alert.rule) : alert.rule === rule;
  if (!isRule || (severity !== null && alert.severity !== severity)) return false;
  return objective === null ? alert.service === (service ?? component) : alert.objective === objective;
}

/** Of the component, or expected elsewhere. */
export function isAbout(alert: Told, expected: readonly ExpectedAlert[], component: string | null): boolean {
  return alert.service === component || expected.some((each) => fits(each, alert, component));
}

/** Expected, or the same news as one that is: people are told once that a budget burns, however many rules see it. */
export function isForeseen(alert: Told, expected: readonly ExpectedAlert[], component: string): boolean {
  return expected.some((each) => {
    if (fits(each, alert, component)) return true;
    const isOneBudget = BURNING.has(alert.rule) && (each.rule === ANY_BURNING || BURNING.has(each.rule));
    return isOneBudget && fits({ ...each, rule: alert.rule, severity: null }, alert, component);
  });
}
