/**
 * What a scenario can say about the probes: "the last five runs were good", "the p95 of the ack is at most 250 ms over five
 * runs". The schema and the judgement stand side by side; the judgement is pure.
 */
import { z } from 'zod';
import { duration } from '../probes/spec.ts';
import { parseDecimal } from '../slo/decimal.ts';
import type { Quantile, Limit } from './quantile.ts';

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

export type Check = OutcomeCheck | IndicatorCheck;

export interface Condition {
  readonly name: string;
  readonly needs: 'all' | 'any';
  readonly checks: readonly Check[];
}

/** How many of the probe's runs a check looks at. */
export function runsOf(check: Check): number {
  return check.type === 'outcome' ? check.of : check.over;
}

/** The probes that a condition asks, each once. */
export function probesOf(condition: Condition): readonly string[] {
  return [...new Set(condition.checks.map((check) => check.probe))];
}

const id = (what: string) => z.string({ error: what }).regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: what });
const WHOLE = 'a whole number of runs from 1 to 500';
const runs = () => z.int({ error: WHOLE }).min(1, { error: WHOLE }).max(500, { error: WHOLE });

const fields = {
  probe: id('the id of a probe such as "ticks"'),
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
};

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
  if ((check.outcome === undefined) === (check.indicator === undefined)) {
    report(null, 'one of outcome and indicator');
    return;
  }
  if (check.outcome !== undefined) {
    for (const word of INDICATOR_WORDS) if (check[word] !== undefined) report(word, 'an indicator beside it');
    if ((check.atLeast ?? 1) > (check.of ?? 1)) report('atLeast', `at most the ${check.of ?? 1} of "of"`);
    return;
  }
  for (const word of OUTCOME_WORDS) if (check[word] !== undefined) report(word, 'an outcome beside it');
  if (limitOf(check) === null) report(null, 'one of atMost, below and above');
}

function normalized(check: Fields): Check {
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

const checkSchema = z.strictObject(fields).superRefine((check, ctx) => {
  reportCheck(check, (word, message) => {
    ctx.addIssue({ code: 'custom', path: word === null ? [] : [word], message, input: check });
  });
});

const many = () => z.array(checkSchema.transform(normalized)).min(1, { error: 'a list of at least one check' });

/**
 * `{ name, probe, outcome, of, atLeast }`, `{ name, probe, indicator, quantile, atMost | below | above, over }`, or several of
 * those without a name under `anyOf` or `allOf`.
 */
export const conditionSchema = z
  .strictObject({
    name: z.string({ error: 'a name for people' }).min(1, { error: 'a name for people' }),
    ...fields,
    probe: fields.probe.optional(),
    anyOf: many().optional(),
    allOf: many().optional(),
  })
  .superRefine((condition, ctx) => {
    const { name: _, anyOf, allOf, probe, ...rest } = condition;
    const forms = [anyOf, allOf, probe].filter((form) => form !== undefined).length;
    const alone = probe !== undefined || Object.values(rest).every((value) => value === undefined);
    if (forms !== 1 || !alone) {
      ctx.addIssue({ code: 'custom', path: [], message: 'one of probe, anyOf and allOf', input: condition });
    } else if (probe !== undefined) {
      reportCheck({ ...rest, probe }, (word, message) => {
        ctx.addIssue({ code: 'custom', path: word === null ? [] : [word], message, input: condition });
      });
    }
  })
  .transform(({ name, anyOf, allOf, probe, ...rest }): Condition => {
    if (anyOf !== undefined) return { name, needs: 'any', checks: anyOf };
    if (allOf !== undefined) return { name, needs: 'all', checks: allOf };
    return { name, needs: 'all', checks: probe === undefined ? [] : [normalized({ ...rest, probe })] };
  });
