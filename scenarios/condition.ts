/**
 * What a scenario can ask: "the last five runs were good", "the p95 of the ack is at most 250 ms over five runs", "the budget
 * is Green", "this query is below 5". The judgements stand in evidence.ts and standing.ts, and are pure.
 */
import { z } from 'zod';
import { duration } from '../probes/spec.ts';
import { parseDecimal } from '../slo/decimal.ts';
import type { Quantile, Limit } from './quantile.ts';
import {
  OBJECTIVE_WORDS,
  objectiveCheck,
  objectiveFields,
  QUERY_WORDS,
  queryCheck,
  queryFields,
  type ObjectiveCheck,
  type QueryCheck,
} from './standing.ts';

/** `atLeast` of the last `of` valid runs had this outcome. */
export interface OutcomeCheck {
  readonly type: 'outcome';
  readonly probe: string;
  readonly outcome: 'good' | 'bad';
  readonly atLeast: number;
  readonly of: number;
}

/** The quantile of an indicator over the last `over` valid runs, against a limit. */
export interface IndicatorCheck extends Quantile {
  readonly type: 'indicator';
  readonly probe: string;
  readonly limit: Limit;
  readonly over: number;
}

/** `probe`: whom it asks; of the last two kinds a name that no probe has. */
export type Check = OutcomeCheck | IndicatorCheck | ObjectiveCheck | QueryCheck;

export interface Condition {
  readonly name: string;
  readonly needs: 'all' | 'any';
  readonly checks: readonly Check[];
}

/** How many of the probe's runs a check looks at. */
export function runsOf(check: Check): number {
  if (check.type === 'outcome') return check.of;
  return check.type === 'indicator' ? check.over : 1;
}

const id = (what: string) => z.string({ error: what }).regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: what });
const WHOLE = 'a whole number of runs from 1 to 500';
const runs = () => z.int({ error: WHOLE }).min(1, { error: WHOLE }).max(500, { error: WHOLE });

const fields = {
  probe: id('the id of a probe such as "ticks"').optional(),
  outcome: z.enum(['good', 'bad'], { error: '"good" or "bad"' }).optional(),
  of: runs().optional(),
  atLeast: runs().optional(),
  indicator: z
    .enum(
      [
        'latency',
        'tick-age',
        'newest-age',
        'signal-age',
        'ack',
        'order-fill',
        'order-cancel',
        'signal-ack',
        'signal-fill',
      ],
      {
        error:
          'an indicator: latency, tick-age, newest-age, signal-age, ack, order-fill, order-cancel, signal-ack or signal-fill',
      },
    )
    .optional(),
  quantile: z
    .custom<string>(isQuantile, { error: 'a quantile above 0 and at most 1 as a quoted decimal such as "0.95"' })
    .optional(),
  atMost: duration().optional(),
  below: duration().optional(),
  above: duration().optional(),
  over: runs().optional(),
  ...objectiveFields,
  ...queryFields,
};

/** Whom a check may ask; it asks exactly one. */
const ASKED = ['probe', 'objective', 'promql', 'influxql'] as const;
const LISTED = 'probe, objective, promql, influxql';

function isQuantile(value: unknown): boolean {
  const parsed = typeof value === 'string' ? parseDecimal(value) : null;
  return parsed !== null && parsed.num > 0n && parsed.num <= parsed.den;
}

type Fields = z.output<z.ZodObject<typeof fields>>;
type Report = (path: keyof Fields | null, expected: string) => void;

const OUTCOME_WORDS = ['of', 'atLeast'] as const;
const INDICATOR_WORDS = ['quantile', 'atMost', 'below', 'above', 'over'] as const;

function limitOf(check: Fields): Limit | null {
  const limits = (['atMost', 'below', 'above'] as const).flatMap((word) => {
    const ms = check[word];
    return ms === undefined ? [] : [{ word, ms }];
  });
  return limits.length === 1 ? (limits[0] ?? null) : null;
}

function reportCheck(check: Fields, report: Report): void {
  const refuse = (words: readonly (keyof Fields)[], beside: string): void => {
    for (const word of words) if (check[word] !== undefined) report(word, `${beside} beside it`);
  };
  if (check.objective === undefined) refuse(OBJECTIVE_WORDS, 'an objective');
  if (check.promql === undefined && check.influxql === undefined) refuse(QUERY_WORDS, 'promql or influxql');
  if (check.probe === undefined) refuse([...OUTCOME_WORDS, 'outcome', ...INDICATOR_WORDS, 'indicator'], 'a probe');
  if (check.objective !== undefined) {
    const said = OBJECTIVE_WORDS.filter((word) => check[word] !== undefined);
    if (said.length !== 1) report(null, 'one of colour, consumed, burn and live');
  } else if (check.probe === undefined) {
    if (check.source === undefined) report('source', 'the name of a source');
    if (check.value === undefined) report('value', 'what its value is to be such as { below: 5 }');
  } else reportProbe(check, report, refuse);
}

function reportProbe(
  check: Fields,
  report: Report,
  refuse: (words: readonly (keyof Fields)[], beside: string) => void,
): void {
  if ((check.outcome === undefined) === (check.indicator === undefined)) {
    report(null, 'one of outcome and indicator');
    return;
  }
  if (check.outcome !== undefined) {
    refuse(INDICATOR_WORDS, 'an indicator');
    if ((check.atLeast ?? 1) > (check.of ?? 1)) report('atLeast', `at most the ${check.of ?? 1} of "of"`);
    return;
  }
  refuse(OUTCOME_WORDS, 'an outcome');
  if (limitOf(check) === null) report(null, 'one of atMost, below and above');
}

function normalized(check: Fields): Check {
  if (check.objective !== undefined) return objectiveCheck(check);
  if (check.probe === undefined) return queryCheck(check);
  if (check.outcome !== undefined) {
    const of = check.of ?? 1;
    return { type: 'outcome', probe: check.probe, outcome: check.outcome, of, atLeast: check.atLeast ?? of };
  }
  return {
    type: 'indicator',
    probe: check.probe,
    indicator: check.indicator ?? 'latency',
    quantile: check.quantile ?? '0.95',
    limit: limitOf(check) ?? { word: 'atMost', ms: 0 },
    over: check.over ?? 1,
  };
}

function asked(check: Fields): number {
  return ASKED.filter((word) => check[word] !== undefined).length;
}

const checkSchema = z.strictObject(fields).superRefine((check, ctx) => {
  const report: Report = (word, message) => {
    ctx.addIssue({ code: 'custom', path: word === null ? [] : [word], message, input: check });
  };
  if (asked(check) === 1) reportCheck(check, report);
  else report(null, `one of ${LISTED}`);
});

const many = () => z.array(checkSchema.transform(normalized)).min(1, { error: 'a list of at least one check' });

/**
 * `{ name, probe, outcome, of, atLeast }`, `{ name, probe, indicator, quantile, atMost | below | above, over }`,
 * `{ name, objective, colour | consumed | burn | live }`, `{ name, promql | influxql, source, value }`, or several of those
 * without a name under `anyOf` or `allOf`.
 */
export const conditionSchema = z
  .strictObject({
    name: z.string({ error: 'a name for people' }).min(1, { error: 'a name for people' }),
    ...fields,
    anyOf: many().optional(),
    allOf: many().optional(),
  })
  .superRefine((condition, ctx) => {
    const { name: _, anyOf, allOf, ...check } = condition;
    const forms = [anyOf, allOf].filter((form) => form !== undefined).length + asked(check);
    const alone = asked(check) > 0 || Object.values(check).every((value) => value === undefined);
    const report: Report = (word, message) => {
      ctx.addIssue({ code: 'custom', path: word === null ? [] : [word], message, input: condition });
    };
    if (forms !== 1 || !alone) report(null, `one of ${LISTED}, anyOf and allOf`);
    else if (asked(check) === 1) reportCheck(check, report);
  })
  .transform(({ name, anyOf, allOf, ...check }): Condition => {
    if (anyOf !== undefined) return { name, needs: 'any', checks: anyOf };
    if (allOf !== undefined) return { name, needs: 'all', checks: allOf };
    return { name, needs: 'all', checks: asked(check) === 1 ? [normalized(check)] : [] };
  });
