/** The faults that can be named in a scenario. Each says what it does; an injector compiles it to its own terms. */
export type Fault =
  /** Adds delay to every byte. `roundTrip: true` splits it over both directions. */
  | { readonly type: 'latency'; readonly ms: number; readonly jitterMs: number; readonly roundTrip: boolean }
  /** Bytes vanish in both directions, connections stay open. */
  | { readonly type: 'blackhole' }
  /** New connections are refused, open ones are closed. */
  | { readonly type: 'refuse' };
