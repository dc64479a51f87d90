/** Faults of processes, of the machine that they run on, and of what is switched by a call. */
import { z } from 'zod';
import { parseDuration } from '../../probes/duration.ts';
import { count, percent, time } from './words.ts';

export type MachineFault =
  /** The process stands still: it keeps its connections and answers nothing. */
  | { readonly type: 'freeze' }
  /** The process is asked to end (SIGTERM). */
  | { readonly type: 'terminate' }
  /** The process is ended without a chance to tidy up (SIGKILL); a pod is deleted without a grace period. */
  | { readonly type: 'kill' }
  /** Killed as often as it is back: looked for every `everyMs`. */
  | { readonly type: 'crashLoop'; readonly everyMs: number }
  /** `workers` (null: one a processor) keep a processor busy for `percent` of the time, each. */
  | { readonly type: 'cpuLoad'; readonly workers: number | null; readonly percent: number }
  /** This share of the memory that is available when it begins is taken, and held. */
  | { readonly type: 'memoryPressure'; readonly percent: number }
  /** `workers` write and read files of `megabytes` each, again and again. */
  | { readonly type: 'ioPressure'; readonly workers: number; readonly megabytes: number }
  /** The call that the target stands for. */
  | { readonly type: 'call' }
  /** The command that the target stands for. */
  | { readonly type: 'command' }
  /** The pod's containers are replaced by ones that do nothing. */
  | { readonly type: 'podFailure' }
  /** The containers' wall clock is this far ahead (or behind: negative). */
  | { readonly type: 'clockOffset'; readonly ms: number };

const bare = <T extends 'freeze' | 'terminate' | 'kill' | 'call' | 'command' | 'podFailure'>(type: T) =>
  z.strictObject({ type: z.literal(type) });

const crashLoop = z
  .strictObject({
    type: z.literal('crashLoop'),
    every: time().refine((ms) => ms >= 100, { error: 'a duration of at least 100ms' }),
  })
  .transform(({ type, every }) => ({ type, everyMs: every }));

const cpuLoad = z
  .strictObject({
    type: z.literal('cpuLoad'),
    workers: z.union([z.literal('all'), count(1, 'workers')], { error: '"all" or 1 or more workers' }).default('all'),
    load: z
      .custom<string>((text) => typeof text === 'string' && /^(?:100|[1-9]\d?)%$/.test(text), {
        error: 'a whole share from 1% to 100% such as "80%"',
      })
      .default('100%'),
  })
  .transform(({ type, workers, load }) => ({
    type,
    workers: workers === 'all' ? null : workers,
    percent: Number.parseInt(load, 10),
  }));

/** A machine that has no memory left kills what it likes, the conductor perhaps: nobody may ask for all of it. */
const memoryPressure = z
  .strictObject({ type: z.literal('memoryPressure'), share: percent(90) })
  .transform(({ type, share }) => ({ type, percent: share }));

const ioPressure = z.strictObject({
  type: z.literal('ioPressure'),
  workers: count(1, 'workers').default(1),
  megabytes: count(1, 'megabytes').default(256),
});

const OFFSET = /^([+-])(.+)$/;

const clockOffset = z
  .strictObject({
    type: z.literal('clockOffset'),
    by: z
      .custom<string>((text) => Number.isSafeInteger(offsetMs(text)) && offsetMs(text) !== 0, {
        error: 'an offset of whole milliseconds with its sign such as "+300ms" or "-5s"',
      })
      .transform(offsetMs),
  })
  .transform(({ type, by }) => ({ type, ms: by }));

function offsetMs(text: unknown): number {
  const match = typeof text === 'string' ? OFFSET.exec(text) : null;
  const ms = parseDuration(match?.[2]) ?? Number.NaN;
  return match?.[1] === '-' ? -ms : ms;
}

export const machineFaults = [
  bare('freeze'),
  bare('terminate'),
  bare('kill'),
  crashLoop,
  cpuLoad,
  memoryPressure,
  ioPressure,
  bare('call'),
  bare('command'),
  bare('podFailure'),
  clockOffset,
] as const;
