/** The steps of a scenario, as its author writes them and as the code walks them. */
import { z } from 'zod';
import { duration } from '../probes/spec.ts';
import { conditionSchema } from './condition.ts';
import { faultSchema } from './fault.ts';

/** Injectors that offer an undo. One that offers none is not to be named in a scenario. */
const INJECTOR_KINDS: readonly string[] = ['toxiproxy', 'process', 'netem', 'stress', 'http', 'exec', 'kubernetes'];

export const id = (what: string) => z.string({ error: what }).regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: what });
export const text = (what: string) => z.string({ error: what }).min(1, { error: what });

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

/** Moments that only people can tell. */
export const HUMAN_MARKS = ['detected', 'acknowledged', 'diagnosed', 'mitigated'] as const;

const humanSchema = z.strictObject({
  /** The word by which it is confirmed: `gameday mark <id>`. */
  id: id('an id of a-z, 0-9 and hyphens such as "page-acknowledged"'),
  do: text('what somebody is to do'),
  /** A role, not a name. */
  who: text('the role whose step it is such as "on-call"'),
  within: duration(),
  /** Set when the step is confirmed; saying so by `gameday mark` confirms the step as well. */
  mark: z.enum(HUMAN_MARKS, { error: HUMAN_MARKS.map((mark) => `"${mark}"`).join(', ') }).optional(),
});

const plainFields = {
  inject: injectSchema.optional(),
  wait: waitSchema.optional(),
  hold: z.strictObject({ for: duration() }).optional(),
  human: humanSchema.optional(),
  lift: z.strictObject({ fault: id('the id of an injected fault') }).optional(),
};

type PlainFields = z.output<z.ZodObject<typeof plainFields>>;

const only = (step: object): boolean => Object.values(step).filter((value) => value !== undefined).length === 1;

function stepOf({ inject, wait, hold, human, lift }: PlainFields) {
  if (inject !== undefined) return { type: 'inject' as const, ...inject };
  if (wait !== undefined) {
    return { type: 'wait' as const, for: wait.for, withinMs: wait.within, mark: wait.mark ?? null };
  }
  if (human !== undefined) {
    const { id, do: what, who, within, mark = null } = human;
    return { type: 'human' as const, id, what, who, withinMs: within, mark };
  }
  if (lift !== undefined) return { type: 'lift' as const, fault: lift.fault };
  return { type: 'hold' as const, ms: hold?.for ?? 0 };
}

const PLAIN = { error: 'one of inject, wait, hold, human and lift', abort: true };
const plainSchema = z.strictObject(plainFields, PLAIN).refine(only, PLAIN).transform(stepOf);

const BRANCHES = { error: 'a list of at least two lists of steps' };

const ONE_STEP = { error: 'one of inject, wait, hold, human, parallel and lift', abort: true };

export const stepSchema = z
  .strictObject(
    {
      ...plainFields,
      /** Lists of steps that are carried out at the same time; done when all of them are. */
      parallel: z
        .array(z.array(plainSchema, BRANCHES).min(1, { error: 'a list of at least one step' }), BRANCHES)
        .min(2, BRANCHES)
        .optional(),
    },
    ONE_STEP,
  )
  .refine(only, ONE_STEP)
  .transform(({ parallel, ...plain }) =>
    parallel === undefined ? stepOf(plain) : { type: 'parallel' as const, branches: parallel },
  );

export type PlainStep = z.output<typeof plainSchema>;
export type Step = z.output<typeof stepSchema>;
export type InjectStep = Extract<Step, { type: 'inject' }>;
export type WaitStep = Extract<Step, { type: 'wait' }>;
export type HumanStep = Extract<Step, { type: 'human' }>;

/** Every single step, those of a parallel group branch by branch. */
export function flatSteps(steps: readonly Step[]): readonly PlainStep[] {
  return steps.flatMap((step) => (step.type === 'parallel' ? step.branches.flat() : [step]));
}

export function injections(steps: readonly Step[]): readonly InjectStep[] {
  return flatSteps(steps).filter((step): step is InjectStep => step.type === 'inject');
}
