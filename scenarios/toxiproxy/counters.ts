/** What went through one direction of a proxy, all its connections added up, live. */
export interface Flow {
  /** Read from the sending peer. */
  receivedBytes: number;
  /** Handed to the receiving peer's socket. */
  sentBytes: number;
}

/** What a proxy has seen since it was created. Two readings tell whether a fault had anything to bite on. */
export interface Counters {
  readonly upstream: Flow;
  readonly downstream: Flow;
  readonly connections: {
    accepted: number;
    open: number;
    /** The upstream could not be reached. */
    failed: number;
    /** Closed or reset by a toxic, by disabling, or by a change of the proxy. */
    cut: number;
  };
}

export function newCounters(): Counters {
  return {
    upstream: { receivedBytes: 0, sentBytes: 0 },
    downstream: { receivedBytes: 0, sentBytes: 0 },
    connections: { accepted: 0, open: 0, failed: 0, cut: 0 },
  };
}
