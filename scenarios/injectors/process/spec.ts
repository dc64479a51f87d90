import { z } from 'zod';
import { duration } from '../../../probes/spec.ts';
import { argv, environment, targetName, uniqueNames } from '../spec.ts';

const ONE_WAY = { error: 'one of pidFile, command and unit' };

const target = z
  .strictObject({
    name: targetName(),
    /** A file that holds nothing but the process id. */
    pidFile: z.string().min(1).optional(),
    /** A part of the command line (arguments joined by spaces) that exactly one process has. */
    command: z.string().min(4, { error: 'a part of a command line, of at least 4 characters' }).optional(),
    /** A systemd unit: its main process. */
    unit: z
      .string()
      .regex(/^[\w@:.\\-]+\.(?:service|scope)$/, { error: 'a unit such as "venue.service"' })
      .optional(),
    /** Starts it again: needed to kill or terminate it, unless somebody else starts it. A unit is started by systemctl. */
    restart: argv().optional(),
    env: environment(),
    /** Somebody else starts it again: undoing waits until it is back. */
    supervised: z.boolean({ error: 'true or false' }).default(false),
    /** How long it may take until it is back. */
    within: duration().default(10_000),
    /** How long it may take to end when it is asked to. */
    endsWithin: duration().default(2_000),
    /** Also when it belongs to another user. */
    otherUsers: z.boolean({ error: 'true or false' }).default(false),
  })
  .refine(
    ({ pidFile, command, unit }) => [pidFile, command, unit].filter((way) => way !== undefined).length === 1,
    ONE_WAY,
  )
  .transform(({ within, endsWithin, ...rest }) => ({ ...rest, withinMs: within, endsWithinMs: endsWithin }));

export type ProcessTarget = z.output<typeof target>;

/** `gamedays.injectors[]`: processes of this machine. */
export const processSchema = z.strictObject({
  kind: z.literal('process'),
  targets: uniqueNames(target),
});
