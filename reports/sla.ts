/** `report sla`: evidence that a promise was kept, or was not. */
export { collectSla, type SlaQuery } from './sla/collect.ts';
export { renderSla } from './sla/page.ts';
export type { Change, ReportedProbe, SlaReport } from './sla/report.ts';
