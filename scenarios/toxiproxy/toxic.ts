/**
 * The seam every toxic stands behind. On each direction of each connection the toxics form a chain:
 *
 *     client ──read──▶ [ latency ] ──▶ [ bandwidth ] ──▶ … ──write──▶ server        (upstream)
 *     client ◀─write── … ◀── [ slicer ] ◀── [ latency ] ◀──────read── server        (downstream)
 *
 * A box is a stage (`stage.ts`): it owns the queue, the room, the one timer and the order. A toxic only decides what may
 * leave its queue now, and when to ask again. Adding one is a file beside these and a line in `toxics/kinds.ts`.
 */
import { z } from 'zod';
import type { Random } from '../random.ts';

/** Data as it arrived. `atMs`: monotonic moment of its arrival, from which delays count. */
export interface Chunk {
  data: Buffer;
  atMs: number;
}

/** A toxic's view of its own box. */
export interface Pipe {
  /** The oldest chunk that waits, as long as the far side has room for it. */
  head(): Chunk | undefined;
  /** Sends the head on: all of it, or its first `bytes`, the rest of it being the head from then on. */
  pass(bytes?: number): void;
  /** Throws away all that waits; how many bytes that was. */
  drop(): number;
  readonly empty: boolean;
  /** The sender has closed, and nothing waits any more. */
  readonly drained: boolean;
  /** Sends the sender's close on. */
  end(): void;
  /** Closes the connection because the fault says so; what still waits is lost. */
  cut(): void;
  /** Resets the connection at both peers. */
  reset(): void;
}

/** "Ask me again when data, a close or room comes, not before." */
export const NEVER = Number.POSITIVE_INFINITY;

export interface Behaviour {
  /**
   * Moves what may move at `nowMs` and returns the monotonic moment to be asked again. Also called when the toxic
   * starts, when data or a close arrives, and when the far side has room again. Being called early is harmless.
   */
  step(pipe: Pipe, nowMs: number): number;
}

/** What a toxic is given on one direction of one connection. */
export interface Site {
  readonly random: Random;
  /** Outlives changes of attributes, for what must be counted from the first moment on. */
  readonly memory: Map<string, number>;
}

/** Every attribute of every toxic is an integer; its unit is part of the toxic's documentation. */
export type Attributes = Readonly<Record<string, number>>;

export interface ToxicKind {
  /** How much may wait before the sender is held back, bytes. */
  readonly capacityBytes: number;
  /** Removing the toxic closes its connections, because bytes that they needed are gone. */
  readonly closesOnRemoval: boolean;
  /**
   * All attributes, zero where none is given; or what is wrong with them, one line. Refuses what
   * makes no sense, or would bring down other servers that speak this interface.
   */
  parse(given: unknown): { readonly attributes: Attributes } | { readonly problem: string };
  start(attributes: Attributes, site: Site): Behaviour;
  /** Before what waits is passed on at the toxic's removal. */
  removed(pipe: Pipe, site: Site): void;
}

interface Definition<S extends z.ZodType<Attributes>> {
  readonly attributes: S;
  readonly capacityBytes?: number;
  readonly closesOnRemoval?: boolean;
  start(attributes: z.output<S>, site: Site): Behaviour;
  removed?(pipe: Pipe, site: Site): void;
}

/** An attribute: an integer of 0 or more, 0 when it is not given. */
export const whole = () => z.int({ error: 'expected an integer' }).min(0, { error: 'expected 0 or more' }).default(0);

export function toxic<S extends z.ZodType<Attributes>>(definition: Definition<S>): ToxicKind {
  const { attributes: schema, capacityBytes = 65_536, closesOnRemoval = false } = definition;
  return {
    capacityBytes,
    closesOnRemoval,
    parse(given) {
      const parsed = schema.safeParse(given);
      if (parsed.success) return { attributes: parsed.data };
      const [issue] = parsed.error.issues;
      return { problem: `attributes.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}` };
    },
    start: (attributes, site) => definition.start(schema.parse(attributes), site),
    removed: (pipe, site) => definition.removed?.(pipe, site),
  };
}

/** Sends on all that waits. */
export function passAll(pipe: Pipe): void {
  while (pipe.head() !== undefined) pipe.pass();
}

/** Sends the sender's close on once nothing waits before it. */
export function passEnd(pipe: Pipe): number {
  if (pipe.drained) pipe.end();
  return NEVER;
}
