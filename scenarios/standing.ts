/**
 * Checks that ask no probe: how an objective stands, and what a query of the platform's telemetry comes to. Each is asked on a
 * clock of its own; the newest answer counts, and no answer is not known.
 */
import { z } from 'zod';
import { duration } from '../probes/spec.ts';
import { compare, decimal, divide, parseDecimal } from '../slo/decimal.ts';
import { LOOKBACKS, type Colour, type Lookback } from '../slo/objective.ts';
import type { Status } from '../slo/status.ts';
import type { Judgement } from './quantile.ts';

const BOUND_WORDS = ['below', 'atMost', 'above', 'atLeast'] as const;
export interface Bound<T> {
  readonly word: (typeof BOUND_WORDS)[number];
  readonly than: T;
}

export type Standing =
  | { readonly figure: 'colour'; readonly colours: readonly Colour[] }
  /** `than`: percent of the budget, a decimal string. */
  | { readonly figure: 'consumed'; readonly bound: Bound<string> }
  | { readonly figure: 'burn'; readonly over: Lookback; readonly bound: Bound<number> }
  /** The sliding window of a percentile row. */
  | { readonly figure: 'live'; readonly passes: boolean };

export interface ObjectiveCheck {
  readonly type: 'objective';
  /** Whom it asks, as evidence names it. */
  readonly probe: string;
  readonly objective: string;
  readonly says: Standing;
}

export interface QueryCheck {
  readonly type: 'query';
  readonly probe: string;
  readonly language: 'promql' | 'influxql';
  readonly source: string;
  readonly query: string;
  readonly bound: Bound<number>;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** What was found when it was asked. */
export type Found =
  | { readonly type: 'status'; readonly status: Status }
  /** Null: the query has no result. */
  | { readonly type: 'value'; readonly value: number | null }
  | { readonly type: 'nothing'; readonly why: string };

const ONE_BOUND = { error: 'one of below, atMost, above and atLeast' };
const onlyOne = (bounds: object): boolean => Object.values(bounds).filter((each) => each !== undefined).length === 1;

function bounded<T extends z.ZodType>(than: () => T) {
  const maybe = () => than().optional();
  return z
    .strictObject({ below: maybe(), atMost: maybe(), above: maybe(), atLeast: maybe() }, ONE_BOUND)
    .refine(onlyOne, ONE_BOUND);
}

const number = () => z.number({ error: 'a number' });
const share = () =>
  z.custom<string>(
    (text) => typeof text === 'string' && text.endsWith('%') && parseDecimal(text.slice(0, -1)) !== null,
    {
      error: 'a share of the budget such as "50%"',
    },
  );
const COLOURS = ['green', 'yellow', 'red', 'unknown'] as const;
const colour = z.enum(COLOURS, { error: '"green", "yellow", "red" or "unknown"' });
const id = (error: string) => z.string({ error }).min(1, { error });

export const objectiveFields = {
  objective: id('the id of an objective').optional(),
  colour: z.union([colour, z.array(colour).min(1)], { error: 'a colour, or a list of colours' }).optional(),
  consumed: bounded(share).optional(),
  burn: z
    .strictObject({
      over: z.enum(LOOKBACKS, { error: `one of ${LOOKBACKS.join(', ')}` }).default('1h'),
      below: number().optional(),
      atMost: number().optional(),
      above: number().optional(),
      atLeast: number().optional(),
    })
    .refine(({ below, atMost, above, atLeast }) => onlyOne({ below, atMost, above, atLeast }), ONE_BOUND)
    .optional(),
  live: z.enum(['passes', 'fails'], { error: '"passes" or "fails"' }).optional(),
};

export const queryFields = {
  promql: id('a query in PromQL').optional(),
  influxql: id('a query in InfluxQL').optional(),
  source: id('the name of a source').optional(),
  value: bounded(number).optional(),
  every: duration().optional(),
  timeout: duration().optional(),
};

export const OBJECTIVE_WORDS = ['colour', 'consumed', 'burn', 'live'] as const;
export const QUERY_WORDS = ['source', 'value', 'every', 'timeout'] as const;

type ObjectiveFields = z.output<z.ZodObject<typeof objectiveFields>>;
type QueryFields = z.output<z.ZodObject<typeof queryFields>>;

/** How often a query is put, and how long its answer may take, when its author does not say. */
const EVERY_MS = 5_000;
const TIMEOUT_MS = 3_000;

export function objectiveCheck({ objective = '', colour, consumed, burn, live }: ObjectiveFields): ObjectiveCheck {
  const check = { type: 'objective', probe: `objective ${objective}`, objective } as const;
  if (colour !== undefined) {
    const colours = typeof colour === 'string' ? [colour] : colour;
    return { ...check, says: { figure: 'colour', colours } };
  }
  if (consumed !== undefined) {
    const { word, than } = boundOf(consumed);
    return { ...check, says: { figure: 'consumed', bound: { word, than: than.replace('%', '') } } };
  }
  if (burn !== undefined) {
    const { over, ...bounds } = burn;
    return { ...check, says: { figure: 'burn', over, bound: boundOf(bounds) } };
  }
  return { ...check, says: { figure: 'live', passes: live !== 'fails' } };
}

export function queryCheck({ promql, influxql, source = '', value, every, timeout }: QueryFields): QueryCheck {
  const language = promql === undefined ? 'influxql' : 'promql';
  const query = promql ?? influxql ?? '';
  const everyMs = every ?? EVERY_MS;
  const timeoutMs = timeout ?? Math.min(TIMEOUT_MS, everyMs);
  const probe = `${source}: ${query}`;
  const bound = value === undefined ? { word: 'below' as const, than: 0 } : boundOf(value);
  return { type: 'query', probe, language, source, query, bound, everyMs, timeoutMs };
}

function boundOf<T>(bounds: Readonly<Partial<Record<(typeof BOUND_WORDS)[number], T | undefined>>>): Bound<T> {
  for (const word of BOUND_WORDS) {
    const than = bounds[word];
    if (than !== undefined) return { word, than };
  }
  throw new Error('unreachable: the schema asks for one bound');
}

const TEXTS = { below: 'below', atMost: 'at most', above: 'above', atLeast: 'at least' } as const;

/** @param order of what was found to what it is compared with: negative, zero or positive */
function keeps(word: Bound<unknown>['word'], order: number): boolean {
  if (word === 'below') return order < 0;
  if (word === 'atMost') return order <= 0;
  return word === 'above' ? order > 0 : order >= 0;
}

const told = (isMet: boolean, detail: string): Judgement => ({ state: isMet ? 'met' : 'unmet', detail });
const unknown = (detail: string): Judgement => ({ state: 'unknown', detail });

export function judgeFound(check: ObjectiveCheck | QueryCheck, found: Found): Judgement {
  if (found.type === 'nothing') return unknown(`${check.probe}: ${found.why}`);
  if (check.type === 'query') {
    const { word, than } = check.bound;
    if (found.type !== 'value' || found.value === null) return unknown(`${check.probe}: no value`);
    const isMet = keeps(word, found.value - than);
    return told(isMet, `${check.probe}: ${found.value}, ${TEXTS[word]} ${than} asked`);
  }
  return found.type === 'status' ? judgeStatus(check, found.status) : unknown(`${check.probe}: no status`);
}

function judgeStatus({ probe, says }: ObjectiveCheck, status: Status): Judgement {
  switch (says.figure) {
    case 'colour': {
      const asked = `${says.colours.join(' or ')} asked`;
      const isMet = says.colours.includes(status.colour);
      // What is not known is no other colour: only who asks for it has it.
      if (!isMet && status.colour === 'unknown') return unknown(`${probe}: unknown, ${asked}`);
      return told(isMet, `${probe}: ${status.colour}, ${asked}`);
    }
    case 'consumed': {
      if (status.spent === null) return unknown(`${probe}: nothing is known of its budget`);
      const { word, than } = says.bound;
      const asked = divide(decimal(than), decimal('100'));
      const found = `${((status.consumed ?? 0) * 100).toFixed(1)} %`;
      return told(
        keeps(word, compare(status.spent, asked)),
        `${probe}: ${found} of its budget consumed, ${TEXTS[word]} ${than} % asked`,
      );
    }
    case 'burn': {
      const burn = status.burn[says.over];
      if (burn === null) return unknown(`${probe}: no burn rate over ${says.over}`);
      const { word, than } = says.bound;
      return told(
        keeps(word, burn - than),
        `${probe}: burn ${burn.toFixed(2)} over ${says.over}, ${TEXTS[word]} ${than} asked`,
      );
    }
    default: {
      const pass = status.live?.pass ?? null;
      if (pass === null) return unknown(`${probe}: its live window is not known`);
      return told(pass === says.passes, `${probe}: its live window ${pass ? 'passes' : 'fails'}`);
    }
  }
}
