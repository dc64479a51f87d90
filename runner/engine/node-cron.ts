/** node-cron, loaded with the first expression: every command reads its configuration, and most have none to look at. */
import { createRequire } from 'node:module';
import type * as NodeCron from 'node-cron';

const load = createRequire(import.meta.url);

export function nodeCron(): typeof NodeCron {
  const loaded: typeof NodeCron = load('node-cron');
  return loaded;
}
