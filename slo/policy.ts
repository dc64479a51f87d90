/** What a colour means for people: the error-budget policy, as data, and who it applies to. */
import { consumed, shareOf, worstColour } from './budget.ts';
import { compare, decimal, fromNumber, type Rational } from './decimal.ts';
import type { Colour } from './objective.ts';
import type { Status } from './status.ts';

export type Gate = 'open' | 'needs-signoff' | 'frozen';

export interface Consequence {
  readonly gate: Gate;
  /** One line for the gate's answer and the reports. */
  readonly says: string;
  /** Whether sampling is raised, and to which of a probe's intervals. */
  readonly sampling: 'green' | 'yellow' | 'red';
  /** Days within which a game-day on the component is due; null: none is. */
  readonly gamedayDays: number | null;
  /** Work that is written down for people. */
  readonly reviews: readonly string[];
}

const CALM: Consequence = {
  gate: 'open',
  says: 'regular releases',
  sampling: 'green',
  gamedayDays: null,
  reviews: ['document regression tests for observed risks'],
};

export const CONSEQUENCES: Readonly<Record<Colour, Consequence>> = {
  green: CALM,
  yellow: {
    gate: 'needs-signoff',
    says: 'needs SRE sign-off',
    sampling: 'yellow',
    gamedayDays: null,
    reviews: ['update the alert run books'],
  },
  red: {
    gate: 'frozen',
    says: 'frozen, critical deploys only',
    sampling: 'red',
    gamedayDays: 14,
    reviews: ['schedule a postmortem review with engineering and product leadership'],
  },
  unknown: { ...CALM, says: 'nothing is known about this service', reviews: ['find out why nothing is measured'] },
};

export interface ServiceColour {
  readonly colour: Colour;
  /** Ids of the objectives that make it this colour. */
  readonly because: readonly string[];
  /** Ids of objectives whose colour is Unknown: ignored for the colour, but shown. */
  readonly unknown: readonly string[];
}

/** The worst of a service's objectives. A split row already has the colour of the split that governs it. */
export function serviceColour(statuses: readonly Status[]): ServiceColour {
  const colour = worstColour(statuses.map((status) => status.colour));
  const idsOf = (wanted: Colour): string[] =>
    statuses.filter((status) => status.colour === wanted).map((status) => status.objective.id);
  return { colour, because: colour === 'unknown' ? [] : idsOf(colour), unknown: idsOf('unknown') };
}

export interface ServiceConsequences {
  readonly colour: Colour;
  readonly gate: Gate;
  readonly sampling: Consequence['sampling'];
  readonly gamedayDays: number | null;
  readonly reviews: readonly string[];
  /** Red objectives with too few events to freeze a deploy or oblige a game-day: review items instead. */
  readonly thin: readonly string[];
}

/**
 * Colour and sampling act on whatever is known. A freeze and an obligation cost people, so they need an objective that is
 * Red on enough events; a Red on thin data asks for a sign-off and a review.
 */
export function consequencesOf(statuses: readonly Status[]): ServiceConsequences {
  const { colour } = serviceColour(statuses);
  const red = statuses.filter((status) => status.colour === 'red');
  const acts = red.some((status) => status.enoughEvents);
  const own = CONSEQUENCES[colour];
  const costly = colour === 'red' && !acts ? CONSEQUENCES.yellow : own;
  return {
    colour,
    gate: costly.gate,
    sampling: own.sampling,
    gamedayDays: costly.gamedayDays,
    reviews: costly.reviews,
    thin: red.filter((status) => !status.enoughEvents).map((status) => status.objective.id),
  };
}

/** A rule that the playbook writes for one objective. */
export interface ServiceRule {
  readonly id: string;
  readonly objective: string;
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
export function isTriggered(rule: ServiceRule, figure: Rational | null): boolean {
  if (figure === null) return false;
  const order = compare(figure, decimal(rule.threshold));
  return rule.strict ? order > 0 : order >= 0;
}

export interface TriggeredRule {
  readonly rule: ServiceRule;
  /** The split (a venue, say) it concerns; null where the objective is not split. */
  readonly split: string | null;
  /** `review`: too few events to act on. */
  readonly as: 'act' | 'review';
}

/** The service rules an objective's status triggers: each split is judged on its own where consumption is asked about. */
export function triggeredRules(
  status: Status,
  rules: readonly ServiceRule[] = SERVICE_RULES,
): readonly TriggeredRule[] {
  const { objective } = status;
  const target = decimal(objective.target);
  const parts = status.splits.length > 0 ? status.splits : [{ ...status, split: null }];
  return rules
    .filter((rule) => rule.objective === objective.id)
    .flatMap((rule) =>
      rule.on === 'burn'
        ? [
            {
              rule,
              figure: status.burnNow === null ? null : fromNumber(status.burnNow),
              split: null,
              enough: status.enoughEvents,
            },
          ]
        : parts.map((part) => ({
            rule,
            figure: consumed(shareOf(part.tally), target),
            split: part.split,
            enough: part.enoughEvents,
          })),
    )
    .filter(({ rule, figure }) => isTriggered(rule, figure))
    .map(({ rule, split, enough }) => ({ rule, split, as: enough ? 'act' : 'review' }));
}
