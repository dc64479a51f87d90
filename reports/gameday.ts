/** `report gameday`: what an exercise showed. */
export { renderGameday, type GamedayInput } from './gameday/page.ts';
export { runBefore } from './gameday/compare.ts';
