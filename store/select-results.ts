/** A result with its series: every cell that {@link toResult} of `rows.ts` wants. */
export const SELECT_RESULTS = `SELECT r.*, s.probe, s.kind, s.service, s.location, s.endpoint, s.venue
  FROM results r JOIN series s ON s.id = r.series`;

/** The same for a stretch of time: by series, all that a probe ever did would be read for it. */
export const SELECT_BY_TIME = SELECT_RESULTS.replace('s.id = r.series', 's.id = +r.series');
