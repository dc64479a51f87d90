/** What a ticket is made of: JSON with texts that may name what is known of the alert. */
export type Template = string | number | boolean | null | readonly Template[] | { readonly [key: string]: Template };

export const PLACEHOLDERS = [
  'summary',
  'severity',
  'service',
  'objective',
  'rule',
  'details',
  'source',
  'alert',
  'time',
] as const;
