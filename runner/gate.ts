/** The deploy gate: what a service's budgets say about a deploy now. Pure. */
import { consumedPercent, count, plural } from '../reports/figures.ts';
import type { Colour } from '../slo/objective.ts';
import { CONSEQUENCES, consequencesOf, serviceColour, type Gate } from '../slo/policy.ts';
import type { Status } from '../slo/status.ts';
import type { GateData } from './gate-data.ts';
import { EXIT } from './io.ts';

export interface GateAnswer {
  readonly gate: Gate;
  readonly colour: Colour;
  /** One line, complete in itself but for the service. */
  readonly reason: string;
  /** Ids of the objectives that make it so. */
  readonly because: readonly string[];
  /** Red objectives with too few events to freeze anything: review items instead. */
  readonly thin: readonly string[];
  readonly unknown: readonly { readonly objective: string; readonly because: string }[];
}

/** @param statuses of the service's own objectives */
export function gateOf(statuses: readonly Status[], data: GateData): GateAnswer {
  const { colour, because } = serviceColour(statuses);
  const { gate, thin } = consequencesOf(statuses);
  const unknown = statuses
    .filter((status) => status.colour === 'unknown')
    .map(({ objective, unknownBecause }) => ({ objective: objective.id, because: unknownBecause ?? 'no data' }));
  const whole = { colour, because, thin, unknown };
  // Old data may keep a gate shut. It never opens one.
  if (gate === 'unknown' || (gate === 'open' && data.isStale)) {
    return {
      ...whole,
      gate: 'unknown',
      reason: `unknown: ${whyUnknown(statuses, colour, data)}; Unknown is not Green`,
    };
  }
  const says = Object.values(CONSEQUENCES).find((each) => each.gate === gate)?.says ?? gate;
  const worst = statuses.filter((status) => because.includes(status.objective.id));
  const named = gate === 'frozen' ? worst.filter(({ enoughEvents }) => enoughEvents) : worst;
  const figures = named.map((status) => figureText(status)).join('; ');
  if (gate !== 'open') return { ...whole, gate, reason: `${says}: ${figures}` };
  return { ...whole, gate, reason: `open, ${says}: ${most(worst)}` };
}

function figureText({ objective, colour, consumed, tally, validEvents, enoughEvents }: Status): string {
  const figure = `${objective.id} is ${titled(colour)}, ${consumedPercent(consumed)} of its budget consumed (${count(tally.bad)} bad of ${plural(validEvents, 'event')})`;
  return colour === 'red' && !enoughEvents
    ? `${figure}, fewer than ${count(objective.minEvents)} events: a review item instead of a freeze`
    : figure;
}

/** The objective nearest to its next colour stands for all Green ones. */
function most(statuses: readonly Status[]): string {
  const worst = statuses.toSorted((a, b) => (b.consumed ?? 0) - (a.consumed ?? 0))[0];
  if (worst === undefined) return '';
  return statuses.length === 1 ? figureText(worst) : `${figureText(worst)}, the most of ${statuses.length}`;
}

function whyUnknown(statuses: readonly Status[], colour: Colour, { newestMs, ageMs, isKept }: GateData): string {
  if (statuses.length === 0) return 'no objective is about this service';
  if (newestMs === null || ageMs === null) return 'no valid event in any window';
  const kept = isKept ? '' : ', and no runner keeps the ledger';
  const since = `no valid event since ${new Date(newestMs).toISOString()}${kept}`;
  return colour === 'unknown' ? since : `${titled(colour)} when last measured, but ${since}`;
}

function titled(colour: Colour): string {
  return `${colour.slice(0, 1).toUpperCase()}${colour.slice(1)}`;
}

/** What a person says to let a deploy through. */
export interface Waiver {
  /** `critical`: the deploy is critical; a frozen gate opens to nothing less. */
  readonly how: 'signed-off' | 'critical';
  readonly by: string;
  readonly reason: string;
}

export interface Admission {
  readonly isAdmitted: boolean;
  readonly exitCode: number;
  /** Whether the waiver let it through, and so has to be recorded. */
  readonly isWaived: boolean;
  /** What to do, or what was made of the waiver; null: nothing more to say. */
  readonly advice: string | null;
}

const SIGN_OFF = '--signed-off-by NAME --reason TEXT';
const CRITICAL = '--critical --by NAME --reason TEXT';

export function admit({ gate }: GateAnswer, waiver: Waiver | null): Admission {
  const shut = gate === 'unknown' ? EXIT.prober : EXIT.failed;
  if (gate === 'open') {
    const advice = waiver === null ? null : 'nothing had to be waived, and nothing was recorded';
    return { isAdmitted: true, exitCode: EXIT.ok, isWaived: false, advice };
  }
  if (waiver === null) {
    const advice =
      gate === 'frozen' ? `a critical deploy opens it: ${CRITICAL}` : `an SRE's sign-off opens it: ${SIGN_OFF}`;
    return { isAdmitted: false, exitCode: shut, isWaived: false, advice };
  }
  if (gate === 'frozen' && waiver.how === 'signed-off') {
    const advice = `a sign-off does not lift a freeze; a critical deploy does: ${CRITICAL}`;
    return { isAdmitted: false, exitCode: shut, isWaived: false, advice };
  }
  const who = waiver.how === 'critical' ? `as critical by ${waiver.by}` : `by the sign-off of ${waiver.by}`;
  return { isAdmitted: true, exitCode: EXIT.ok, isWaived: true, advice: `opened ${who}: ${waiver.reason}` };
}
