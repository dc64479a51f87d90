/** A result with its series: every cell that {@link toResult} of `rows.ts` wants. */
export const SELECT_RESULTS = `SELECT r.*, s.probe, s.kind, s.service, s.location, s.endpoint, s.venue
  FROM results r JOIN series s ON s.id = r.series`;
