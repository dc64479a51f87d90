import { z } from 'zod';
import { targetName, uniqueNames } from '../spec.ts';

const INTERFACE = { error: 'the name of a network interface such as "eth1"' };
const NAMESPACE = { error: 'the name of a network namespace such as "venue"' };
const YES_OR_NO = { error: 'true or false' };

const target = z.strictObject({
  name: targetName(),
  interface: z.string(INTERFACE).regex(/^(?!-)[^\s/:]{1,15}$/, INTERFACE),
  /** As `ip netns` calls it; without one, the conductor's own. */
  namespace: z
    .string(NAMESPACE)
    .regex(/^(?![-.])[^\s/]{1,255}$/, NAMESPACE)
    .optional(),
  /** Everything that this machine says to itself passes it, the conductor's probes perhaps. */
  loopback: z.boolean(YES_OR_NO).default(false),
  /** Everything that this machine says to others passes it, a person's way in perhaps. */
  defaultRoute: z.boolean(YES_OR_NO).default(false),
});

export type NetemTarget = z.output<typeof target>;

/** `gamedays.injectors[]`: what leaves (and for a partition, what enters) a network interface of this machine. */
export const netemSchema = z.strictObject({
  kind: z.literal('netem'),
  targets: uniqueNames(target),
});
