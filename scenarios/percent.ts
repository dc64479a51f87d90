import { z } from 'zod';

/** "10%" → 0.1; above 0, at most 100 %. */
export function percent() {
  const error = 'a share above 0 and up to 100% such as "10%"';
  return z
    .string({ error })
    .regex(/^\d{1,3}(?:\.\d+)?%$/, { error })
    .transform((text) => Number(text.slice(0, -1)) / 100)
    .refine((share) => share > 0 && share <= 1, { error });
}
