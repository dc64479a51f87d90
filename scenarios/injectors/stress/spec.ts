import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { duration } from '../../../probes/spec.ts';
import { percent } from '../../faults/words.ts';
import { targetName, uniqueNames } from '../spec.ts';

const MEGABYTES = { error: 'a whole number of megabytes, 1 or more' };
const NICE = { error: 'a whole number from 0 to 19' };

const target = z
  .strictObject({
    /** This machine, by whatever name: its limits belong to the name. */
    name: targetName(),
    /** The most that may be taken: of all processors' time together, and of the memory that is available. */
    maxCpu: percent().default(50),
    maxMemory: percent(90).default(50),
    /** Of all I/O workers' files together. */
    maxDiskMB: z.int(MEGABYTES).min(1, MEGABYTES).default(1024),
    /** Where those files are. */
    folder: z
      .string()
      .refine((path) => isAbsolute(path), { error: 'a folder by its whole path' })
      .default('/var/tmp'),
    /** stress-ng ends by itself after this, whoever has died: the last rope. */
    longest: duration().default(900_000),
    /** 0: as important as any other; 19: only what nobody else wants. */
    nice: z.int(NICE).min(0, NICE).max(19, NICE).default(0),
  })
  .transform(({ longest, ...rest }) => ({ ...rest, longestMs: longest }));

export type StressTarget = z.output<typeof target>;

/** `gamedays.injectors[]`: load on the machine that the conductor runs on, by stress-ng. */
export const stressSchema = z.strictObject({
  kind: z.literal('stress'),
  targets: uniqueNames(target),
});
