/** The playbook's reviews: weekly, monthly, quarterly. */
export { collectReview, type ReviewQuery } from './review/collect.ts';
export { renderMonthly } from './review/monthly.ts';
export { renderQuarterly } from './review/quarterly.ts';
export type { Duty, Item, Proposed, Review } from './review/data.ts';
export { renderWeekly } from './review/weekly.ts';
