/** What a colour means for people: the error-budget policy, as data, and who it applies to. */
import { worstColour } from './budget.ts';
import { governs, type Colour } from './objective.ts';
import type { Status } from './status.ts';

/** `unknown`: nothing is known that could open it, and Unknown is not Green. */
export type Gate = 'open' | 'needs-signoff' | 'frozen' | 'unknown';

export interface Consequence {
  readonly gate: Gate;
  /** One line for the gate's answer and the reports. */
  readonly says: string;
  /** Whether sampling is raised, and to which of a probe's intervals. */
  readonly sampling: 'green' | 'yellow' | 'red';
  /** Days within which a game-day on the component is due; null: none is. */
  readonly gamedayDays: number | null;
  /** Days within which the postmortem review is due; null: none is. The playbook names no date: assumed, as the game-day's. */
  readonly postmortemDays: number | null;
  /** Work that is written down for people. */
  readonly reviews: readonly string[];
}

const CALM: Consequence = {
  gate: 'open',
  says: 'regular releases',
  sampling: 'green',
  gamedayDays: null,
  postmortemDays: null,
  reviews: ['document regression tests for observed risks'],
};

export const CONSEQUENCES: Readonly<Record<Colour, Consequence>> = {
  green: CALM,
  yellow: {
    gate: 'needs-signoff',
    says: 'needs SRE sign-off',
    sampling: 'yellow',
    gamedayDays: null,
    postmortemDays: null,
    reviews: ['update the alert run books'],
  },
  red: {
    gate: 'frozen',
    says: 'frozen, critical deploys only',
    sampling: 'red',
    gamedayDays: 14,
    postmortemDays: 14,
    reviews: ['schedule a postmortem review with engineering and product leadership'],
  },
  unknown: {
    ...CALM,
    gate: 'unknown',
    says: 'nothing is known about this service',
    reviews: ['find out why nothing is measured'],
  },
};

/** Those that something follows from: companions are only shown. */
export function governing(statuses: readonly Status[]): readonly Status[] {
  return statuses.filter(({ objective }) => governs(objective));
}

export interface ServiceColour {
  readonly colour: Colour;
  /** Ids of the objectives that make it this colour. */
  readonly because: readonly string[];
  /** Ids of objectives whose colour is Unknown: ignored for the colour, but shown. */
  readonly unknown: readonly string[];
}

/** The worst of a service's objectives. A split row already has the colour of the split that governs it. */
export function serviceColour(all: readonly Status[]): ServiceColour {
  const statuses = governing(all);
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
  readonly postmortemDays: number | null;
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
  const red = governing(statuses).filter((status) => status.colour === 'red');
  const acts = red.some((status) => status.enoughEvents);
  const own = CONSEQUENCES[colour];
  const costly = colour === 'red' && !acts ? CONSEQUENCES.yellow : own;
  return {
    colour,
    gate: costly.gate,
    sampling: own.sampling,
    gamedayDays: costly.gamedayDays,
    postmortemDays: costly.postmortemDays,
    reviews: costly.reviews,
    thin: red.filter((status) => !status.enoughEvents).map((status) => status.objective.id),
  };
}
