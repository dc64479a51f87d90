/** `report gameday`: what an exercise showed. */
export { renderGameday } from './gameday/page.ts';
export { earlierOf, runBefore } from './gameday/compare.ts';
export { isComplete, objectiveRecords, type GamedayInput } from './gameday/record.ts';
export { gatherSeries } from './gameday/series.ts';
export { readStory } from './gameday/story.ts';
