/** Where conductors are killed: what they break, and how to see whether any of it is left. */
import { z } from 'zod';

/** What a conductor to be killed is told. */
export const chargeSchema = z.object({
  gamedayId: z.string(),
  journalPath: z.string(),
  leaseMs: z.number(),
  injectors: z.array(z.unknown()),
  steps: z.array(z.unknown()),
});
export type Charge = z.output<typeof chargeSchema>;

export interface Ground extends AsyncDisposable {
  /** Of `gamedays.injectors`. */
  readonly injector: { readonly kind: string };
  readonly target: string;
  /** One after the other. */
  readonly faults: readonly object[];
  /** A line for each thing that is not as it was; [] when no fault is left. */
  readonly left: () => readonly string[] | Promise<readonly string[]>;
  /** Something that the next round cannot begin without, such as a process that runs. */
  readonly refresh?: () => void | Promise<void>;
}

/** Each fault is there for as long as `hold` says. */
export function stepsOf({ injector, target, faults }: Ground, hold: string): readonly object[] {
  return faults.flatMap((fault, index) => [
    { inject: { id: `fault-${index}`, fault, target: { injector: injector.kind, name: target } } },
    { hold: { for: hold } },
    { lift: { fault: `fault-${index}` } },
  ]);
}
