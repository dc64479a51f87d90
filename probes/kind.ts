import type { z } from 'zod';
import type { Clock, Indicator } from './probe.ts';

/** What a probe may need between its runs; during a run it has the run's context. */
export interface ProbeEnvironment {
  readonly clock: Clock;
  /** Seeded; uniform in [0, 1). */
  readonly random: () => number;
  /** Where programs are looked for: the value of PATH. */
  readonly path: string;
  /** Where pictures and traces of failed runs may be kept; without it none are made. */
  readonly artefacts?: {
    /** Absolute. */
    readonly folder: string;
    /** Secret values, each with the reference that may stand in its place; no file that is kept holds one. */
    readonly secrets: ReadonlyMap<string, string>;
  };
}

/** How a market-data probe listens: one subscription that lives across runs, or one a run. */
export type Mode = 'continuous' | 'session';

/** What a probe's runs have readings of, beside their outcome. */
export type Measure = Indicator | 'quantity';

/** One kind of question: the shape of its configuration, and what that says of its runs. */
export interface ProbeKind<S extends z.ZodObject = z.ZodObject> {
  readonly schema: S;
  measures(spec: z.output<S>): readonly Measure[];
  /** What its configuration itself holds a run's durations against, ms: beside the objectives, what it is judged by. */
  limits?(spec: z.output<S>): readonly number[];
  /** Kinds that know only one way of asking have no mode. */
  modeOf?(spec: z.output<S>): Mode;
}
