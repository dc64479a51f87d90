/** Requests in flight, the same for every contender. */
export const CONCURRENCY = 16;
