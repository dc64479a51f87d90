/** The `gamedays` section: where and when scenarios may break something, what, and how much of it. */
import { z } from 'zod';
import { calendar } from '../../probes/market-data/calendar.ts';
import { jsonPath } from '../../probes/jsonpath.ts';
import { duration, headers, httpUrl } from '../../probes/spec.ts';
import { injectorSchema, repeatedTargets } from '../../scenarios/injectors/specs.ts';
import { percent } from '../../scenarios/percent.ts';
import { foundText, type Problem } from '../../probes/problem.ts';
import { keyed } from './draft.ts';
import { gamedayScheduleSchema } from './gameday-schedule.ts';
import { share } from './share.ts';

const text = (error: string) => z.string({ error }).min(1, { error });

export const gamedaysSchema = z.strictObject({
  environments: z.array(z.string().min(1)).default(['sandbox', 'staging']),
  folder: z.string().min(1).default('./gamedays'),
  /** Where a copy of each report goes, beside the one that stands beside its journal. */
  reports: z.string().min(1).optional(),
  /** A scenario names a kind and a target of it; what that target is, and that it may be touched, stands here. */
  injectors: z
    .array(injectorSchema)
    .superRefine((list, ctx) => {
      for (const { index, kind, name } of repeatedTargets(list)) {
        ctx.addIssue({
          code: 'custom',
          path: [index],
          message: `targets that no other ${kind} has`,
          input: name,
        });
      }
    })
    .default([]),
  scenarios: z.array(z.string().min(1)).default([]),
  /** Share of each error budget of its component that an exercise may spend; a scenario's own goes before it where it is smaller. */
  maxBudgetSpend: percent().optional(),
  /** What every exercise may spend, whatever is left, and who takes that on. Never in production. */
  overspend: z.strictObject({ share: share(), by: text('who approves it'), reason: text('why') }).optional(),
  limits: z
    .strictObject({
      /** Different targets that one scenario may break. */
      targets: z.int().min(1).optional(),
      /** Of its target that one fault may take; a fault that names no share takes all of it. */
      share: percent().optional(),
      /** Longest timebox. */
      duration: duration().optional(),
    })
    .default({}),
  /** Where a venue tells what it knows of orders and positions: looked at after each exercise, and never written to. */
  trading: z
    .strictObject({
      /** Sent with both questions: authentication. */
      headers: headers().default({}),
      orders: z
        .strictObject({
          url: httpUrl(),
          /** The list of orders in the answer. */
          path: jsonPath().default('$.orders[*]'),
          clientOrderId: z.string().min(1).default('client_order_id'),
          orderId: z.string().min(1).default('order_id'),
          status: z.string().min(1).default('status'),
        })
        .optional(),
      positions: z
        .strictObject({
          url: httpUrl(),
          path: jsonPath().default('$.positions[*]'),
          symbol: z.string().min(1).default('symbol'),
          quantity: z.string().min(1).default('quantity'),
        })
        .optional(),
    })
    .optional(),
  /** Who may mark and abort by a signed request to the status server. */
  webhook: z
    .strictObject({
      secret: z.string().min(8, { error: 'a secret of at least 8 characters' }),
      previousSecret: z.string().min(8, { error: 'a secret of at least 8 characters' }).optional(),
    })
    .optional(),
  /** While it is open a game-day needs somebody's approval. */
  market: calendar.optional(),
  /** Exercises that come by calendar, announced and tried before. */
  schedule: gamedayScheduleSchema,
});

/** In production somebody approves each exercise, and none for all of them. */
export function overspendProblems(given: Readonly<Record<string, unknown>>): readonly Problem[] {
  const { environment = 'production' } = given;
  const overspend = keyed(given['gamedays'])?.['overspend'];
  if (overspend === undefined || environment !== 'production') return [];
  const expected = 'nothing in production, where each exercise is approved by itself (gameday run --overspend)';
  return [{ path: 'gamedays.overspend', expected, found: foundText(overspend) }];
}
