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
import {
  communicationsSchema,
  degradedModeSchema,
  expectedAlertSchema,
  goalsSchema,
  prerequisiteSchema,
  rolesSchema,
} from './charter.ts';
import type { Verdict } from './journal.ts';
import { fillIn } from './parameters.ts';
import { percent } from './percent.ts';
import type { Values } from './parameters.ts';
import { sourceSchema } from './source.ts';
import { id, stepSchema, text } from './step.ts';
import { contradictions } from './way-back.ts';
import { watchSchema } from './watch.ts';

const DEFAULT_STEADY_MS = 5_000;

const VERDICTS = ['held', 'recovered-despite-fault', 'recovered-after-lift'] as const satisfies readonly Verdict[];

const scenarioSchema = z
  .strictObject({
    id: id('an id of a-z, 0-9 and hyphens such as "feed-latency"'),
    title: text('a title'),
    /** What the exercise is to show. */
    objective: text('what the exercise is to show'),
    /** The service that is exercised; its probes run at the game-day rate, and its obligation is served. */
    component: text('the name of a service'),
    /** Objectives whose obligations a pass meets; without it, every obligation of the component. */
    serves: z.array(text('the id of an objective'), { error: 'a list of objectives' }).min(1).optional(),
    prerequisites: z.array(prerequisiteSchema, { error: 'a list of sentences and conditions' }).default([]),
    roles: rolesSchema.default({}),
    communications: communicationsSchema.optional(),
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
    /** How long it must hold without a break before it has recovered for good; at most `settle`. */
    steadyFor: duration().optional(),
    /** Longest times from the first injection to the marks. */
    goals: goalsSchema.default({}),
    /** Alerts that the fault should raise; others on the component are then unexpected. Without it nothing is expected. */
    alerts: z.array(expectedAlertSchema, { error: 'a list of alerts' }).optional(),
    degradedMode: degradedModeSchema.optional(),
    /** Where queries go, beside the sources of the configuration. */
    sources: z.array(sourceSchema, { error: 'a list of sources' }).default([]),
    /** Further probes of this exercise, used in its conditions; they feed no objective. */
    watch: z.array(watchSchema, { error: 'a list of probes' }).default([]),
    steps: z.array(stepSchema, { error: 'a list of steps' }).min(1, { error: 'a list of at least one step' }),
    /** Any of these ends the exercise at once and undoes it. */
    abort: z.array(conditionSchema, { error: 'a list of conditions' }).default([]),
    /** What must be so in the end, beside the verdict. */
    success: z.array(conditionSchema, { error: 'a list of conditions' }).default([]),
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
  .transform(({ recoveryGoal, timebox, settle, steadyFor, budget, ...rest }) => ({
    ...rest,
    serves: rest.serves ?? null,
    communications: rest.communications ?? null,
    alerts: rest.alerts ?? null,
    degradedMode: rest.degradedMode ?? null,
    steadyForMs: Math.min(steadyFor ?? DEFAULT_STEADY_MS, settle),
    budget: budget ?? null,
    recoveryGoalMs: recoveryGoal ?? null,
    timeboxMs: timebox,
    settleMs: settle,
  }));

/** A scenario after validation. Durations are milliseconds. */
export type Scenario = z.output<typeof scenarioSchema>;
export type { Step } from './step.ts';
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
