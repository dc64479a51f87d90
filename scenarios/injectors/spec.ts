/** What the configurations of the injectors share. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** By this name a scenario speaks of a target; what it really is stands in the configuration alone. */
export const targetName = () =>
  z.string({ error: 'a name such as "venue"' }).min(1, { error: 'a name such as "venue"' });

export const uniqueNames = <T extends z.ZodType<{ readonly name: string }>>(target: T) =>
  z
    .array(target, { error: 'a list of targets' })
    .min(1, { error: 'at least one target' })
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, {
      error: 'targets of different names',
    });

const PROGRAM = {
  error: 'a program by its whole path, then its arguments, such as ["/usr/bin/venue", "--port", "8080"]',
};

/** No shell reads it, and no search for the program is made. */
export const argv = () =>
  z.array(z.string(PROGRAM), PROGRAM).refine(([program]) => program !== undefined && isAbsolute(program), PROGRAM);

export const programPath = () =>
  z.string().refine((path) => isAbsolute(path), { error: 'a program by its whole path such as "/usr/bin/venue"' });

/** Of a program that is started: ours is not handed on. */
export const environment = () => z.record(z.string(), z.string({ error: 'a text' })).default({});
