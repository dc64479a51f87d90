/** The closed set of reason codes. A new reason is added here, in docs/probes.md and in a test that provokes it. */
export const REASONS = [
  // network
  'dns',
  'connect-refused',
  'connect-timeout',
  'unreachable',
  'tls-expired',
  'tls-name',
  'tls-other',
  'timeout',
  'reset',
  'closed',
  'protocol',
  // http
  'http-3xx',
  'http-4xx',
  'http-5xx',
  'body-too-large',
  'assertion',
  // market data
  'no-data',
  'stale',
  'gap',
  'crossed',
  'malformed',
  'subscribe-rejected',
  'unmatched',
  // orders
  'rejected',
  'risk-rejected',
  'never-acked',
  'not-filled',
  'left-open',
  'not-flat',
  'duplicate',
  'no-signal',
  'proof-unreachable',
  'not-paper',
  'limit',
  // browsers
  'dialog',
  'download',
  'popup',
  'page-crash',
  // the prober itself
  'loop-stall',
  'overlap',
  'missed',
  'aborted',
  'browser-missing',
  'browser-failed',
  'clock',
  'clock-unverified',
  'internal',
] as const;

export type Reason = (typeof REASONS)[number];
