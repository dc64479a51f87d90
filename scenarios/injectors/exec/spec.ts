import { z } from 'zod';
import { duration } from '../../../probes/spec.ts';
import { argv, environment, programPath, targetName, uniqueNames } from '../spec.ts';

const target = z
  .strictObject({
    name: targetName(),
    inject: argv(),
    /** May be run twice, and after an injection that never happened. */
    undo: argv(),
    /** Exit code 0: all is as it should be; 1: the fault is there; anything else: it cannot be told. */
    check: argv().optional(),
    /** Prints a number that changes with what the fault does. */
    proof: argv().optional(),
    env: environment(),
    /** How long each of them may take. */
    within: duration().default(2_000),
  })
  .transform(({ within, ...rest }) => ({ ...rest, withinMs: within }));

export type ExecTarget = z.output<typeof target>;

const COMMANDS = ['inject', 'undo', 'check', 'proof'] as const;

/** `gamedays.injectors[]`: commands. None is run whose program is not allowed by its whole path. */
export const execSchema = z
  .strictObject({
    kind: z.literal('exec'),
    /** The programs that may be run. */
    allow: z.array(programPath()).default([]),
    targets: uniqueNames(target),
  })
  .superRefine(({ allow, targets }, ctx) => {
    for (const [index, one] of targets.entries()) {
      for (const key of COMMANDS) {
        const program = one[key]?.[0];
        if (program === undefined || allow.includes(program)) continue;
        const message = 'a program that stands in "allow" by its whole path';
        ctx.addIssue({ code: 'custom', path: ['targets', index, key], message, input: program });
      }
    }
  });
