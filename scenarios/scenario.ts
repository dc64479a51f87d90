/**
 * A scenario: what is broken, what should hold, how it ends. One schema for TypeScript (`defineScenario`) and YAML.
 * Every duration is real time.
 */
import { z } from 'zod';
import type { Problem } from '../probes/problem.ts';
import { foundText, pathText, problemsOf, valueAt, withoutSaid } from '../probes/problem.ts';
import { inOrder, placesInValue, type Locate } from '../probes/place.ts';
import { duration } from '../probes/spec.ts';
import { bareParts, DEFAULT_TIMEBOX_MS } from './bare-parts.ts';
import { conditionSchema } from './condition.ts';
import { faultSchema } from './fault.ts';
import type { Verdict } from './journal.ts';
import { fillIn } from './parameters.ts';
import { percent } from './percent.ts';
import type { Values } from './parameters.ts';
import { contradictions } from './way-back.ts';
import { watchSchema } from './watch.ts';

/** Injectors that offer an undo. One that offers none is not to be named in a scenario. */
export const INJECTOR_KINDS: readonly string[] = [
  'toxiproxy',
  'process',
  'netem',
  'stress',
  'http',
  'exec',
  'kubernetes',
];

const id = (what: string) => z.string({ error: what }).regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: what });
const text = (what: string) => z.string({ error: what }).min(1, { error: what });

const targetSchema = z.strictObject({
  injector: z.custom<string>((kind) => typeof kind === 'string' && INJECTOR_KINDS.includes(kind), {
    error: `an injector that can undo what it does: ${INJECTOR_KINDS.join(', ')}`,
  }),
  name: text('the name of a target such as "feed"'),
});

const injectSchema = z.strictObject({
  id: id('an id of a-z, 0-9 and hyphens such as "slow-feed"'),
  fault: faultSchema,
  target: targetSchema,
});

const waitSchema = z.strictObject({
  /** `hypothesis`: all of it holds, by evidence from after the last injection or lift. */
  for: z.union([z.literal('hypothesis'), conditionSchema], { error: '"hypothesis" or a condition' }),
  within: duration(),
  mark: z.enum(['detected', 'mitigated', 'recovered'], { error: '"detected", "mitigated" or "recovered"' }).optional(),
});

const ONE_STEP = { error: 'one of inject, wait, hold and lift', abort: true };

const stepSchema = z
  .strictObject(
    {
      inject: injectSchema.optional(),
      wait: waitSchema.optional(),
      hold: z.strictObject({ for: duration() }).optional(),
      lift: z.strictObject({ fault: id('the id of an injected fault') }).optional(),
    },
    ONE_STEP,
  )
  .refine((step) => Object.values(step).filter((value) => value !== undefined).length === 1, ONE_STEP)
  .transform(({ inject, wait, hold, lift }) => {
    if (inject !== undefined) return { type: 'inject' as const, ...inject };
    if (wait !== undefined) {
      return { type: 'wait' as const, for: wait.for, withinMs: wait.within, mark: wait.mark ?? null };
    }
    if (lift !== undefined) return { type: 'lift' as const, fault: lift.fault };
    return { type: 'hold' as const, ms: hold?.for ?? 0 };
  });

const VERDICTS = ['held', 'recovered-despite-fault', 'recovered-after-lift'] as const satisfies readonly Verdict[];

export const scenarioSchema = z
  .strictObject({
    id: id('an id of a-z, 0-9 and hyphens such as "feed-latency"'),
    title: text('a title'),
    /** What the exercise is to show. */
    objective: text('what the exercise is to show'),
    /** The service that is exercised; its probes run at the game-day rate, and its obligation is served. */
    component: text('the name of a service'),
    /** Longest time from injection to recovery. */
    recoveryGoal: duration().optional(),
    timebox: duration().default(DEFAULT_TIMEBOX_MS),
    /** Share of each budget of the component that the exercise may spend. */
    budget: percent().optional(),
    /** The steady state: holds before, is expected to break or to hold during, must hold after. */
    hypothesis: z
      .array(conditionSchema, { error: 'a list of conditions' })
      .min(1, { error: 'a list of at least one condition' }),
    /** How long the steady state may take to show, before the fault and again after the last lift. */
    settle: duration().default(120_000),
    /** Further probes of this exercise, used in its conditions; they feed no objective. */
    watch: z.array(watchSchema, { error: 'a list of probes' }).default([]),
    steps: z.array(stepSchema, { error: 'a list of steps' }).min(1, { error: 'a list of at least one step' }),
    /** Any of these ends the exercise at once and undoes it. */
    abort: z.array(conditionSchema, { error: 'a list of conditions' }).default([]),
    /** The verdicts that count as a pass. */
    pass: z
      .array(z.enum(VERDICTS, { error: VERDICTS.map((verdict) => `"${verdict}"`).join(' or ') }))
      .min(1, { error: 'at least one verdict' })
      .default(['held', 'recovered-despite-fault']),
  })
  .superRefine((scenario, ctx) => {
    for (const { path, expected, value } of contradictions(scenario)) {
      ctx.addIssue({ code: 'custom', path: [...path], message: expected, input: value });
    }
  })
  .transform(({ recoveryGoal, timebox, settle, budget, ...rest }) => ({
    ...rest,
    budget: budget ?? null,
    recoveryGoalMs: recoveryGoal ?? null,
    timeboxMs: timebox,
    settleMs: settle,
  }));

/** A scenario after validation. Durations are milliseconds. */
export type Scenario = z.output<typeof scenarioSchema>;
export type Step = Scenario['steps'][number];
/** A scenario as its author writes it, in TypeScript or YAML. */
export type ScenarioDefinition = z.input<typeof scenarioSchema>;

/** For modules: `export default defineScenario({ … })`. Validated when it is loaded. */
export function defineScenario(definition: ScenarioDefinition): ScenarioDefinition {
  return definition;
}

export type ParsedScenario =
  | { readonly ok: true; readonly scenario: Scenario; readonly source: string; readonly names: readonly string[] }
  | {
      readonly ok: false;
      readonly source: string;
      readonly problems: readonly Problem[];
      /** Of its `${NAME}`s; absent when the document could not be read. */
      readonly names?: readonly string[];
    };

/**
 * @param source what to call the document in messages
 * @param values fills in `${NAME}` and `${NAME:-default}`; default: nothing is known
 * @param locate where things stand in the document's file
 */
export function parseScenario(
  document: unknown,
  source: string,
  values: Values = {},
  locate: Locate = placesInValue(document),
): ParsedScenario {
  const { document: filled, problems: unfilled, names } = fillIn(document, values);
  const parsed = scenarioSchema.safeParse(filled);
  if (parsed.success && unfilled.length === 0) return { ok: true, source, names, scenario: parsed.data };
  const own = parsed.success ? [] : withoutSaid(problemsOf(parsed.error, filled, scenarioSchema), unfilled);
  const said = [...unfilled, ...own];
  return { ok: false, source, names, problems: inOrder([...said, ...withoutSaid(bareProblems(filled), said)], locate) };
}

/** The rules between the parts, judged of a document that may be wrong elsewhere. */
function bareProblems(document: unknown): readonly Problem[] {
  return contradictions(bareParts(document)).map(({ path, expected }) => ({
    path: pathText(path),
    expected,
    found: foundText(valueAt(document, path)),
  }));
}
