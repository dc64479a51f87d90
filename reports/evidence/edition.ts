/**
 * By which edition of the pages a document was drawn. Raised by hand with every change of a text, a table or a chart of the
 * two pages of a bundle: `verify` draws again what its own edition drew, and says of another that it does not.
 */
export const EDITION = 4;

/** The first whose manifests say how much of each window was measured. */
export const FIRST_WITH_PERIODS = 2;
