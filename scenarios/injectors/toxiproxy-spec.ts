import { z } from 'zod';
import { httpUrl } from '../../probes/spec.ts';

export const KIND = 'toxiproxy';

/** `gamedays.injectors[]` of the configuration. */
export const toxiproxySchema = z.strictObject({
  kind: z.literal(KIND),
  url: httpUrl(),
  proxies: z.array(z.string().min(1, { error: 'the name of a proxy' })).min(1, { error: 'at least one proxy' }),
});
