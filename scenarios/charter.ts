/** What a scenario says beside its steps: who takes part, what is told to whom, and what is expected to be seen. */
import { z } from 'zod';
import { duration } from '../probes/spec.ts';
import { conditionSchema } from './condition.ts';
import { text } from './step.ts';

/** Role → who has it, or what it does. */
export const rolesSchema = z.record(z.string().min(1), text('who has the role, or what it does'), {
  error: 'roles such as { conductor: "carries out the steps" }',
});

export const communicationsSchema = z.strictObject({
  /** Where everybody meets. */
  channel: text('a channel such as "#game-days"').optional(),
  /** Who is told. */
  audience: z.array(text('somebody who is told'), { error: 'a list of those who are told' }).default([]),
  before: text('what is told before').optional(),
  during: text('what is told while it runs').optional(),
  after: text('what is told afterwards').optional(),
});

/** What people see to beforehand, or a condition that must be met before anything is broken. */
export const prerequisiteSchema = z.union([text('a sentence, or a condition'), conditionSchema], {
  error: 'a sentence, or a condition',
});

const SEVERITIES = ['SEV-1', 'SEV-2', 'SEV-3'] as const;

export const expectedAlertSchema = z
  .strictObject({
    rule: text('the rule of an alert such as "burn"'),
    /** Neither: of the component. */
    objective: text('the id of an objective').optional(),
    service: text('the name of a service').optional(),
    severity: z.enum(SEVERITIES, { error: '"SEV-1", "SEV-2" or "SEV-3"' }).optional(),
    /** From the first injection. */
    within: duration(),
  })
  .transform(({ rule, objective = null, service = null, severity = null, within }) => ({
    rule,
    objective,
    service,
    severity,
    withinMs: within,
  }));

export type ExpectedAlert = z.output<typeof expectedAlertSchema>;

const crossing = z
  .strictObject({ when: conditionSchema, within: duration() }, { error: 'when, a condition, and within, a duration' })
  .transform(({ when, within }) => ({ when, withinMs: within }));

/** Entered within a time of the first injection, left within a time of the last lift. */
export const degradedModeSchema = z.strictObject({ entered: crossing, left: crossing });

/** Marks that may have a target, from the first injection. */
export const GOAL_MARKS = [
  'impact',
  'alerted',
  'detected',
  'acknowledged',
  'diagnosed',
  'mitigated',
  'recovered',
] as const;
export type GoalMark = (typeof GOAL_MARKS)[number];

export const goalsSchema = z
  .strictObject({
    impact: duration().optional(),
    alerted: duration().optional(),
    detected: duration().optional(),
    acknowledged: duration().optional(),
    diagnosed: duration().optional(),
    mitigated: duration().optional(),
    recovered: duration().optional(),
  })
  .transform((goals): Goals =>
    Object.fromEntries(GOAL_MARKS.flatMap((mark) => (goals[mark] === undefined ? [] : [[mark, goals[mark]]]))),
  );

/** Mark → longest time from the first injection, ms. */
export type Goals = Readonly<Partial<Record<GoalMark, number>>>;
